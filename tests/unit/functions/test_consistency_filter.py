"""What the stream hands to the consistency check: everything that its handler acts on (REQ-C3)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from functions.consistency.changes import counted, touched

from .test_consistency_changes import PK, image, record

FILE = Path(__file__).parents[3] / "sceptre/config/shared/control/consistency-consumer.yaml"


def patterns() -> list[Any]:
    """Return the filter patterns of the event source."""
    text = FILE.read_text(encoding="utf-8")
    found = re.findall(r"^  (?:Filter|FurtherFilter): >-\n +(\{.+\})$", text, re.MULTILINE)
    assert len(found) == 2
    return [json.loads(each) for each in found]


def admits(pattern: Any, value: Any) -> bool:
    """Tell whether a pattern matches, by Lambda's rules as far as ours use them (Developer Guide, event filtering)."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            admits(rule, value.get(name)) for name, rule in pattern.items()
        )
    return isinstance(value, str) and any(
        value.startswith(rule["prefix"])
        if "prefix" in rule
        else value.endswith(rule["suffix"])
        if "suffix" in rule
        else value == rule
        for rule in pattern
    )


def is_handed_over(given: dict[str, Any]) -> bool:
    return any(admits(pattern, given) for pattern in patterns())


@pytest.mark.parametrize(
    "given",
    [
        record(NewImage=image("UPDATE_COMPLETE")),
        record(NewImage=image("DELETE_COMPLETE")),
        record(NewImage=image("UPDATE_ROLLBACK_FAILED")),
        record(pk="ENV#orders#dev", sk="REL#00000001"),
        record(pk="REGION#111111111111#us-east-1", sk="CENSUS"),
    ],
)
def test_what_the_handler_acts_on_is_handed_over(given: dict[str, Any]) -> None:
    assert touched([given]) or counted([given])
    assert is_handed_over(given)


@pytest.mark.parametrize(
    "given",
    [
        record(NewImage=image("UPDATE_IN_PROGRESS")),
        record(1, PK, "EVT#2026#x"),
        record(pk="CHECK#orders#dev"),
        record(pk="ALERT#consistency/orders/dev", sk="OPEN"),
        record(pk="LOCK#orders#dev", sk="LOCK"),
    ],
)
def test_what_it_would_pass_over_is_not(given: dict[str, Any]) -> None:
    """What a check writes itself is among them: a check must not bring about the next one."""
    assert not is_handed_over(given)
