"""From the answers of DescribeChangeSet to changes. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeChangeSet.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipelines.tracking.masking import masked

from .model import Action, Change, PropertyChange, Replacement

ACTIONS: Mapping[str, Action] = {"Add": "add", "Modify": "modify", "Remove": "remove", "Import": "import"}
REPLACEMENTS: Mapping[str, Replacement] = {"True": "always", "False": "never", "Conditional": "conditional"}
RECREATION: Mapping[str, Replacement] = {
    "Always": "always",
    "Never": "never",
    "Conditionally": "conditional",
}
ORDER: tuple[Replacement, ...] = ("never", "conditional", "always")
"""The least to the most."""


def changes_of(stack: str, described: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Return the changes of a stack in the `Changes` of DescribeChangeSet, by logical id.

    An action that CloudFormation cannot tell yet (`Dynamic`) may replace the resource; what it leaves as it is
    (`SyncWithActual`) is no change.
    """
    raws = [one["ResourceChange"] for one in described if "ResourceChange" in one]
    found = [_change(stack, raw) for raw in raws if raw["Action"] != "SyncWithActual"]
    return tuple(sorted(found, key=lambda change: change.logical_id))


def _change(stack: str, raw: Mapping[str, Any]) -> Change:
    unsure: Replacement = "conditional" if raw["Action"] not in ACTIONS else "never"
    return Change(
        stack=stack,
        logical_id=raw["LogicalResourceId"],
        physical_id=raw.get("PhysicalResourceId", ""),
        resource_type=raw["ResourceType"],
        action=ACTIONS.get(raw["Action"], "modify"),
        replacement=REPLACEMENTS.get(raw.get("Replacement", ""), unsure),
        policy=raw.get("PolicyAction", ""),
        properties=tuple(_properties(raw)),
        scope=tuple(sorted(raw.get("Scope", ()))),
    )


def _properties(raw: Mapping[str, Any]) -> Iterator[PropertyChange]:
    """Yield each property once: CloudFormation names one again for each reason that it changes for."""
    targets: dict[str, list[Mapping[str, Any]]] = {}
    for detail in raw.get("Details", ()):
        target = detail.get("Target", {})
        if target.get("Attribute") == "Properties" and target.get("Name"):
            targets.setdefault(target["Name"], []).append(target)
    for name, several in sorted(targets.items()):
        needs = [RECREATION.get(one.get("RequiresRecreation", ""), "conditional") for one in several]
        yield PropertyChange(
            name,
            max(needs, key=ORDER.index),
            _value(name, several, "BeforeValue"),
            _value(name, several, "AfterValue"),
        )


def _value(name: str, targets: Iterable[Mapping[str, Any]], key: str) -> str | None:
    """Return the value that one of the targets has, with secrets hidden; None where several differ, or none has one."""
    values = {str(one[key]): one.get("Path", "") for one in targets if one.get(key) is not None}
    if len(values) != 1:
        return None
    ((value, path),) = values.items()
    return masked(path or f"/{name}", value)
