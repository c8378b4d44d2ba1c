"""What a parameter's declaration allows: AllowedValues, AllowedPattern, lengths and ranges.

Source: AWS CloudFormation User Guide, "Parameters": properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from validator.effective.patterns import Steps, matches
from validator.effective.symbols import Symbol, scalar_text

NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
"""How a Number parameter is written."""
_NUMERIC = frozenset({"Number", "List<Number>"})
_SHOWN = 20
_LIMITS = frozenset({"MinLength", "MaxLength", "MinValue", "MaxValue"})


def violations(
    kind: str, declaration: Mapping[str, Any], members: Sequence[str | Symbol], steps: Steps
) -> Iterator[str]:
    """Yield what is wrong with a value, given as the members of its list or as one member.

    Symbols are not checked: what they stand for is known only once deployed. `steps` bounds the work that
    patterns take.
    """
    allowed = _allowed(declaration)
    shown = ", ".join(list(allowed)[:_SHOWN]) if allowed else ""
    for member in members:
        if not isinstance(member, str):
            continue
        if kind in _NUMERIC and not NUMBER.fullmatch(member):
            yield "must be a number"
            continue
        if allowed is not None and member not in allowed:
            yield f"must be one of {shown}"
        yield from _of_member(kind, declaration, member, steps)


def _allowed(declaration: Mapping[str, Any]) -> dict[str, None] | None:
    """Return the allowed values as keys: long lists of them against long lists of members must not take long."""
    listed = declaration.get("AllowedValues")
    if not isinstance(listed, list):
        return None
    return dict.fromkeys(scalar_text(item) for item in listed if isinstance(item, str | int | float))


def _of_member(kind: str, declaration: Mapping[str, Any], value: str, steps: Steps) -> Iterator[str]:
    pattern = declaration.get("AllowedPattern")
    if isinstance(pattern, str) and matches(pattern, value, steps) is False:
        yield f"must match the pattern {pattern}"
    if not _LIMITS.isdisjoint(declaration):
        yield from _range(kind, declaration, value)


def _range(kind: str, declaration: Mapping[str, Any], value: str) -> Iterator[str]:
    measures = [("MinLength", "MaxLength", float(len(value)), " characters long")]
    if kind in _NUMERIC:
        measures.append(("MinValue", "MaxValue", float(value), ""))
    for low_name, high_name, measured, unit in measures:
        low, high = _limit(declaration, low_name), _limit(declaration, high_name)
        if low is not None and measured < low:
            yield f"must be at least {low:.15g}{unit}"
        if high is not None and measured > high:
            yield f"must be at most {high:.15g}{unit}"


def _limit(declaration: Mapping[str, Any], name: str) -> float | None:
    limit = declaration.get(name)
    if isinstance(limit, str) and NUMBER.fullmatch(limit):
        return float(limit)
    return float(limit) if isinstance(limit, int | float) else None
