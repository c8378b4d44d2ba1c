"""Changes between two evaluated templates of one stack, for what CloudFormation cannot be asked. Pure.

What only CloudFormation knows is missing: tags, values in Parameter Store that moved, and defaults that AWS fills in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from pipelines.tracking.masking import masked
from validator.effective import EffectiveResource, Symbol, to_json

from .change_sets import ORDER
from .model import Change, PropertyChange, Replacement

Recreation = Callable[[str, str], Replacement]
"""Tells of a resource type and a top-level property whether a change of it makes the resource anew."""
Resources = Mapping[str, EffectiveResource]

SNAPSHOT_BY_DEFAULT = frozenset({"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"})
"""Types of which a removal makes a snapshot where nothing else is said (DeletionPolicy attribute, AWS)."""
ATTRIBUTES = ("CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy")
SHOWN = 1_000
"""Characters of a value that are kept; CloudFormation cuts its own too."""


def computed(
    stack: str,
    before: Resources,
    after: Resources,
    recreation: Recreation,
    physical_ids: Mapping[str, str] | None = None,
) -> tuple[Change, ...]:
    """Return the changes that lead from one set of effective resources to another, by logical id.

    A property that names a resource which is made anew changes too; whether that makes its own resource anew is told by
    CloudFormation alone, so it is conditional.
    """
    ids = physical_ids or {}
    found: dict[str, Change] = {}
    while True:
        anew = frozenset(name for name, change in found.items() if change.replacement != "never")
        for name in sorted(before.keys() | after.keys()):
            change = _change(stack, name, before.get(name), after.get(name), recreation, anew - {name})
            if change is not None:
                found[name] = change
        if anew == frozenset(name for name, change in found.items() if change.replacement != "never"):
            return tuple(_with_id(change, ids) for _, change in sorted(found.items()))


def _with_id(change: Change, ids: Mapping[str, str]) -> Change:
    return change if change.action == "add" else replace(change, physical_id=ids.get(change.logical_id, ""))


def _change(
    stack: str,
    name: str,
    before: EffectiveResource | None,
    after: EffectiveResource | None,
    recreation: Recreation,
    anew: frozenset[str],
) -> Change | None:
    if before is None or after is None:
        if before is not None:
            return Change(stack, name, "", before.type, "remove", policy=policy(before, "DeletionPolicy"))
        return Change(stack, name, "", after.type, "add") if after is not None else None
    if before.type != after.type:
        return Change(
            stack,
            name,
            "",
            after.type,
            "modify",
            "always",
            "ReplaceAnd" + policy(before),
            (),
            ("Properties",),
        )
    properties = tuple(
        _property(before, after, key, recreation)
        for key in sorted(before.properties.keys() | after.properties.keys())
        if before.properties.get(key) != after.properties.get(key)
    )
    follows = tuple(
        PropertyChange(key, _at_most("conditional", recreation(after.type, key)))
        for key, value in sorted(after.properties.items())
        if anew and _refers(value, anew) and all(one.name != key for one in properties)
    )
    touched = tuple(sorted((*properties, *follows), key=lambda one: one.name))
    scope = [key for key in ATTRIBUTES if before.attributes.get(key) != after.attributes.get(key)]
    if touched:
        scope.append("Properties")
    if not scope:
        return None
    needs = [one.requires for one in touched]
    replacement: Replacement = max(needs, key=ORDER.index) if needs else "never"
    kept = "" if replacement == "never" else "ReplaceAnd" + policy(after)
    return Change(stack, name, "", after.type, "modify", replacement, kept, touched, tuple(sorted(scope)))


def policy(resource: EffectiveResource, attribute: str = "UpdateReplacePolicy") -> str:
    """Return what becomes of the physical resource: `Delete`, `Retain` or `Snapshot`.

    Whatever is not known counts as `Delete`.
    """
    stated = resource.attributes.get(attribute)
    if stated is None:
        is_snapshot = attribute == "DeletionPolicy" and resource.type in SNAPSHOT_BY_DEFAULT
        # An instance of a cluster has its data in the cluster, and is deleted.
        return "Snapshot" if is_snapshot and "DBClusterIdentifier" not in resource.properties else "Delete"
    known = {"Retain": "Retain", "RetainExceptOnCreate": "Retain", "Snapshot": "Snapshot"}
    return known.get(stated, "Delete") if isinstance(stated, str) else "Delete"


def _property(
    before: EffectiveResource, after: EffectiveResource, key: str, recreation: Recreation
) -> PropertyChange:
    return PropertyChange(
        key,
        recreation(after.type, key),
        _shown(key, before.properties.get(key)),
        _shown(key, after.properties.get(key)),
    )


def _at_most(limit: Replacement, found: Replacement) -> Replacement:
    return min(limit, found, key=ORDER.index)


def _shown(key: str, value: Any) -> str | None:
    if value is None:
        return None
    plain = to_json(value)
    text = plain if isinstance(plain, str) else json.dumps(plain, sort_keys=True)
    hidden = masked(f"/{key}", text)
    return None if hidden is None else hidden[:SHOWN]


def _refers(value: Any, names: frozenset[str]) -> bool:
    """Tell whether a value is made of what a resource among `names` is once deployed."""
    if isinstance(value, Symbol):
        own = value.kind in {"ref", "att"} and bool(value.args) and value.args[0] in names
        return own or any(_refers(part, names) for part in value.args)
    if isinstance(value, Mapping):
        return any(_refers(part, names) for part in value.values())
    return isinstance(value, list) and any(_refers(part, names) for part in value)
