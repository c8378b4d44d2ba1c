"""Mutants of the hierarchy: another value in one environment, outside its declared bound or inside it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from tests.unit.small_project import repository
from validator.parity import Declared, declares
from validator.parity.bounds import broken
from validator.parity.declarations import Bound
from validator.settings import WORKLOADS
from validator.settings.base import is_identity
from validator.settings.build import leaves, merge
from validator.settings.rules import growing

from .judging import ENVIRONMENTS, ROOT, plain, subject

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """Another value of one setting in one environment."""

    workload: str
    environment: str
    key: Key
    value: Any

    @property
    def shown(self) -> str:
        """The setting as findings name it, with the new value."""
        return f"{self.environment}/{self.workload}: {'.'.join(self.key)} = {self.value!r}"

    @property
    def named(self) -> list[str]:
        """What a finding has to hold to name the setting: its key, or in a rule between two values the last of it."""
        return [".".join(self.key), f"{self.key[-1]} {self.value!r}"]

    def meets(self, other: Change) -> bool:
        """Tell whether one of two settings stands in the other, or is the other."""
        return all(one == two for one, two in zip(self.key, other.key, strict=False))


@cache
def config(workload: str, environment: str) -> dict[str, Any]:
    """Return what an environment's config file of the workload says."""
    return plain(ROOT / "sceptre" / "config" / environment / workload / "config.yaml")


def shared(workload: str) -> dict[Key, Any]:
    """Return the settings that the environments share, by their keys."""
    workloads: Any = yaml.safe_load(
        re.sub("!\\w+", "", (ROOT / "sceptre/config/config.yaml").read_text("utf-8"))
    )
    return leaves(workloads["workloads"][workload])


def own(workload: str, environment: str) -> dict[Key, Any]:
    """Return the settings that an environment decides itself, by their keys."""
    return leaves(config(workload, environment)["settings"])


def text_of(changes: Sequence[Change]) -> str:
    """Return the config file of the changes' environment with them."""
    said = config(changes[0].workload, changes[0].environment)
    for change in changes:
        said = merge(said, {"settings": _nested(change.key, change.value)})
    return str(yaml.safe_dump(said, sort_keys=False))


def together(changes: Iterable[Change]) -> Iterator[list[Change]]:
    """Yield changes in lots, each of another setting: those that the model takes, and those that it refuses."""
    lots: dict[bool, list[list[Change]]] = {True: [], False: []}
    for change in changes:
        valid = is_valid(change)
        free = (
            lot
            for lot in lots[valid]
            if not any(map(change.meets, lot)) and (not valid or is_valid(*lot, change))
        )
        lot = next(free, None)
        if lot is None:
            lots[valid].append([change])
        else:
            lot.append(change)
    yield from itertools.chain.from_iterable(lots.values())


def shared_changes(workload: str, environment: str) -> Iterator[Change]:
    """Yield each shared setting with another value of its kind in one environment, one that the model takes if any."""
    for key, value in shared(workload).items():
        changes = [
            Change(workload, environment, key, one) for one in others(workload, key, value) if one != value
        ]
        yield next(filter(is_valid, changes), changes[0])


def varying(workload: str, environment: str) -> Iterator[tuple[Key, Any, Declared]]:
    """Yield each setting that an environment decides and that names nothing, with its one declaration."""
    for key, value in own(workload, environment).items():
        if not is_identity(WORKLOADS[workload], key):
            path = f"settings.{'.'.join(key)}"
            (one,) = [one for one in subject().policy.declared if declares(one.declaration, workload, path)]
            yield key, value, one


def outside(workload: str, environment: str) -> Iterator[Change]:
    """Yield each varying setting just outside its bound: the nearest value above and below, and each that is no number.

    Where the model refuses the nearest, the nearest that it takes is a mutant as well.
    """
    for key, value, one in varying(workload, environment):
        bound = one.declaration.bound
        bad = [
            change
            for other in others(workload, key, value, bound)
            for change in [Change(workload, environment, key, other)]
            if set(broken(bound, _values(change)))
        ]
        numbers = [change for change in bad if isinstance(change.value, int | float) and value is not None]
        yield from (change for change in bad if change not in numbers or isinstance(value, bool))
        for side in (
            sorted((one for one in numbers if one.value > value), key=lambda change: change.value),
            sorted((one for one in numbers if one.value < value), key=lambda change: -change.value),
        ):
            yield from dict.fromkeys([*side[:1], *list(filter(is_valid, side))[:1]])


def inside(workload: str, environment: str) -> Iterator[Change]:
    """Yield for each varying setting the furthest values inside its bound, above and below, that the model takes."""
    for key, value, one in varying(workload, environment):
        good = [
            change
            for other in others(workload, key, value, one.declaration.bound)
            for change in [Change(workload, environment, key, other)]
            if change.value != value and _is_inside(change, one) and is_valid(change)
        ]
        good.sort(key=lambda change: change.value)
        yield from dict.fromkeys([*good[:1], *good[-1:]])


def _is_inside(change: Change, one: Declared) -> bool:
    """Tell whether a bound holds with a change; all environments at one value would be a shared one."""
    values = _values(change)
    return len({repr(item) for item in values.values()}) > 1 and not set(
        broken(one.declaration.bound, values)
    )


def _values(change: Change) -> dict[str, Any]:
    held = {name: own(change.workload, name)[change.key] for name in ENVIRONMENTS}
    return {**held, change.environment: change.value}


def is_valid(*changes: Change) -> bool:
    """Tell whether the model takes changes of one place, alone and beside the other environments."""
    found = dict(repository().settings)
    place = (changes[0].environment, changes[0].workload)
    raw = found[place].model_dump()
    for change in changes:
        raw = merge(raw, _nested(change.key, change.value))
    try:
        found[place] = WORKLOADS[place[1]].model_validate(raw)
    except ValidationError:
        return False
    return not list(growing(found))


def _nested(key: Key, value: Any) -> dict[str, Any]:
    return {key[0]: _nested(key[1:], value) if key[1:] else value}


def others(workload: str, key: Key, value: Any, bound: Bound | None = None) -> list[Any]:
    """Return further values of a setting: each that its type lists, or numbers on both sides of every landmark."""
    listed = _listed(WORKLOADS[workload], key)
    if listed:
        return [item for item in listed if item != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, str):
        return [f"{value[:-1]}{'1' if value[-1] != '1' else '2'}"]
    marks = [value, *(own(workload, name).get(key) for name in ENVIRONMENTS)]
    if bound and bound.range:
        marks += [bound.range.minimum, bound.range.maximum]
    numbers = [mark for mark in marks if mark is not None]
    if bound and bound.ratio:
        numbers += [min(numbers) * bound.ratio, max(numbers) / bound.ratio]
    kind, step = (float, 0.01) if isinstance(value, float) else (int, 1)
    return sorted({kind(number) + sign * step for number in numbers for sign in (-1, 0, 1)})


def _listed(model: type[BaseModel], key: Key) -> list[Any]:
    field = model.model_fields[key[0]]
    if key[1:]:
        below: Any = field.annotation
        return _listed(below, key[1:])
    found = get_args(field.annotation)
    return [item for item in found if isinstance(item, str | int)]
