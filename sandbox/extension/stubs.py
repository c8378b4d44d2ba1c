"""Resources that are recorded and nothing more, and the list of those that deployments made.

A stub is honest: it has a physical id and attributes of the right form, CloudFormation keeps its properties,
it is counted, and the sandbox names it after a deployment. No claim of the product rests on one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.extension.names import Name
from sandbox.extension.resources import Kind, Made, Properties, define

STACKS = Name("services.cloudformation", "_stacks")

NAMES = (STACKS,)

Identify = Callable[[str, Properties, str], Made]
"""Takes logical id, properties and stack name; gives physical id and attributes, the same ones each time."""

_types: set[str] = set()


@dataclass(frozen=True, slots=True, order=True)
class Stub:
    """One resource that is deployed and only recorded."""

    account: str
    region: str
    stack: str
    logical_id: str
    type: str
    physical_id: str


def used() -> list[Stub]:
    """Return the stubs that stacks hold, in every account and region, in order."""
    found = []
    for (account, region, _name), stack in list(STACKS.get().to_dict().items()):
        for logical_id, resource in list((stack.get("_resources") or {}).items()):
            if resource["ResourceType"] in _types and stack["StackStatus"] != "DELETE_COMPLETE":
                physical_id = resource["PhysicalResourceId"]
                name = stack["StackName"]
                found.append(Stub(account, region, name, logical_id, resource["ResourceType"], physical_id))
    return sorted(found)


def define_stub(resource_type: str, identify: Identify, *, tags: bool = False) -> None:
    """Add a resource type that is recorded only; its identity follows from its properties."""

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
        return identify(logical_id, new, stack_name)

    def delete(physical_id: str, properties: Properties) -> None:
        """Nothing exists that could be deleted."""

    define(resource_type, Kind(identify, update, delete), tags=tags)
    _types.add(resource_type)
