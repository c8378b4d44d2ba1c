"""From DescribeChangeSet to changes."""

from __future__ import annotations

from typing import Any

from pipelines.plan.change_sets import changes_of
from pipelines.plan.model import PropertyChange


def described(**more: Any) -> dict[str, Any]:
    base = {"Action": "Modify", "LogicalResourceId": "Function", "ResourceType": "AWS::Lambda::Function"}
    return {"Type": "Resource", "ResourceChange": {**base, **more}}


def detail(name: str, requires: str = "Never", **values: str) -> dict[str, Any]:
    return {"Target": {"Attribute": "Properties", "Name": name, "RequiresRecreation": requires, **values}}


def test_a_change_as_cloudformation_tells_it() -> None:
    """Action, replacement, policy, and each property once, with the most that any of its reasons needs."""
    raw = described(
        Replacement="True",
        PolicyAction="ReplaceAndDelete",
        PhysicalResourceId="dev-orders-api",
        Scope=["Tags", "Properties"],
        Details=[
            detail("FunctionName", "Always", BeforeValue="a", AfterValue="b"),
            detail("Role"),
            detail("Role", "Conditionally"),
            {"Target": {"Attribute": "Tags", "RequiresRecreation": "Never"}},
        ],
    )
    (found,) = changes_of("dev/orders/api", [raw])
    assert (found.action, found.replacement, found.policy, found.kind) == (
        "modify",
        "always",
        "ReplaceAndDelete",
        "replaced",
    )
    assert found.scope == ("Properties", "Tags")
    assert found.properties == (
        PropertyChange("FunctionName", "always", "a", "b"),
        PropertyChange("Role", "conditional"),
    )


def test_what_is_not_known_counts_as_replacing() -> None:
    """An action that CloudFormation cannot tell yet; what it leaves as it is is no change at all."""
    unsure, same = described(Action="Dynamic"), described(Action="SyncWithActual")
    (found,) = changes_of("dev/orders/api", [unsure, same])
    assert (found.action, found.replacement) == ("modify", "conditional")


def test_no_secret_is_shown() -> None:
    """REQ-P7: neither by the name of the property nor by what stands inside it."""
    values = {
        "BeforeValue": '{"Variables": {"API_KEY": "k1"}}',
        "AfterValue": '{"Variables": {"API_KEY": "k2"}}',
    }
    raw = described(
        Details=[detail("Environment", **values), detail("MasterUserPassword", BeforeValue="hunter2")]
    )
    text = str(changes_of("dev/orders/api", [raw]))
    assert not any(secret in text for secret in ("k1", "k2", "hunter2"))
    assert "(masked)" in text


def test_the_order_of_the_answer_changes_nothing() -> None:
    """A plan of the same changes is the same plan."""
    one, two = described(), described(LogicalResourceId="Alias")
    assert changes_of("s", [one, two]) == changes_of("s", [two, one])
