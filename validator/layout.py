"""Where things lie in a Sceptre project: the only code that lists its folders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .environments import ENVIRONMENTS, PLACES, SHARED
from .errors import ConfigurationError, Problem, of_check

CONFIG = "config.yaml"
_OWN = re.compile(rb"^[\"']?workloads[\"']?[ \t]*:", re.MULTILINE)
MISSING = "parity"
"""The check that a stack which one environment lacks belongs to."""


def is_own(root: Path) -> bool:
    """Tell whether a project is of Lockstep's own form: its root config file has `workloads`, be it YAML or not."""
    return _OWN.search(_content(root / "sceptre" / "config" / CONFIG) or b"") is not None


@dataclass(frozen=True, slots=True)
class Layout:
    """The folders of one project."""

    root: Path

    @property
    def sceptre(self) -> Path:
        """Sceptre's project folder."""
        return self.root / "sceptre"

    @property
    def config(self) -> Path:
        """The config hierarchy."""
        return self.sceptre / "config"

    def relative(self, path: Path) -> str:
        """Return a path as messages show it: relative to the project, with slashes."""
        return path.relative_to(self.root).as_posix()

    def shown(self, path: Path) -> str:
        """Return the file that a user has to edit for `path`: the target where it is a link inside the project."""
        target = path.resolve()
        return self.relative(target if target.is_relative_to(self.root) else path)

    def environments(self) -> tuple[str, ...]:
        """Return the environments that are there, in promotion order.

        Raises ConfigurationError when the hierarchy is missing.
        """
        if not self.config.is_dir():
            raise ConfigurationError.single(
                "there is no Sceptre config hierarchy here",
                file="sceptre/config",
                hint="run in the repository's root, or point `--project` at it",
            )
        return tuple(name for name in ENVIRONMENTS if (self.config / name).is_dir())

    def places(self) -> tuple[str, ...]:
        """Return the folders that hold stacks: what belongs to no environment, where there is such a folder, and the
        environments. Raises ConfigurationError when the hierarchy is missing.
        """
        environments = self.environments()
        return (SHARED, *environments) if (self.config / SHARED).is_dir() else environments

    def stack_files(self, environment: str) -> frozenset[str]:
        """Return the stack files of the workloads in an environment's folder, or the shared one, relative to it."""
        folder = self.config / environment
        return frozenset(
            path.relative_to(folder).as_posix() for path in folder.glob("*/**/*.yaml") if path.name != CONFIG
        )

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with folders and files, before any is read (REQ-P1)."""
        yield from of_check("stack-files", self._environments())
        yield from of_check("stack-files", self._strays())
        files = {environment: self.stack_files(environment) for environment in self.environments()}
        every = sorted(frozenset().union(*files.values()))
        for file in every:
            yield from of_check(MISSING, self._missing(file, files))
            yield from of_check("stack-files", self._links(file, files))
        for file in sorted(self.stack_files(SHARED)):
            if not (self.config / SHARED / file).exists():
                yield from of_check("stack-files", [self._broken_link(self.config / SHARED / file)])

    def _environments(self) -> Iterator[Problem]:
        found = {path.name for path in self.config.iterdir() if path.is_dir() and path.name != SHARED}
        for name in ENVIRONMENTS:
            if name not in found:
                hint = f"create sceptre/config/{name}/ with the same stacks as the other environments"
                yield Problem(f"sceptre/config/{name}", "", f"the environment {name} is missing", hint)
        for name in sorted(found - set(ENVIRONMENTS)):
            known = f"the environments are {', '.join(ENVIRONMENTS)}"
            hint = f"{known}; what belongs to none goes to sceptre/config/{SHARED}"
            yield Problem(f"sceptre/config/{name}", "", f"{name} is no environment", hint)

    def _missing(self, file: str, files: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
        """Yield a problem for each environment that lacks a stack which another has."""
        present = ", ".join(environment for environment in files if file in files[environment])
        for environment in files:
            if file not in files[environment]:
                message = f"this stack is missing in {environment}; it is in {present}"
                hint = f"add it to {environment} as a link to the same file, or remove it everywhere"
                place = f"sceptre/config/{environment}/{file}"
                yield Problem(place, "", message, hint, environments=(environment,))

    def _links(self, file: str, files: Mapping[str, frozenset[str]]) -> Iterator[Problem]:
        """Yield a problem for each stack file that is a broken link, or says something else in one environment."""
        shared = self.sceptre / "stacks" / file
        target = f"sceptre/stacks/{file}"
        paths = [self.config / name / file for name in files if file in files[name]]
        whole = [path for path in paths if path.exists()]
        for path in paths:
            if path not in whole:
                yield self._broken_link(path)
        wanted = _content(shared if shared.is_file() else whole[0]) if whole else None
        said = (
            f"what the other environments have, which is {target}"
            if shared.is_file()
            else f"what {next(iter(files))} has"
        )
        for path in whole:
            if _content(path) != wanted:
                hint = f"make it a link to {target}; what differs between environments belongs in `settings`"
                yield self._of(path, f"this stack file is not {said}", hint)

    def _broken_link(self, path: Path) -> Problem:
        hint = "restore the file it points at under sceptre/stacks, or remove the link in every environment"
        return self._of(path, "this link points at no file", hint)

    def _of(self, path: Path, message: str, hint: str) -> Problem:
        """Return the problem of a file below an environment's folder."""
        environment = path.relative_to(self.config).parts[0]
        found = (environment,) if environment in PLACES else ()
        return Problem(self.relative(path), "", message, hint, environments=found)

    def _strays(self) -> Iterator[Problem]:
        """Yield a problem for each YAML file that lies where no stack of a workload is read from."""
        for path in sorted(self.config.rglob("*.y*ml")):
            folder, *below = path.relative_to(self.config).parts
            if path.suffix == ".yml":
                message = "a file that ends in .yml is not read"
                yield self._of(path, message, f"name it {path.stem}.yaml, or remove it")
            elif len(below) < 2 and path.name != CONFIG:
                message = "a stack file belongs to a workload, and this folder is none"
                where = f"sceptre/stacks/<workload>/{path.name}"
                hint = f"move it to {where}, and link to it in every environment"
                if folder == SHARED:
                    hint = f"move it to sceptre/config/{SHARED}/<workload>/{path.name}"
                yield self._of(path, message, hint)


def _content(path: Path) -> bytes | None:
    """Return what a file holds; None where it cannot be read, which the loader says of the file itself."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None
