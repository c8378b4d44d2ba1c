"""From two YAML mappings to one validated model: merge, validate, and place every error. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ..environments import SHARED
from ..errors import ConfigurationError, Problem
from .base import FOLDER_VALUES, WorkloadSettings
from .models import HOMES

HINTS = {
    "string_type": "quote the value, so that YAML reads it as text",
    "int_type": "write a whole number without quotes",
    "float_type": "write a number without quotes",
    "bool_type": "write true or false without quotes",
    "literal_error": "choose one of the values that the message lists",
    "greater_than": "give a number within the limit",
    "greater_than_equal": "give a number within the limit",
    "less_than": "give a number within the limit",
    "less_than_equal": "give a number within the limit",
    "rule": "change one of the values that the message names, so that the rule holds",
    "region": "choose one of these, or add a further one to REGIONS in validator/settings/base.py",
    "string_pattern_mismatch": "write it in the form that the pattern describes",
}
"""The mend for each kind of pydantic error that is not answered by its own words."""

Location = tuple[str, str, int | None]
"""File, key path in that file, and line."""

Locate = Callable[[tuple[str, ...]], Location]
"""From a settings path to the place that holds the value."""


def merge(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return `shared` with `own` laid over it; mappings merge, anything else is replaced."""
    merged = dict(shared)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = (
            merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
        )
    return merged


def inherited(environment: str, workload: str, shared: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a place has of the values in the root's `workloads`: every environment all of them.

    What belongs to no environment has other parts, and takes the values of those that it knows.
    """
    model = HOMES.get(workload)
    if environment != SHARED or model is None:
        return dict(shared)
    return {key: value for key, value in shared.items() if key in model.model_fields}


def leaves(mapping: Mapping[str, Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return every value of a nested mapping by its path."""
    found: dict[tuple[str, ...], Any] = {}
    for key, value in mapping.items():
        here = (*path, str(key))
        if isinstance(value, Mapping) and value:
            found |= leaves(value, here)
        else:
            found[here] = value
    return found


def redundant(shared: Mapping[str, Any], own: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the paths at which an environment says again what all environments share (REQ-P1)."""
    given = leaves(shared)
    return [path for path, value in leaves(own).items() if path in given and _same(given[path], value)]


def repeated(owns: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Return the paths at which every environment decides alike: such a value belongs to the shared part."""
    first, *others = [leaves(own) for own in owns]
    return [
        path
        for path, value in first.items()
        if others and all(path in other and _same(other[path], value) for other in others)
    ]


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def validate(model: type[WorkloadSettings], raw: Mapping[str, Any], locate: Locate) -> WorkloadSettings:
    """Return the settings, or raise ConfigurationError with one problem for each value that is wrong."""
    try:
        return model.model_validate(dict(raw))
    except ValidationError as error:
        problems = []
        for detail in error.errors(include_url=False):
            path = _path(dict(detail))
            file, key, line = locate(path)
            problems.append(
                Problem(file, key, _message(dict(detail)), _hint(model, dict(detail), path), line)
            )
        raise ConfigurationError(problems) from None


ROUNDS = 4
"""How often settings are mended: a value of the wrong shape hides what is wrong below it, and both hide a rule."""


def mend(
    raw: Mapping[str, Any], sample: WorkloadSettings
) -> tuple[WorkloadSettings, frozenset[tuple[str, ...]]] | None:
    """Return settings with the values of `sample` where they are wrong, and the paths of those; None where that fails.

    What `sample` does not have is left out.
    """
    values, given = dict(raw), sample.model_dump()
    taken: set[tuple[str, ...]] = set()
    for _ in range(ROUNDS):
        try:
            found = type(sample).model_validate(values)
        except ValidationError as error:
            paths = {_path(dict(detail)) for detail in error.errors(include_url=False)}
            # Where a value that was taken over breaks a rule, so do those beside it.
            wrong = {path[:-1] if path in taken else path for path in paths}
            if () in wrong:
                return None
            for path in wrong:
                values = _with(values, given, path)
            taken |= wrong
            continue
        every = leaves(found.model_dump())
        return found, frozenset(path for path in every if any(path[: len(one)] == one for one in taken))
    return None


def _with(values: Any, given: Any, path: tuple[str, ...]) -> dict[str, Any]:
    """Return a copy of nested values in which one is the given one, or is left out where none is given."""
    name, *below = path
    own = dict(values) if isinstance(values, Mapping) else {}
    if not isinstance(given, Mapping) or name not in given:
        own.pop(name, None)
    else:
        own[name] = _with(own.get(name), given[name], tuple(below)) if below else given[name]
    return own


def _path(detail: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the settings path of an error of pydantic; a rule names its own."""
    rule = str(detail.get("ctx", {}).get("path", "")) if detail["type"] == "rule" else ""
    return (*(str(part) for part in detail["loc"]), *filter(None, rule.split(".")))


def _message(detail: dict[str, Any]) -> str:
    kind, given = detail["type"], detail.get("input")
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return "is not a known key"
    text = str(detail["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    # A rule over several values already names them; the whole mapping would only hide the message.
    return text if isinstance(given, Mapping) else f"{given!r}: {text}"


def _hint(model: type[WorkloadSettings], detail: dict[str, Any], path: tuple[str, ...]) -> str:
    import difflib

    kind = detail["type"]
    if kind == "missing" and path[0] == "account":
        return "give the environment its account here, as text in quotes"
    if kind == "missing":
        return "give the value in the environment's `settings`, or in the root's `workloads` if all share it"
    if kind == "extra_forbidden":
        known = sorted(
            set(_fields_at(model, path[:-1])) - (FOLDER_VALUES.keys() if len(path) == 1 else set())
        )
        close = difflib.get_close_matches(path[-1], known, n=1)
        return f"did you mean `{close[0]}`?" if close else f"remove it; known here: {', '.join(known)}"
    return HINTS.get(kind, "give a value that the message allows")


def _fields_at(model: Any, path: tuple[str, ...]) -> list[str]:
    for part in path:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field else None
    return list(getattr(model, "model_fields", {}))
