"""A plan as a JSON document, and what is needed of one that was approved. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Any

from .losses import Irreversible, left_behind, losses
from .model import Change, Plan, PlannedStack, counts, counts_by_type

SCHEMA = "lockstep/plan/v1"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def document(plan: Plan, stateful: Collection[str], lost: Iterable[Irreversible] = ()) -> dict[str, Any]:
    """Return a plan as the JSON of `lockstep plan`, without the schema's name."""
    return {
        "environment": plan.environment,
        "direction": plan.direction,
        "release": plan.release,
        "digest": plan.digest,
        "summary": {"kinds": counts(plan.changes), "types": counts_by_type(plan.changes)},
        "losses": [{"name": one.name, **asdict(one)} for one in losses(plan.changes, stateful)],
        "left_behind": [
            {"name": one.name, "resource_type": one.resource_type, "physical_id": one.physical_id}
            for one in left_behind(plan.changes, stateful)
        ],
        "irreversible": [{"name": one.name, **asdict(one)} for one in lost],
        "stacks": [_stack(stack) for stack in plan.stacks],
    }


def _stack(stack: PlannedStack) -> dict[str, Any]:
    return {**asdict(stack), "digest": stack.digest, "changes": [_change(change) for change in stack.changes]}


def _change(change: Change) -> dict[str, Any]:
    properties = [asdict(one) for one in change.properties]
    return {"kind": change.kind, **asdict(change), "properties": properties, "scope": list(change.scope)}


def approved(text: str) -> tuple[str, dict[str, str]]:
    """Return the digest of a plan, and those of its stacks by name, from the JSON that `lockstep plan` printed.

    Raises ValueError for anything else.
    """
    try:
        found = json.loads(text)
        digests = {str(stack["name"]): str(stack["digest"]) for stack in found["stacks"]}
        digest = str(found["digest"])
        is_plan = found["schema"] == SCHEMA
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ValueError("is no plan") from None
    if not is_plan or not all(map(DIGEST.fullmatch, [digest, *digests.values()])):
        raise ValueError("is no plan")
    return digest, digests
