"""Which environments and regions a batch of the state table's stream speaks of, each once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.state.keys import CURRENT, StackKey

IN_PROGRESS = "_IN_PROGRESS"
_OBSERVED = ("observed_seq", "status", "digest")
"""What a check rests on of a stack's item: its drift is somebody else's matter."""


@dataclass(frozen=True, slots=True, order=True)
class Touched:
    """An environment of a workload that a batch speaks of, and the first record that does: a retry begins there."""

    workload: str
    environment: str
    sequence: str


@dataclass(frozen=True, slots=True, order=True)
class Counted:
    """A region whose agent said which stacks exist, and the first record that says so."""

    account: str
    region: str
    sequence: str


def counted(records: Iterable[Mapping[str, Any]]) -> list[Counted]:
    """Return each region that reported once, in the order of the batch. What is malformed speaks of none."""
    found: dict[tuple[str, str], Counted] = {}
    for record in records:
        stream = record.get("dynamodb") or {}
        kind, *parts = _text(stream.get("Keys"), "pk").split("#")
        if kind == "REGION" and len(parts) == 2 and _text(stream.get("Keys"), "sk") == "CENSUS":
            sequence = str(stream.get("SequenceNumber", ""))
            found.setdefault((parts[0], parts[1]), Counted(parts[0], parts[1], sequence))
    return list(found.values())


def touched(records: Iterable[Mapping[str, Any]]) -> list[Touched]:
    """Return each environment once, in the order of the batch. What is malformed speaks of none."""
    found: dict[tuple[str, str], Touched] = {}
    for record in records:
        stream = record.get("dynamodb") or {}
        place = _place(stream)
        if place is not None:
            found.setdefault(place, Touched(*place, str(stream.get("SequenceNumber", ""))))
    return list(found.values())


def _place(stream: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return workload and environment of a record that may change the answer; None for every other."""
    pk, sk = (_text(stream.get("Keys"), name) for name in ("pk", "sk"))
    new, old = stream.get("NewImage"), stream.get("OldImage")
    if sk == CURRENT and pk.startswith("STACK#"):
        try:
            stack = StackKey.parse(pk)
        except ValueError:
            return None
        if not stack.is_ours or _text(new, "status").endswith(IN_PROGRESS):
            return None
        if new and old and all(_text(new, name) == _text(old, name) for name in _OBSERVED):
            return None
        return stack.workload, stack.environment
    kind, *parts = pk.split("#")
    if kind == "ENV" and len(parts) == 2 and sk.startswith("REL#"):
        return parts[0], parts[1]
    return None


def _text(image: Any, name: str) -> str:
    value = image.get(name) if isinstance(image, Mapping) else None
    return str(value.get("S", "")) if isinstance(value, Mapping) else ""
