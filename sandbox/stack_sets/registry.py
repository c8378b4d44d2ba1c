"""Every StackSet of the sandbox, by the account and region that administers it; saved and loaded with its state."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sandbox.extension.names import Name
from sandbox.stack_sets.records import RefusedError, StackSet, loaded

ACCOUNT = Name.function("core.responses", "get_account_id")
REGION = Name.function("core.responses", "get_region")
NAMES = (ACCOUNT, REGION)

_sets: list[StackSet] = []
_guard = threading.Lock()


def here() -> list[StackSet]:
    """Return the StackSets of the account and region that is asked, deleted ones too."""
    place = ACCOUNT.get()(), REGION.get()()
    return [one for one in _sets if (one.account, one.region) == place]


def find(name: str) -> StackSet:
    """Return the active StackSet of a name, or the one of an id; `RefusedError` when there is none."""
    for stack_set in here():
        if name in (stack_set.id, stack_set.arn) or (name == stack_set.name and stack_set.status == "ACTIVE"):
            return stack_set
    raise RefusedError("StackSetNotFoundException", f"StackSet {name} not found", 404)


def add(stack_set: StackSet) -> None:
    """Add a StackSet; `RefusedError` when the name is taken."""
    with _guard:
        if any(one.name == stack_set.name and one.status == "ACTIVE" for one in here()):
            raise RefusedError("NameAlreadyExistsException", f"{stack_set.name} already exists", 409)
        _sets.append(stack_set)


def saved() -> list[dict[str, Any]]:
    """Return every StackSet as plain data."""
    return [asdict(one) for one in _sets]


def load(found: Sequence[Mapping[str, Any]], now: str) -> None:
    """Take the StackSets that an earlier run saved."""
    _sets[:] = [loaded(raw, now) for raw in found]


def clear() -> None:
    """Forget every StackSet."""
    _sets.clear()
