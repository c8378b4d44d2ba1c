"""From differences and declarations to findings: what nobody declared, what went too far, what is not needed. Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from ..findings import Finding, Severity
from .bounds import broken
from .compare import ABSENT, Difference
from .declarations import Declaration
from .security import never_declared

PARITY, VARIANCES = "parity", "variances"
FILE = "pipelines/variance.yaml"

Locate = Callable[[str, str, str], tuple[str, str, int | None]]
"""From environment, workload and settings path to file, key and line in the hierarchy."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration and the line of the policy file that it begins in."""

    declaration: Declaration
    line: int | None = None


@dataclass(slots=True)
class _Uses:
    """Which settings and places a declaration was needed for."""

    settings: set[tuple[str, str]] = field(default_factory=set)
    places: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


def judge(
    differences: Iterable[Difference],
    settings: Mapping[tuple[str, str], Mapping[str, Any]],
    declared: Sequence[Declared],
    today: datetime.date,
    locate: Locate,
) -> Iterator[Finding]:
    """Yield the findings of parity.

    `settings` holds the written values by (workload, path), then by environment.
    """
    uses = [_Uses() for _ in declared]
    undeclared: dict[tuple[str, str], list[Difference]] = {}
    found = list(differences)
    for difference, never in zip(found, never_declared(found), strict=True):
        if never:
            yield _guarded(difference)
            continue
        here = [i for i, one in enumerate(declared) if _matches_place(one.declaration, difference)]
        for index in here:
            place = uses[index].places.setdefault((difference.stack, difference.key), {})
            place |= dict(zip(difference.environments, (difference.left, difference.right), strict=True))
        open_causes = list(_undeclared_causes(difference, declared, uses)) if not here else []
        owned = bool(difference.causes) and all(cause.setting for cause in difference.causes)
        if here or (owned and not open_causes):
            continue
        if not owned:
            yield _undeclared_place(difference)
        for cause in open_causes:
            undeclared.setdefault(cause, []).append(difference)
    for (workload, path), those in sorted(undeclared.items()):
        yield _undeclared_setting(workload, path, settings.get((workload, path), {}), those, locate)
    yield from _of_declarations(declared, uses, settings, today)


def _undeclared_causes(
    difference: Difference, declared: Sequence[Declared], uses: list[_Uses]
) -> Iterator[tuple[str, str]]:
    """Yield the settings behind a difference that nobody declared, and note the use of those that somebody did."""
    workload = difference.stack.split("/")[0]
    for cause in difference.causes:
        if not cause.setting:
            continue
        matching = [i for i, one in enumerate(declared) if declares(one.declaration, workload, cause.setting)]
        for index in matching:
            uses[index].settings.add((workload, cause.setting))
        if not matching:
            yield workload, cause.setting


def _of_declarations(
    declared: Sequence[Declared],
    uses: list[_Uses],
    settings: Mapping[tuple[str, str], Mapping[str, Any]],
    today: datetime.date,
) -> Iterator[Finding]:
    owners: dict[tuple[str, str], list[str]] = {}
    for one, used in zip(declared, uses, strict=True):
        path = one.declaration.path
        if one.declaration.expires is not None and one.declaration.expires < today:
            yield _policy(
                one, f"expired on {one.declaration.expires}", "make the environments alike, or renew it"
            )
        if not used.settings and not used.places:
            yield _policy(one, "is declared and nothing differs there", "remove the declaration")
        for place in (*used.settings, *used.places):
            owners.setdefault(place, []).append(path)
        for name, values in (
            *((f"{w}:settings.{p}", settings.get((w, p), {})) for w, p in sorted(used.settings)),
            *((f"{stack}:{key}", values) for (stack, key), values in sorted(used.places.items())),
        ):
            for words in broken(one.declaration.bound, values):
                yield _policy(
                    one, f"{name}: {words}", "bring the value back, or widen the bound with a reason"
                )
    for place, paths in sorted(owners.items()):
        if len(paths) > 1:
            message = f"{':'.join(place)} is declared more than once: {', '.join(paths)}"
            yield Finding(VARIANCES, Severity.ERROR, FILE, paths[-1], None, message, "keep one declaration")


def _policy(one: Declared, message: str, mend: str) -> Finding:
    return Finding(VARIANCES, Severity.ERROR, FILE, one.declaration.path, one.line, message, mend)


def _undeclared_setting(
    workload: str, path: str, values: Mapping[str, Any], those: list[Difference], locate: Locate
) -> Finding:
    environment = those[0].environments[-1]
    file, key, line = locate(environment, workload, path)
    shown = ", ".join(f"{name} {value!r}" for name, value in values.items())
    places = sorted({f"{one.stack}:{one.key}" for one in those})
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    message = f"differs and nobody declared it ({shown}); it reaches {', '.join(places[:3])}{more}"
    mend = f"make the values alike, or declare `{workload}:settings.{path}` in {FILE}"
    names = tuple(dict.fromkeys(name for one in those for name in one.environments))
    return Finding(PARITY, Severity.ERROR, file, key, line, message, mend, names)


def _undeclared_place(difference: Difference) -> Finding:
    left, right = (shown(value) for value in (difference.left, difference.right))
    one, two = difference.environments
    what = difference.key or "the whole stack"
    message = f"{difference.stack}: {what} is {left} in {one} and {right} in {two}, and nobody declared it"
    mend = (
        f"make the environments alike, or declare `{difference.stack}:{difference.key or 'Stack'}` in {FILE}"
    )
    file = (
        difference.template
        or f"sceptre/config/{two if difference.right is ABSENT else one}/{difference.stack}.yaml"
    )
    return Finding(
        PARITY, Severity.ERROR, file, difference.key, difference.line, message, mend, difference.environments
    )


def _guarded(difference: Difference) -> Finding:
    left, right = (shown(value) for value in (difference.left, difference.right))
    one, two = difference.environments
    what = difference.key or "the whole stack"
    message = f"{difference.stack}: {what} is {left} in {one} and {right} in {two}; security never varies"
    mend = "make the environments alike; this cannot be declared (REQ-V5)"
    return Finding(
        PARITY,
        Severity.ERROR,
        difference.template,
        difference.key,
        difference.line,
        message,
        mend,
        difference.environments,
    )


def shown(value: Any) -> str:
    """Return a value for a message, cut where it is long."""
    text = "absent" if value is ABSENT else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def declares(declaration: Declaration, workload: str, path: str) -> bool:
    """Tell whether a declaration is of this setting."""
    return (
        declaration.is_setting
        and _pattern(declaration.place).fullmatch(workload) is not None
        and _pattern(declaration.key).fullmatch(f"settings.{path}") is not None
    )


def _matches_place(declaration: Declaration, difference: Difference) -> bool:
    return (
        not declaration.is_setting
        and _pattern(declaration.place).fullmatch(difference.stack) is not None
        and _pattern(declaration.key).fullmatch(difference.key or "Stack") is not None
    )


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """Return what a path with wildcards matches: `*` a part of one name, `**` any depth."""
    parts = [re.escape(part).replace(r"\*", "[^./]*") for part in path.split("**")]
    return re.compile(".*".join(parts))
