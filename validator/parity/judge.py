"""From differences and declarations to findings: what nobody declared, what went too far, what is not needed. Pure."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..findings import Finding, Severity
from ..reports.report import counted
from .bounds import broken
from .compare import Cause, Difference
from .declarations import Declaration
from .matching import declares, declares_regions, matches_place
from .policy import Declared, Policy
from .security import never_declared
from .sides import ABSENT
from .width import too_wide
from .words import shown

PARITY, RESOLVERS, VARIANCES = "parity", "resolver-mismatch", "variances"

CONFIGURED = (("Resolvers",), ("Tags",), ("Dependencies",), ("Options",), ())
"""How the paths of differences begin that are written in a config file; the empty path is the whole stack."""
STACK = "<stack>"

Place = tuple[str, str]
"""Something that can be declared: `(orders, settings.api.throttle_burst)` or `(orders/queue, Parameters.Mode)`."""
Location = tuple[str, str, int | None]
"""File, key and line."""


class Places(Protocol):
    """Where values are written down."""

    def setting(self, environment: str, group: str, path: tuple[str, ...]) -> Location:
        """Return file, key and line of a setting."""
        ...

    def value(self, label: str, stack: str, place: tuple[str, ...]) -> Location:
        """Return file, key and line of a parameter, tag or the like of a stack, called as differences call it."""
        ...


@dataclass(slots=True)
class _Uses:
    """What a declaration was needed for, with the values by environment; `guarded` is what it can never declare."""

    values: dict[Place, dict[str, Any]] = field(default_factory=dict)
    guarded: set[Place] = field(default_factory=set)


Settings = Mapping[tuple[str, str], Mapping[str, Any]]
"""Every written setting by (group, path), then by environment; those that name their environment are not there."""


def judge(
    differences: Iterable[Difference],
    settings: Settings,
    policy: Policy,
    today: datetime.date,
    places: Places,
    *,
    partial: bool = False,
) -> Iterator[Finding]:
    """Yield the findings of parity. Where only a part was compared, `partial`, no declaration is called needless."""
    judgement = _Judgement(settings, policy, places)
    found = list(differences)
    for difference, never in zip(found, never_declared(found), strict=True):
        yield from judgement.guarded(difference) if never else judgement.open(difference)
    yield from judgement.inherited()
    yield from judgement.undeclared_settings()
    yield from judgement.undeclared_values()
    yield from judgement.of_declarations(today, partial=partial)


@dataclass(slots=True)
class _Judgement:
    """One run over all differences."""

    settings: Settings
    policy: Policy
    places: Places
    uses: list[_Uses] = field(default_factory=list)
    undeclared: dict[Place, list[Difference]] = field(default_factory=dict)
    shared: dict[Finding, list[Difference]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.uses = [_Uses() for _ in self.policy.declared]

    def guarded(self, difference: Difference) -> Iterator[Finding]:
        """Yield the finding for a difference that nobody can declare, and remember who tried to."""
        place = (difference.stack, difference.key)
        for use, one in zip(self.uses, self.policy.declared, strict=True):
            if matches_place(one.declaration, *place):
                use.guarded.add(place)
        mend = "make the environments alike; this cannot be declared (REQ-V5)"
        yield from self._at(difference, "; security never varies", mend)

    def open(self, difference: Difference) -> Iterator[Finding]:
        """Yield the finding for a difference that nobody declared and that has no cause to name in its stead."""
        place = (difference.stack, difference.key)
        values = dict(zip(difference.environments, (difference.left, difference.right), strict=True))
        if self._use(place, values):
            return
        causes = [place_of(difference, cause) for cause in difference.causes]
        for cause in causes:
            if cause == place or not self._use(cause, self._by_region(cause, difference)):
                self.undeclared.setdefault(cause, []).append(difference)
        if not causes:
            file = f" in {self.policy.file}"
            alike = (
                "decide it by a parameter of its own" if difference.decided else "make the environments alike"
            )
            mend = f"{alike}, or declare `{STACK}:{difference.key or 'Stack'}`{file}"
            yield from self._at(difference, ", and nobody declared it", mend)

    def _by_region(self, place: Place, difference: Difference) -> dict[str, Any]:
        """Return the values of a setting where the regions of a workload are compared; nothing for environments."""
        owner, key = place
        found = {}
        for label in difference.environments if "*" in owner and key.startswith("settings.") else ():
            environment, _, folder = label.partition("/")
            values = self.settings.get((folder, key.removeprefix("settings.")), {})
            if environment in values:
                found[label] = values[environment]
        return found

    def _use(self, place: Place, values: Mapping[str, Any]) -> bool:
        """Tell whether somebody declared a place, and note the use of each declaration.

        Whoever did so in a wrong form is told that, and not that nobody did.
        """
        owner, key = place
        found = any(_names(one, place) for one in self.policy.malformed)
        for use, one in zip(self.uses, self.policy.declared, strict=True):
            if _names(one.declaration, place):
                known = self.settings.get((owner, key.removeprefix("settings.")), {})
                use.values.setdefault(place, dict(known)).update(values)
                found = True
        return found

    def undeclared_settings(self) -> Iterator[Finding]:
        """Yield a finding for each setting that differs and that nobody declared, whatever it reaches."""
        for (group, path), values in sorted(self.settings.items()):
            place = (group, f"settings.{path}")
            those = self.undeclared.pop(place, [])
            if not those and (alike(values) or self._use(place, {})):
                continue
            environment = those[0].environments[-1] if those else _odd(values)
            file, key, line = self.places.setting(environment.split("/")[0], group, tuple(path.split(".")))
            said = ", ".join(f"{name} {shown(value)}" for name, value in values.items())
            yield self._undeclared(place, (file, key, line), said, those, tuple(values))

    def undeclared_values(self) -> Iterator[Finding]:
        """Yield a finding for each other value that differs and that nobody declared."""
        for (stack, key), those in sorted(self.undeclared.items()):
            label = those[0].environments[-1]
            location = self.places.value(label, stack, tuple(key.split(".", 1)))
            own = [one for one in those if (one.stack, one.key) == (stack, key)]
            values: dict[str, Any] = {}
            for one in those:
                values |= self._by_region((stack, key), one)
            for one in own:
                values |= zip(one.environments, (one.left, one.right), strict=True)
            said = ", ".join(f"{name} {shown(value)}" for name, value in values.items())
            names = tuple(dict.fromkeys(name for one in those for name in one.environments))
            yield self._undeclared((stack, key), location, said, those, names)

    def _undeclared(
        self, place: Place, location: Location, said: str, those: list[Difference], names: tuple[str, ...]
    ) -> Finding:
        file, key, line = location
        name = ":".join(place)
        reached = sorted({f"{one.stack}:{one.key}" for one in those} - {name})
        more = f" and {len(reached) - 3} more" if len(reached) > 3 else ""
        reach = f"; it reaches {', '.join(reached[:3])}{more}" if reached else ""
        message = f"{name} differs and nobody declared it{f' ({said})' if said else ''}{reach}"
        mend = f"make the values alike, or declare `{name}` in {self.policy.file}"
        return Finding(PARITY, Severity.ERROR, file, key, line, message, mend, _environments(names))

    def inherited(self) -> Iterator[Finding]:
        """Yield one finding for each value of a config file that differs in the same way for all that inherit it."""
        for one, those in self.shared.items():
            stacks = sorted(difference.stack for difference in those)
            more = f" and {counted(len(stacks) - 1, 'more stack')}" if len(stacks) > 1 else ""
            mend = one.remediation.replace(STACK, stacks[0])
            if more and mend != one.remediation:
                mend += ", and the same of the others"
            yield replace(one, message=f"{stacks[0]}{more}: {one.message}", remediation=mend)

    def _at(self, difference: Difference, ending: str, mend: str) -> Iterator[Finding]:
        """Yield a finding at the place of a difference; what a config file says waits for the stacks that inherit it.

        `STACK` in `mend` stands for the stack.
        """
        left, right = (shown(value, difference.lack) for value in (difference.left, difference.right))
        one, two = difference.environments
        what = difference.key or "the whole stack"
        decided = f", {difference.decided}" if difference.decided else ""
        message = f"{what} is {left} in {one} and {right} in {two}{decided}{ending}"
        check = RESOLVERS if difference.path[:1] == ("Resolvers",) else PARITY
        file, key, line = difference.template, difference.key, difference.line
        is_configured = difference.path[:1] in CONFIGURED
        if is_configured:
            label = one if difference.right is ABSENT else two
            file, key, line = self.places.value(label, difference.stack, written_at(difference))
        names = _environments(difference.environments)
        found = Finding(check, Severity.ERROR, file, key, line, message, mend, names)
        if is_configured and line:
            self.shared.setdefault(found, []).append(difference)
        else:
            stack = difference.stack
            mend = mend.replace(STACK, stack)
            yield replace(found, message=f"{stack}: {message}", remediation=mend)

    def of_declarations(self, today: datetime.date, *, partial: bool) -> Iterator[Finding]:
        """Yield what is wrong with declarations: expired, not needed, too wide, broken, doubled, or of security."""
        owners: dict[Place, list[Declared]] = {}
        for one, use in zip(self.policy.declared, self.uses, strict=True):
            for place in use.values:
                owners.setdefault(place, []).append(one)
            if not use.values and not use.guarded and not partial:
                yield self._policy(one, "is declared and nothing differs there", "remove the declaration")
            for message, mend in _wrong(one.declaration, use, today):
                yield self._policy(one, message, mend)
        for place, those in sorted(owners.items()):
            if len(those) > 1:
                paths = ", ".join(one.declaration.path for one in those)
                message = f"{':'.join(place)} is declared more than once: {paths}"
                yield self._policy(those[-1], message, "keep one declaration")

    def _policy(self, one: Declared, message: str, mend: str) -> Finding:
        return Finding(
            VARIANCES, Severity.ERROR, self.policy.file, one.declaration.path, one.line, message, mend
        )


def _wrong(declaration: Declaration, use: _Uses, today: datetime.date) -> Iterator[tuple[str, str]]:
    if declaration.expires is not None and declaration.expires < today:
        yield f"expired on {declaration.expires}", "make the environments alike, or renew it"
    for stack, key in sorted(use.guarded):
        yield (
            f"declares {stack}:{key}, on which security rests",
            "remove it; this can never be declared (REQ-V5)",
        )
    yield from too_wide(declaration, [value for values in use.values.values() for value in values.values()])
    bound = declaration.bound
    if bound.order is not None and declares_regions(declaration):
        bound = replace(bound, order=None)
        message = "gives an order, and regions have none: only environments follow one another"
        yield message, "remove `order`; give a range, a ratio, `among` or `exactly`"
    for place, values in sorted(use.values.items()):
        for words in broken(bound, values):
            yield f"{':'.join(place)}: {words}", "bring the value back, or widen the bound with a reason"


def _names(declaration: Declaration, place: Place) -> bool:
    return declares(declaration, *place) or matches_place(declaration, *place)


def place_of(difference: Difference, cause: Cause) -> Place:
    """Return what could be declared for a cause: a setting of the group, or a parameter of the stack."""
    if cause.setting:
        return difference.group, f"settings.{cause.setting}"
    return difference.stack, f"Parameters.{cause.parameter}"


def written_at(difference: Difference) -> tuple[str, ...]:
    """Return the key of a stack's config that a difference is written at."""
    if not difference.path:
        return ()
    section, name = difference.path[0], str(difference.path[1])
    if section == "Tags":
        return ("stack_tags", name)
    return ("dependencies",) if section == "Dependencies" else tuple(name.split(".", 1))


def alike(values: Mapping[str, Any]) -> bool:
    """Tell whether all values are the same, in kind too."""
    first, *others = values.values()
    return all(type(first) is type(other) and first == other for other in others)


def _odd(values: Mapping[str, Any]) -> str:
    """Return the environment to point at: the last that differs from the one before it."""
    names = list(values)
    pairs = itertools.pairwise(names)
    return [after for before, after in pairs if not alike({"": values[before], " ": values[after]})][-1]


def _environments(labels: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(label.split("/")[0] for label in labels))
