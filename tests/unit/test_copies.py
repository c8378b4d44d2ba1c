"""Several copies of a workload in one account and region: their statements do not overwrite each other (REQ-P5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from .template_facts import TEMPLATES, Template, read

ADDED = ("AWS::Events::EventBusPolicy", "AWS::Lambda::LayerVersionPermission", "AWS::SNS::TopicInlinePolicy")
"""Resources that add to the policy of something else. A `StatementId` is one of a bus: PutPermission with one that is
there puts the other's in its place (EventBridge API reference). Lambda's permissions get ids from CloudFormation.
"""


def statements_of_a_copy(template: Template) -> Iterator[str]:
    """Each statement is of a bus that the same copy makes, under a name with its suffix, and of no other's."""
    buses = {
        name: str(bus["Properties"]["Name"]) for name, bus in template.resources("AWS::Events::EventBus")
    }
    ids = Counter[tuple[str, str]]()
    for name, resource in template.resources(*ADDED):
        bus = resource["Properties"].get("EventBusName", "default")
        own = bus.get("Ref") if isinstance(bus, dict) else None
        if "${NameSuffix}" not in buses.get(str(own), ""):
            yield f"{name}: its bus {bus} is shared by all copies in the account and region"
        ids[str(bus), str(resource["Properties"].get("StatementId"))] += 1
    yield from (
        f"{statement} stands twice in the policy of {bus}" for (bus, statement), n in ids.items() if n > 1
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_copy_writes_into_its_own_policies_alone(path: Path) -> None:
    assert list(statements_of_a_copy(read(path.stem))) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        ("agent", "EventBusName: !Ref Bus\n      StatementId", "StatementId", "shared by all copies"),
        ("agent", "agent${NameSuffix}", "agent", "shared by all copies"),
        ("home-bus", "StatementId: AcceptStaging\n", "StatementId: AcceptDev\n", "stands twice"),
    ],
)
def test_what_collides_is_noticed(name: str, old: str, new: str, said: str) -> None:
    text = read(name).text
    assert old in text
    broken = Template.of(name, text.replace(old, new))
    assert any(said in message for message in statements_of_a_copy(broken))
