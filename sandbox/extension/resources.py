"""How an extension adds a CloudFormation resource type to ministack, or finishes what ministack half does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.extension.names import ChangedError, Name

HANDLERS = Name("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
STACK_TAGS = Name("services.cloudformation.provisioners", "_STACK_TAG_PROPERTY")

NAMES = (HANDLERS, STACK_TAGS)
"""What every extension that touches a resource type rests on."""

Properties = Mapping[str, Any]
"""The properties of one resource, intrinsic functions resolved."""

Made = tuple[str, dict[str, Any]]
"""A physical id, which is what `Ref` gives, and the attributes that `Fn::GetAtt` gives."""


class RefusedError(ValueError):
    """A service said no; the message becomes the reason of the resource's failure event."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The life of one resource type. A function that raises fails the resource, and with it the operation."""

    create: Callable[[str, Properties, str], Made]
    """Takes logical id, properties, stack name."""

    update: Callable[[str, Properties, Properties, str, str], Made]
    """Takes physical id, old and new properties, stack name, logical id; another physical id replaces."""

    delete: Callable[[str, Properties], None]
    """Takes physical id and properties; says nothing when the resource is gone already."""


def define(resource_type: str, kind: Kind, *, tags: bool = False) -> None:
    """Add a resource type. `tags` says that its property `Tags` takes the stack's tags (REQ-P6).

    `ChangedError` when ministack has the type by now: then one of the two has to go.
    """
    handlers = HANDLERS.get()
    if resource_type in handlers:
        raise ChangedError(
            f"ministack has {resource_type} of its own now: compare it with the extension and drop one"
        )
    handlers[resource_type] = {
        "create": kind.create,
        "update": kind.update,
        "update_with_logical_id": True,
        "delete": kind.delete,
    }
    if tags:
        STACK_TAGS.get()[resource_type] = ("Tags", "list")


Apply = Callable[[str, Properties, Properties], "Mapping[str, Any] | None"]
"""Takes physical id, old properties (empty at creation) and new ones; gives further attributes."""

BeforeDelete = Callable[[str, Properties], None]
"""Takes physical id and properties; raises to refuse the deletion."""


def _nothing(physical_id: str, properties: Properties) -> None:
    """Let the deletion happen."""


def complete(
    resource_type: str, apply: Apply, *, before_delete: BeforeDelete = _nothing, tags: bool = False
) -> None:
    """Have `apply` run after ministack's own create and update, and `before_delete` before its delete.

    An `apply` that fails at creation removes again what was made, since no stack would know of it. `tags`
    makes the type's property `Tags` take the stack's tags (REQ-P6).
    """
    own = HANDLERS.get().get(resource_type)
    if own is None or not {"create", "update", "delete"} <= set(own):
        raise ChangedError(f"ministack does not create, update and delete {resource_type} any more")

    def finish(made: Made, old: Properties, new: Properties) -> Made:
        return made[0], {**made[1], **(apply(made[0], old, new) or {})}

    def create(logical_id: str, properties: Properties, stack_name: str) -> Made:
        made: Made = own["create"](logical_id, properties, stack_name)
        try:
            return finish(made, {}, properties)
        except (
            Exception
        ):  # whatever it was is raised on: a resource that was made must not outlive its failure
            own["delete"](made[0], properties)
            raise

    def update(physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str) -> Made:
        further = (logical_id,) if own.get("update_with_logical_id") else ()
        made: Made = own["update"](physical_id, old, new, stack_name, *further)
        return finish(made, old if made[0] == physical_id else {}, new)

    def delete(physical_id: str, properties: Properties, *logical_id: str) -> None:
        before_delete(physical_id, properties)
        own["delete"](physical_id, properties, *logical_id)

    HANDLERS.get()[resource_type] = {
        **own,
        "create": create,
        "update": update,
        "update_with_logical_id": True,
        "delete": delete,
    }
    if tags:
        STACK_TAGS.get()[resource_type] = ("Tags", "list")


def accepted(answer: tuple[int, Any, Any]) -> Any:
    """Return the body of a service's answer; `RefusedError` with what it says when it is an error."""
    status, _headers, body = answer
    if status >= 400:
        raise RefusedError(body.decode(errors="replace") if isinstance(body, bytes) else str(body))
    return body


def tag_map(properties: Properties) -> dict[str, str]:
    """Return the property `Tags` as a mapping."""
    return {str(tag["Key"]): str(tag["Value"]) for tag in properties.get("Tags") or ()}


def wanted(properties: Properties, *names: str) -> dict[str, Any]:
    """Return those of the named properties that the template sets."""
    return {name: properties[name] for name in names if name in properties}


def truth(value: object) -> bool:
    """Return a boolean property, which a parameter makes a string."""
    return str(value).lower() == "true"


def changed(old: Properties, new: Properties, *names: str) -> bool:
    """Tell whether any of the named properties differs."""
    return any(old.get(name) != new.get(name) for name in names)
