"""How an extension adds a CloudFormation resource type to ministack, or finishes one that ministack half does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.extension.names import Changed, Name

HANDLERS = Name("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
STACK_TAGS = Name("services.cloudformation.provisioners", "_STACK_TAG_PROPERTY")

NAMES = (HANDLERS, STACK_TAGS)
"""What every extension that touches a resource type rests on."""

Properties = Mapping[str, Any]
"""The properties of one resource, intrinsic functions resolved."""

Made = tuple[str, dict[str, Any]]
"""A physical id, which is what `Ref` gives, and the attributes that `Fn::GetAtt` gives."""


class Refused(ValueError):
    """A service said no; the message becomes the reason of the resource's failure event."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The life of one resource type. Each function raises to fail the resource, and with it the stack's operation."""

    create: Callable[[str, Properties, str], Made]
    """Takes logical id, properties, stack name."""

    update: Callable[[str, Properties, Properties, str, str], Made]
    """Takes physical id, old and new properties, stack name, logical id; another physical id is a replacement."""

    delete: Callable[[str, Properties], None]
    """Takes physical id and properties; says nothing when the resource is gone already."""


def define(resource_type: str, kind: Kind, *, tags: bool = False) -> None:
    """Add a resource type. `tags` says that its property `Tags` takes the stack's tags (REQ-P6).

    `Changed` when ministack has the type by now: then the extension is to be looked at again, and likely goes.
    """
    handlers = HANDLERS.get()
    if resource_type in handlers:
        raise Changed(f"ministack has {resource_type} of its own now: compare it with the extension and drop one")
    handlers[resource_type] = {
        "create": kind.create,
        "update": kind.update,
        "update_with_logical_id": True,
        "delete": kind.delete,
    }
    if tags:
        STACK_TAGS.get()[resource_type] = ("Tags", "list")


def complete(resource_type: str, apply: Callable[[str, Properties, Properties], None], *, tags: bool = False) -> None:
    """Have `apply(physical id, old properties, new properties)` run after ministack's own create and update.

    The old properties are empty at creation. `tags` makes the type take the stack's tags.
    """
    own = HANDLERS.get().get(resource_type)
    if own is None or "create" not in own:
        raise Changed(f"ministack has no {resource_type} to complete")
    create, update = own["create"], own.get("update")

    def created(logical_id: str, properties: Properties, stack_name: str) -> Made:
        made: Made = create(logical_id, properties, stack_name)
        apply(made[0], {}, properties)
        return made

    def updated(
        physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> Made:
        arguments = (physical_id, old, new, stack_name)
        if own.get("update_with_logical_id"):
            arguments = (*arguments, logical_id)  # type: ignore[assignment]
        made: Made = update(*arguments) if update else create(logical_id, new, stack_name)
        apply(made[0], old if made[0] == physical_id else {}, new)
        return made

    HANDLERS.get()[resource_type] = {**own, "create": created}
    if update:
        HANDLERS.get()[resource_type] |= {"update": updated, "update_with_logical_id": True}
    if tags:
        STACK_TAGS.get()[resource_type] = ("Tags", "list")


def wanted(properties: Properties, *names: str) -> dict[str, Any]:
    """Return those of the named properties that the template sets."""
    return {name: properties[name] for name in names if name in properties}


def changed(old: Properties, new: Properties, *names: str) -> bool:
    """Tell whether any of the named properties differs."""
    return any(old.get(name) != new.get(name) for name in names)
