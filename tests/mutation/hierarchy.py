"""Mutants of the hierarchy: another value in one environment, outside its declared bound or inside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from validator.parity import Declared, declares
from validator.parity.bounds import broken
from validator.parity.declarations import Bound
from validator.settings import WORKLOADS
from validator.settings.base import is_identity
from validator.settings.build import leaves, merge
from validator.settings.rules import growing

from .judging import ENVIRONMENTS, ROOT, plain, repository, subject

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


def text_of(change: Change) -> str:
    """Return the config file of the change's environment with it."""
    settings = {"settings": _nested(change.key, change.value)}
    return str(yaml.safe_dump(merge(config(change.workload, change.environment), settings), sort_keys=False))


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


def is_valid(change: Change) -> bool:
    """Tell whether the model takes the change, alone and beside the other environments."""
    found = dict(repository().settings)
    place = (change.environment, change.workload)
    raw = merge(found[place].model_dump(), _nested(change.key, change.value))
    try:
        found[place] = WORKLOADS[change.workload].model_validate(raw)
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
