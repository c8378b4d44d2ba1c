"""A Sceptre project that was not born here, loaded: every stack that can be read, and what is wrong with the rest."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..checks import CHECKS
from ..errors import ConfigurationError, Problem, of_check
from ..loader import Loaded, circles
from ..model import Project, Stack
from ..strict_yaml import Document
from .description import FILE, NAMED, Description, check_environment, read_description
from .environments import Environments, found_in, matches
from .folders import Folders, Tree, described, folder_of
from .reader import BrokenGroupError, Level, Reader
from .stacks import Conversion
from .templates import Templates
from .written import Positions

HARMLESS = frozenset({"sceptre-keys", "template"})
"""Checks whose problems, found while loading, hide no stack but the one: rendering goes on without it."""
SEARCHED = 1_000
"""Names among which a similar one is looked for."""


def survey(
    root: Path, environments: Mapping[str, str] | None = None, variables: Mapping[str, Any] | None = None
) -> Loaded:
    """Load what can be loaded of the project below `root`, without running anything of it.

    `environments` names the folder of each environment, and `variables` is what `{{ var.x }}` stands for; both win over
    the project's lockstep.yaml. Raises ConfigurationError where there is no project, or its lockstep.yaml is wrong.
    """
    root = root.resolve()
    description, document = describe(root)
    folders = Folders(root, folder_of(root, description.sceptre))
    tree = folders.tree()
    found = _environments(tree, environments, description, document)
    reader = Reader(folders, tree, {**description.variables, **(variables or {})})
    identity = frozenset(description.identity.parameters)
    loading = _Loading(reader, Conversion(found, Templates(folders), identity, _stack_files(tree)))
    loading.run()
    project = loading.project()
    problems = (
        *of_check("config-files", tree.problems),
        *reader.problems,
        *loading.problems,
        *circles(project, ""),
    )
    return Loaded(
        project=replace(
            project, warnings=tuple(problem for problem in problems if problem.check in HARMLESS)
        ),
        settings={},
        hierarchy=Positions(reader, loading.levels),
        problems=problems,
        house=False,
        required_tags=tuple(description.tags),
        pattern=lambda stack: pattern_of(description.naming, stack),
        without=frozenset(description.checks.without),
    )


def sources(root: Path) -> tuple[str, ...]:
    """Return the folders that a project's stacks are read from, as `survey` finds them."""
    folder = folder_of(root, describe(root)[0].sceptre)
    return tuple("/".join(part for part in (folder, name) if part) for name in ("config", "templates"))


def describe(root: Path) -> tuple[Description, Document]:
    """Return what the project says of itself, and where; raises ConfigurationError for what is wrong in it."""
    text = described(root)
    return read_description(text or "", tuple(CHECKS))


def pattern_of(pattern: str, stack: Stack) -> str:
    """Return the pattern of the names of a stack's resources; empty where the stack has not all that it names."""
    values = dict(
        zip(
            NAMED,
            (stack.environment, stack.workload, stack.region, stack.account, stack.short_name),
            strict=True,
        )
    )
    if any(f"{{{name}}}" in pattern and not value for name, value in values.items()):
        return ""
    return pattern.format(**values)


def _environments(
    tree: Tree, given: Mapping[str, str] | None, description: Description, document: Document
) -> Environments:
    """Return the environments that are given, or else found; raises ConfigurationError for one that has no folder."""
    groups = [folder for folder in tree.folders if folder]
    chosen = given or description.environments
    if chosen is None:
        return found_in(folder for folder in groups if _holds_stacks(folder, tree))
    problems = []
    for name, folder in chosen.items():
        try:
            check_environment(name, folder)
        except ValueError as error:
            problems.append(
                Problem("", "--environment", str(error), "write NAME=FOLDER, such as dev=accounts/dev")
            )
            continue
        if not any(matches(group.split("/"), folder.split("/")) for group in groups):
            close = difflib.get_close_matches(folder, groups, n=1)
            top = ", ".join(group for group in groups if "/" not in group)
            hint = f"did you mean `{close[0]}`?" if close else f"below config there are: {top}"
            message = f"the environment {name} has no folder {folder} below config"
            line = document.lines.get(("environments", name)) or document.lines.get(("environments",))
            place = ("", f"--environment {name}", None) if given else (FILE, f"environments.{name}", line)
            problems.append(Problem(place[0], place[1], message, hint, place[2]))
    if problems:
        raise ConfigurationError(problems)
    return Environments(dict(chosen))


def _holds_stacks(folder: str, tree: Tree) -> bool:
    return any(not name.startswith("config.") for name in tree.folders[folder])


def _stack_files(tree: Tree) -> dict[str, str]:
    """Return the name of every stack by its file below config, of those that cannot be opened too."""
    whole = (
        f"{folder}/{file}" if folder else file for folder, files in tree.folders.items() for file in files
    )
    broken = (name for name in tree.broken if name.endswith(".yaml"))
    found = (name for name in (*whole, *broken) if not name.rpartition("/")[2].startswith("config."))
    return {name: name.removesuffix(".yaml") for name in found}


@dataclass(slots=True)
class _Loading:
    """One pass over all stack files."""

    reader: Reader
    conversion: Conversion
    problems: list[Problem] = field(default_factory=list)
    levels: dict[str, tuple[Level, ...]] = field(default_factory=dict)
    stacks: dict[str, Stack] = field(default_factory=dict)
    aside: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Read every stack; what is wrong with one hides no other."""
        broken = self.reader.tree.broken
        for file, name in self.conversion.known.items():
            if file not in broken:
                self._read(*_split(file), name)

    def _read(self, folder: str, file: str, name: str) -> None:
        shown = self.reader.shown(folder, file)
        try:
            config, self.levels[name] = self.reader.stack(folder, file)
            if config.get("ignore") or config.get("obsolete"):
                self.aside.add(name)  # Sceptre does not deploy it.
                return
            self.stacks[name], missing = self.conversion.stack(name, shown, config)
        except BrokenGroupError:
            return
        except ConfigurationError as error:
            environment = self.conversion.environments.place(folder).environment
            placed = [self._placed(name, problem) for problem in error.problems]
            self.problems += of_check("config-files", placed, *filter(None, [environment]))
        else:
            self.problems += self._strangers(self.stacks[name], missing)

    def _placed(self, name: str, problem: Problem) -> Problem:
        """Return a problem at the file and line that its key is written in."""
        if not problem.key or problem.line is not None or problem.key == "j2_environment":
            return problem
        positions = Positions(self.reader, self.levels)
        file, line = positions.written(name, problem.file, tuple(problem.key.split(".", 1)))
        return replace(problem, file=file, line=line)

    def project(self) -> Project:
        """Return the project of what was read, its dependencies among one another."""
        environments = self.conversion.environments.names
        rank = {name: index for index, name in enumerate(environments)}
        names = set(self.conversion.known.values())
        gone = names - self.stacks.keys()
        whole = [_without(stack, gone) for stack in self.stacks.values()]
        whole.sort(key=lambda stack: (rank.get(stack.environment, len(rank)), stack.name))
        unread = frozenset(self._called(name) for name in gone - self.aside)
        return Project(environments, tuple(whole), (), unread)

    def _called(self, name: str) -> str:
        """Return a stack as `environment/path`, which is how stacks are compared; its name where it is in none."""
        group, last = _split(name)
        place = self.conversion.environments.place(group)
        parts = (place.environment, place.path, last)
        return "/".join(part for part in parts if part) if place.environment else name

    def _strangers(self, stack: Stack, missing: list[str]) -> Iterator[Problem]:
        """Yield a problem for each stack file that is depended on and does not exist."""
        positions = Positions(self.reader, self.levels)
        for file in missing:
            readers = (key for key, text in stack.resolvers.items() if f"!stack_output {file}::" in text)
            key = next(readers, "dependencies")
            place, line = positions.written(stack.name, stack.file, tuple(key.split(".", 1)))
            message = f"depends on the stack {file}, which does not exist"
            where = (stack.environment,) if stack.environment else ()
            yield Problem(place, key, message, self._meant(file), line, "interfaces", where)

    def _meant(self, file: str) -> str:
        alike = [name for name in self.conversion.known if _split(name)[1] == _split(file)[1]]
        known = alike or list(self.conversion.known)
        close = difflib.get_close_matches(file, known[:SEARCHED], n=1)
        return f"did you mean `{close[0]}`?" if close else "name the file of a stack, from config down"


def _split(name: str) -> tuple[str, str]:
    folder, _, last = name.rpartition("/")
    return folder, last


def _without(stack: Stack, gone: set[str]) -> Stack:
    """Return a stack without its dependencies on stacks that were not read, of which something else says why."""
    if gone.isdisjoint(stack.dependencies):
        return stack
    return replace(stack, dependencies=tuple(name for name in stack.dependencies if name not in gone))
