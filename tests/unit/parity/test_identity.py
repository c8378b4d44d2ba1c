"""What identity decides is a difference, declared or not, and never where security rests on it (REQ-V3, REQ-V5)."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest

from validator.effective import Symbol
from validator.findings import Finding
from validator.hierarchy import Hierarchy
from validator.model import Project, Stack
from validator.parity import Declared, Policy, compare, judge, pairs_of
from validator.parity.entries import declaration_of
from validator.places import StackPlaces

DAY = datetime.date(2026, 1, 1)
ACCOUNTS = {"staging": "222222222222", "prod": "333333333333"}
REGIONS = {"staging": "us-east-2", "prod": "us-east-1"}
IS_PROD = {"Fn::Equals": [{"Ref": "NamePrefix"}, "prod-orders-"]}
PART = {"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "NamePrefix"}]}]}


def stack(environment: str, template: dict[str, Any], **more: Any) -> Stack:
    declared = {"NamePrefix": {"Type": "String"}, "Size": {"Type": "Number", "Default": 1}}
    body = {"Transform": "AWS::LanguageExtensions", "Parameters": declared, **template}
    return Stack(
        name=f"{environment}/orders/thing",
        environment=environment,
        workload="orders",
        account=ACCOUNTS[environment],
        region=REGIONS[environment],
        role_arn="",
        external_name=f"lockstep-{environment}-orders-thing",
        file=f"sceptre/config/{environment}/orders/thing.yaml",
        template="templates/thing.yaml",
        body=json.dumps(body, indent=1),
        parameters={"NamePrefix": f"{environment}-orders-"},
        tags={},
        dependencies=(),
        identity={"parameters.NamePrefix": Symbol.named("name_prefix")},
        **more,
    )


def findings(template: dict[str, Any], *declared: str, **more: Any) -> list[Finding]:
    project = Project(("staging", "prod"), tuple(stack(name, template, **more) for name in ACCOUNTS))
    policy = Policy("variance.yaml", tuple(declaration(path) for path in declared))
    places = StackPlaces(project, Hierarchy({}))
    return list(judge(compare(pairs_of(project)), {}, policy, DAY, places))


def declaration(path: str) -> Declared:
    written = {"path": path, "reason": "somebody wants it so", "owner": "somebody"}
    bound = {"exactly": {"staging": False, "prod": True}}
    return Declared(declaration_of({**written, "bound": bound}))


def of(value: Any, kind: str = "AWS::SQS::Queue", name: str = "DelaySeconds", **more: Any) -> dict[str, Any]:
    return {"Resources": {"Thing": {"Type": kind, "Properties": {name: value}}}, **more}


def test_a_condition_on_a_name_says_where_what_and_why() -> None:
    (found,) = findings(of({"Fn::If": ["IsProd", 5, 0]}, Conditions={"IsProd": IS_PROD}))
    assert found.message == (
        "orders/thing: Conditions.IsProd is false in staging and true in prod, decided by NamePrefix; "
        "it reaches Resources.Thing.Properties.DelaySeconds, and nobody declared it"
    )
    assert (found.check, found.file, found.key) == ("parity", "templates/thing.yaml", "Conditions.IsProd")
    assert found.line is not None
    assert "orders/thing:Conditions.IsProd" in found.remediation


def test_a_condition_may_be_declared_where_no_security_rests_on_it() -> None:
    template = of({"Fn::If": ["IsProd", 5, 0]}, Conditions={"IsProd": IS_PROD})
    assert findings(template, "orders/thing:Conditions.IsProd") == []


@pytest.mark.parametrize(
    "resource",
    [
        {"Type": "AWS::SQS::Queue", "Properties": {"KmsMasterKeyId": {"Fn::If": ["IsProd", "a", "b"]}}},
        {"Type": "AWS::CloudWatch::Alarm", "Condition": "IsProd", "Properties": {}},
        {
            "Type": "AWS::S3::Bucket",
            "Properties": {"VersioningConfiguration": {"Fn::If": ["IsProd", {"Status": "Enabled"}, {}]}},
        },
    ],
)
def test_a_condition_that_security_rests_on_cannot_be_declared(resource: dict[str, Any]) -> None:
    template = {"Resources": {"Thing": resource}, "Conditions": {"IsProd": IS_PROD}}
    found = findings(template, "orders/thing:Conditions.IsProd")
    assert any("security never varies" in one.message for one in found)


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Sub": "${NamePrefix}queue-${AWS::Region}-${AWS::AccountId}"},
        {"Fn::Join": ["-", [PART, {"Ref": "AWS::StackName"}]]},
        {"Ref": "AWS::AccountId"},
        {"Fn::If": ["IsHere", 5, 0]},
        {"Fn::FindInMap": ["Zones", {"Ref": "AWS::Region"}, "First"]},
        {"Fn::FindInMap": ["Same", {"Ref": "AWS::AccountId"}, "Size"]},
    ],
)
def test_identity_may_name_things(value: Any) -> None:
    """A condition that is the same everywhere, and what each region calls its own, are no choices."""
    more: dict[str, Any] = {
        "Conditions": {"IsHere": {"Fn::Equals": [{"Ref": "AWS::Partition"}, "aws"]}},
        "Mappings": {
            "Zones": {"us-east-1": {"First": "use1-az1"}, "us-east-2": {"First": "use2-az3"}},
            "Same": {account: {"Size": 5} for account in ACCOUNTS.values()},
        },
    }
    assert findings(of(value, name="QueueName", **more)) == []


@pytest.mark.parametrize(
    ("value", "by"),
    [
        (
            {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::AccountId"}, "Size"]},
            "!FindInMap [Sizes, 222222222222, Size]",
        ),
        ({"Fn::Length": {"Fn::Split": ["o", {"Ref": "AWS::StackName"}]}}, "decided by length"),
        ({"Fn::Select": [2, {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}, "decided by select"),
        ({"Fn::Sub": "{{resolve:ssm:/${NamePrefix}size}}"}, "name_prefix"),
    ],
)
def test_identity_may_not_choose_a_value(value: Any, by: str) -> None:
    sizes = {account: {"Size": size} for size, account in enumerate(ACCOUNTS.values())}
    (found,) = findings(of(value, Mappings={"Sizes": sizes}))
    assert "Resources.Thing.Properties.DelaySeconds" in found.message
    assert by in found.message


def test_a_loop_over_a_name_cannot_be_declared() -> None:
    loop = {"Fn::ForEach::Each": ["Name", [PART], {"Queue${Name}": {"Type": "AWS::SQS::Queue"}}]}
    found = findings({"Resources": loop}, "orders/thing:Resources.**")
    assert any("security never varies" in one.message for one in found)
    assert any("Queueprod" in one.message for one in found)


def test_how_a_stack_is_deployed_is_compared_but_for_its_own_names() -> None:
    """A role in each environment's own account is alike; another role is not, and cannot be declared."""
    template, role = of(5), "arn:aws:iam::{}:role/{}-deploy"
    stacks = [
        stack(name, template, options={"iam_role": role.format(ACCOUNTS[name], name)}) for name in ACCOUNTS
    ]
    assert list(compare(pairs_of(Project(("staging", "prod"), tuple(stacks))))) == []
    other = stack("prod", template, options={"iam_role": role.format(ACCOUNTS["staging"], "other")})
    project = Project(("staging", "prod"), (stacks[0], other))
    policy = Policy("variance.yaml", (declaration("orders/thing:Options.iam_role"),))
    found = list(judge(compare(pairs_of(project)), {}, policy, DAY, StackPlaces(project, Hierarchy({}))))
    assert any("Options.iam_role" in one.message and "security never varies" in one.message for one in found)
