"""The config hierarchy as documents with positions: which file and line a setting comes from. Pure (REQ-P1, REQ-P2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .config_problems import overlaps
from .environments import ENVIRONMENTS, SHARED
from .errors import ConfigurationError, Problem, of_check
from .settings import WORKLOADS, WorkloadSettings, models
from .settings.build import Location, mend, redundant, repeated, validate
from .settings.rules import growing, overlapping, sharing_an_account, unwatched
from .strict_yaml import Document, KeyPath

Place = tuple[str, str]
"""Environment and group: the workload, with the region's role where it has several regions."""

ROOT = "sceptre/config/config.yaml"
HOME = f"sceptre/config/{SHARED}/"


def group_file(environment: str, group: str) -> str:
    """Return the config file in which an environment decides a group's values."""
    return f"sceptre/config/{environment}/{group}/config.yaml"


def _groups(stack: str) -> list[str]:
    """Return the config files that a stack inherits from, from the root's down."""
    folders = stack.split("/")[:-1]
    return [
        "/".join(["sceptre/config", *folders[:depth], "config.yaml"]) for depth in range(len(folders) + 1)
    ]


def _mend(
    found: dict[Place, WorkloadSettings], raw: Mapping[Place, Mapping[str, Any]]
) -> dict[Place, frozenset[KeyPath]]:
    """Add to the settings found those of other places, mended; return the paths of each that are not its own."""
    sound, taken = dict(found), {}
    for place in [place for place in raw if place not in sound]:
        environments = [name for name in ENVIRONMENTS if (name, place[1]) in sound]
        if place[0] not in ENVIRONMENTS:
            continue  # What belongs to none has no neighbour.
        at = ENVIRONMENTS.index(place[0])
        # An earlier one first: a size that is taken over from there shrinks nowhere.
        near = sorted(
            environments, key=lambda name: (ENVIRONMENTS.index(name) > at, abs(ENVIRONMENTS.index(name) - at))
        )
        mended = mend(raw[place], sound[near[0], place[1]]) if near else None
        if mended is not None:
            found[place], taken[place] = mended
    return taken


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Every config file that was read, by its path in the project.

    `lost` holds the places of a file that were left out, since something is wrong with them that is said already.
    """

    documents: Mapping[str, Document]
    lost: Mapping[str, frozenset[KeyPath]] = field(default_factory=dict)

    def line(self, file: str, path: KeyPath) -> int | None:
        """Return the line of a key path in a file, or of the nearest key above it."""
        lines = self.documents[file].lines if file in self.documents else {}
        while path and path not in lines:
            path = path[:-1]
        return lines.get(path)

    def written(self, stack: str, file: str, path: KeyPath) -> tuple[str, int | None]:
        """Return file and line of a key that the stack `stack` has from its own file `file`, or inherits."""
        for name in (file, *reversed(_groups(stack))):
            if name in self.documents and path in self.documents[name].lines:
                return name, self.documents[name].lines[path]
        return file, self.line(file, path)

    def levels(self, stack: str, file: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the config files that make a stack, from the root's down to its own `file`, with what each says."""
        return [(name, self._mapping(name)) for name in (*_groups(stack), file) if name in self.documents]

    def is_lost(self, stack: str, file: str, path: KeyPath) -> bool:
        """Tell whether a key of a stack, or a part of it, was left out of one of its files."""
        return any(self._lacks(name, path) for name in (file, *_groups(stack)))

    def _lacks(self, file: str, path: KeyPath) -> bool:
        return overlaps(path, self.lost.get(file, ()))

    def setting(self, environment: str, group: str, path: KeyPath) -> Location:
        """Return file, key path and line of a setting."""
        return self.locate((environment, group), path)

    def locate(self, place: Place, path: KeyPath) -> Location:
        """Return file, key path and line of a setting: the environment's own value before the shared one.

        A value that stands nowhere is placed where the environment would give it.
        """
        environment, group = place
        workload = group.split("/")[0]
        own = group_file(environment, group)
        for file, keys in (
            (own, ("settings", *path)),
            (ROOT, ("workloads", workload, *path)),
            (f"sceptre/config/{environment}/config.yaml", path),
            (own, path),
        ):
            if keys and file in self.documents and keys in self.documents[file].lines:
                return file, ".".join(keys), self.documents[file].lines[keys]
        if path == ("account",):
            return f"sceptre/config/{environment}/config.yaml", "account", None
        keys = path if path == ("region",) else ("settings", *path)
        return own, ".".join(keys), self.line(own, keys)

    def settings(
        self, raw: Mapping[Place, Mapping[str, Any]]
    ) -> tuple[dict[Place, WorkloadSettings], list[Problem], dict[Place, frozenset[KeyPath]]]:
        """Return the settings of every place, what is wrong, and the paths whose values are another environment's.

        Values that are wrong are those of the nearest environment whose settings are right, where there is one.
        """
        found: dict[Place, WorkloadSettings] = {}
        problems: list[Problem] = []
        for place, values in raw.items():
            workload = place[1].split("/")[0]
            known = models(place[0])
            model = known.get(workload)
            if model is None:
                hint = f"add its model to validator/settings; known: {', '.join(known)}"
                file = f"sceptre/config/{place[0]}/{workload}"
                problems.append(Problem(file, "", f"{workload} is no known workload", hint))
                continue
            try:
                found[place] = validate(model, values, lambda path, at=place: self.locate(at, path))  # type: ignore[misc]
            except ConfigurationError as error:
                wrong = [one for one in error.problems if not self._is_lost_setting(place, one)]
                problems += of_check("settings", wrong, place[0])
        taken = _mend(found, raw)
        unsure = {path for paths in taken.values() for path in paths}
        rules = (growing, overlapping, sharing_an_account, unwatched)
        for place, path, problem in (one for rule in rules for one in rule(found)):
            if path not in unsure:
                file, key, line = self.locate(place, path)
                problems.append(replace(problem, file=file, key=key, line=line, environments=place[:1]))
        return found, list(of_check("settings", problems)), taken

    def _is_lost_setting(self, place: Place, problem: Problem) -> bool:
        """Tell whether a value is only missing since what holds it was left out."""
        environment, group = place
        path = tuple(problem.key.removeprefix("settings.").split("."))
        shared = ("workloads", group.split("/")[0], *path)
        return problem.message == "is missing" and (
            self._lacks(ROOT, shared)
            or any(
                self._lacks(file, keys)
                for file in _groups(f"{environment}/{group}/")
                for keys in (path, ("settings", *path))
            )
        )

    def needless(self, places: Iterable[Place]) -> Iterator[Problem]:
        """Yield a problem for each value that stands twice: an override without effect, or one that all repeat.

        `places` are all that there are: what every environment repeats can be told only where each file was read.
        """
        files = {group_file(*place) for place in places}
        root = self._mapping(ROOT)
        for workload in WORKLOADS:
            shared = (root.get("workloads") or {}).get(workload) or {}
            owns = {
                file: self._mapping(file).get("settings") or {}
                for file in sorted(self.documents)
                if file.endswith(f"/{workload}/config.yaml")
            }
            for file, own in owns.items():
                for path in redundant(shared, own):
                    yield self._needless(
                        file, path, "says again what every environment has", "remove this override"
                    )
            unread = any(file.endswith(f"/{workload}/config.yaml") for file in files - owns.keys())
            each = {file: own for file, own in owns.items() if not file.startswith(HOME)}
            for path in repeated(list(each.values())) if each and not unread else ():
                hint = f"move it to `workloads.{workload}` in {ROOT}"
                yield self._needless(next(iter(each)), path, "is the same in every environment", hint)

    def _needless(self, file: str, path: KeyPath, message: str, hint: str) -> Problem:
        key = ("settings", *path)
        return Problem(file, ".".join(key), message, hint, self.line(file, key))

    def _mapping(self, file: str) -> dict[str, Any]:
        return (self.documents[file].value or {}) if file in self.documents else {}
