"""Where things lie in a Sceptre project: the only code that lists its folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .environments import ENVIRONMENTS
from .errors import ConfigurationError, Problem

CONFIG = "config.yaml"
NOT_ENVIRONMENTS = frozenset({"shared"})
"""Folders of `sceptre/config` that belong to no environment."""


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
        """Return the environments in promotion order.

        Raises ConfigurationError when the hierarchy is missing, or holds too few or too many environments.
        """
        if not self.config.is_dir():
            raise ConfigurationError.single(
                "there is no Sceptre config hierarchy here",
                file="sceptre/config",
                hint="run in the repository's root, or point `--project` at it",
            )
        found = {
            path.name for path in self.config.iterdir() if path.is_dir() and path.name not in NOT_ENVIRONMENTS
        }
        problems = [
            Problem(
                f"sceptre/config/{name}",
                "",
                f"the environment {name} is missing",
                f"create sceptre/config/{name}/ with the same stacks as the other environments",
            )
            for name in ENVIRONMENTS
            if name not in found
        ]
        problems += [
            Problem(
                f"sceptre/config/{name}",
                "",
                f"{name} is no environment",
                f"the environments are {', '.join(ENVIRONMENTS)}; what belongs to none goes to sceptre/config/shared",
            )
            for name in sorted(found - set(ENVIRONMENTS))
        ]
        if problems:
            raise ConfigurationError(problems)
        return ENVIRONMENTS

    def stack_files(self, environment: str) -> frozenset[str]:
        """Return the stack files of an environment, relative to its folder."""
        folder = self.config / environment
        return frozenset(
            path.relative_to(folder).as_posix() for path in folder.rglob("*.yaml") if path.name != CONFIG
        )

    def check_same_stacks(self) -> None:
        """Raise ConfigurationError for each stack file that not every environment has (REQ-P1)."""
        environments = self.environments()
        self._check_strays()
        files = {environment: self.stack_files(environment) for environment in environments}
        every = frozenset().union(*files.values())
        problems = [
            Problem(
                f"sceptre/config/{environment}/{file}",
                "",
                f"this stack is missing in {environment}; it is in "
                + ", ".join(other for other in environments if file in files[other]),
                f"add it to {environment} as a link to the same file, or remove it everywhere",
            )
            for environment in environments
            for file in sorted(every - files[environment])
        ]
        problems += [
            Problem(
                f"sceptre/config/{environment}/{file}",
                "",
                "this link points at no file",
                "restore the file it points at under sceptre/stacks, or remove the link in every environment",
            )
            for environment in environments
            for file in sorted(files[environment])
            if not (self.config / environment / file).exists()
        ]
        if problems:
            raise ConfigurationError(problems)
        self._check_same_content(environments, sorted(every))

    def _check_same_content(self, environments: tuple[str, ...], files: list[str]) -> None:
        """Raise ConfigurationError for each stack file that says something else in one environment (REQ-P1)."""
        problems = []
        for file in files:
            shared = self.sceptre / "stacks" / file
            target = f"sceptre/stacks/{file}"
            paths = {environment: self.config / environment / file for environment in environments}
            wanted = _content(shared if shared.is_file() else next(iter(paths.values())))
            problems += [
                Problem(
                    self.relative(path),
                    "",
                    f"this stack file is not what the other environments have, which is {target}"
                    if shared.is_file()
                    else f"this stack file is not what {environments[0]} has",
                    f"make it a link to {target}; what differs between environments belongs in `settings`",
                )
                for path in paths.values()
                if _content(path) != wanted
            ]
        if problems:
            raise ConfigurationError(problems)

    def _check_strays(self) -> None:
        """Raise ConfigurationError for each YAML file that lies where no stack of a workload is read from."""
        problems = []
        for path in sorted(self.config.rglob("*.y*ml")):
            folder, *below = path.relative_to(self.config).parts
            if folder in NOT_ENVIRONMENTS:
                continue
            if path.suffix == ".yml":
                message, hint = (
                    "a file that ends in .yml is not read",
                    f"name it {path.stem}.yaml, or remove it",
                )
            elif len(below) < 2 and path.name != CONFIG:
                message = "a stack file belongs to a workload, and this folder is none"
                hint = (
                    f"move it to sceptre/stacks/<workload>/{path.name}, and link to it in every environment"
                )
            else:
                continue
            problems.append(Problem(self.relative(path), "", message, hint))
        if problems:
            raise ConfigurationError(problems)


def _content(path: Path) -> bytes | None:
    """Return what a file holds; None where it cannot be read, which the loader says of the file itself."""
    try:
        return path.read_bytes()
    except OSError:
        return None
