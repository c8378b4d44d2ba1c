"""Declarations for what nobody declared, as a proposal that a person has to fill in. Pure (REQ-V4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from .bounds import number_of
from .compare import Difference
from .judge import Place, Settings, alike, place_of
from .matching import declares, is_of_regions, matches_place
from .policy import Policy
from .security import never_declared
from .sides import ABSENT
from .words import PRESENT, is_boundable, is_whole, text_of


def propose(differences: Iterable[Difference], settings: Settings, policy: Policy) -> list[dict[str, Any]]:
    """Return a declaration for each place that differs and that nobody declared, in the form of the policy file.

    Reason and owner are empty, so that the proposal is refused until somebody fills them in. What security rests on is
    never proposed, nor what the file names already.
    """
    values: dict[Place, dict[str, Any]] = {}
    found = list(differences)
    for one, guarded in zip(found, never_declared(found), strict=True):
        if guarded:
            continue
        here = dict(zip(one.environments, (one.left, one.right), strict=True))
        for place in [place_of(one, cause) for cause in one.causes] or [(one.stack, one.key or "Stack")]:
            own = place == (one.stack, one.key or "Stack")
            values.setdefault(place, {}).update(here if own else {})
    for (group, path), written in settings.items():
        place = (group, f"settings.{path}")
        if place in values or not alike(written):
            values[place] = dict(written)
    open_places = [place for place in sorted(values) if not _is_declared(place, policy)]
    return [
        {
            "path": ":".join(place),
            "reason": "",
            "owner": "",
            "bound": _bound(place, values[place]),
        }
        for place in open_places
        if is_boundable(values[place].values())
    ]


def _is_declared(place: Place, policy: Policy) -> bool:
    owner, key = place
    known = (
        declares(one.declaration, owner, key) or matches_place(one.declaration, owner, key)
        for one in policy.declared
    )
    return ":".join(place) in policy.paths or any(known)


def _bound(place: Place, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bound that the present values keep: a range for numbers, with their order if any, else a set."""
    numbers = [number_of(value) for value in values.values() if not isinstance(value, bool)]
    known = [number for number in numbers if number is not None and math.isfinite(number)]
    if known and len(known) == len(values):
        limits = {"minimum": _plain(min(known)), "maximum": _plain(max(known))}
        for order, sequence in (("grows", sorted(known)), ("shrinks", sorted(known, reverse=True))):
            if known == sequence and not is_of_regions(place[0]):
                return {"order": order, "range": limits}
        return {"range": limits}
    shown: list[Any] = []
    for value in values.values():
        plain = _scalar(value)
        if plain not in shown:
            shown.append(plain)
    return {"among": shown if len(shown) > 1 else [*shown, "absent"]}


def _plain(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number


def _scalar(value: Any) -> Any:
    if value is ABSENT:
        return "absent"
    if is_whole(value):
        return PRESENT
    return value if isinstance(value, str | int | float | bool | None) else text_of(value)
