"""Every stack of another project, read one by one: what is wrong with one hides no other. Pure (REQ-V1)."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from ..errors import ConfigurationError, Problem, of_check
from ..model import Project, Stack
from .folders import Tree
from .outputs import Use, missing_outputs, uses_of
from .reader import BrokenGroupError, Level, Reader
from .stacks import READ, Conversion
from .written import Positions

SEARCHED = 1_000
"""Names among which a similar one is looked for."""


def stack_files(tree: Tree) -> dict[str, str]:
    """Return the name of every stack by its file below config, of those that cannot be opened too."""
    whole = (
        f"{folder}/{file}" if folder else file for folder, files in tree.folders.items() for file in files
    )
    broken = (name for name in tree.broken if name.endswith(".yaml"))
    found = (name for name in (*whole, *broken) if not name.rpartition("/")[2].startswith("config."))
    return {name: name.removesuffix(".yaml") for name in found}


@dataclass(slots=True)
class Loading:
    """One pass over all stack files of a project: the stacks that can be read, and what is wrong with the others."""

    reader: Reader
    conversion: Conversion
    problems: list[Problem] = field(default_factory=list)
    levels: dict[str, tuple[Level, ...]] = field(default_factory=dict)
    stacks: dict[str, Stack] = field(default_factory=dict)
    aside: set[str] = field(default_factory=set)
    uses: dict[str, tuple[Use, ...]] = field(default_factory=dict)

    def run(self) -> None:
        """Read every stack; what is wrong with one hides no other."""
        broken = self.reader.tree.broken
        for file, name in self.conversion.known.items():
            if file not in broken:
                self._read(*_split(file), name)
        positions = Positions(self.reader, self.levels)
        self.problems += missing_outputs(self.stacks, self.uses, self.conversion.known, positions)

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
            if self.stacks[name].dependencies:
                self.uses[name] = tuple(uses_of(config, READ))

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
