"""From the Sceptre project on disk to a `Project`: offline, without credentials, without running hooks (REQ-V1).

Sceptre decides what a stack is. `config_reader` replaces how a config file is read, `sceptre_stacks` and
`sceptre_values` turn what Sceptre constructed into our stacks. Of the validator, these modules alone import Sceptre.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sceptre.context import SceptreContext
from sceptre.exceptions import SceptreException
from sceptre.stack import Stack as SceptreStack

from .config_reader import OfflineReader
from .environments import SHARED
from .errors import ConfigurationError, Problem, of_check
from .hierarchy import Hierarchy
from .interfaces import Use, broken_interfaces, completed
from .layout import CONFIG, Layout
from .model import REQUIRED_TAGS, Project, Stack
from .places import Written
from .sceptre_stacks import Conversion
from .sceptre_values import digest_of, settings_of
from .settings import WorkloadSettings


@dataclass(slots=True)
class Loaded:
    """A project, the settings it was rendered from, and Sceptre's own stacks, which a deployment needs.

    `problems` is everything wrong that could be seen, each with the check that it belongs to. `house` says whether the
    project is of Lockstep's own form. Another (validator/foreign) has neither settings nor Sceptre's stacks; it chooses
    its `required_tags`, the `pattern` of a stack's names, and the ids of checks that it does `without`. `mended` are
    the settings, by group and path, that are wrong in an environment and another's there: nothing follows from them.
    """

    project: Project
    settings: Mapping[tuple[str, str], WorkloadSettings]
    hierarchy: Written
    sceptre_stacks: Mapping[str, SceptreStack] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    house: bool = True
    required_tags: tuple[str, ...] = REQUIRED_TAGS
    pattern: Callable[[Stack], str] | None = None
    without: frozenset[str] = frozenset()
    mended: frozenset[tuple[str, str]] = frozenset()

    def naming(self, stack: Stack) -> str:
        """Return the pattern of the names of a stack's resources (REQ-P5); empty for none."""
        if self.pattern is not None:
            return self.pattern(stack)
        settings = self.settings[stack.environment, stack.group]
        return f"{settings.name_prefix}*{settings.name_suffix}"


def load(root: Path) -> Loaded:
    """Load the whole project below `root`; raises ConfigurationError with every problem that could be seen."""
    loaded = survey(root)
    if loaded.problems:
        raise ConfigurationError(loaded.problems)
    return loaded


def survey(root: Path) -> Loaded:
    """Load what can be loaded of the project below `root`, and say what is wrong with the rest.

    Raises ConfigurationError where there is no project at all.
    """
    layout = Layout(root.resolve())
    environments = layout.environments()
    problems = list(layout.problems())
    reader, stacks, found = _read(layout)
    problems += found
    hierarchy = Hierarchy(reader.documents, reader.lost)
    settings, found, mended = hierarchy.settings({(e, g): raw for e, g, raw in map(settings_of, stacks)})
    problems += found
    packages: dict[str, str] = {}
    for stack in stacks:
        stack._lockstep_packages = packages  # By name, for the resolvers: worked out once for all stacks.
        if settings_of(stack)[:2] in mended:
            stack._lockstep_settings = settings[settings_of(stack)[:2]]
    sound = [stack for stack in stacks if settings_of(stack)[:2] in settings]
    ours, found = _convert(Conversion(layout, hierarchy, settings), sound)
    problems += found
    read = {stack.name for stack in ours}
    files = {f"{name}/{file}" for name in layout.places() for file in layout.stack_files(name)}
    unread = frozenset({file.removesuffix(".yaml") for file in files} - read)
    places = {(name.split("/", 1)[0], name.split("/", 1)[1].rpartition("/")[0]) for name in read | unread}
    project = Project(environments, ours, tuple(hierarchy.needless(places)), unread)
    problems += circles(project, SHARED)
    return Loaded(
        project,
        settings,
        hierarchy,
        {stack.name: stack for stack in stacks},
        tuple(problems),
        mended=frozenset((group, ".".join(path)) for (_, group), paths in mended.items() for path in paths),
    )


def circles(project: Project, *more: str) -> Iterator[Problem]:
    """Yield a problem for each circle of dependencies in an environment; `more` environments are looked at too."""
    for environment in (*project.environments, *more):
        try:
            project.batches(environment)
        except ConfigurationError as error:
            yield from of_check("stack-files", error.problems, *filter(None, [environment]))


def _convert(conversion: Conversion, stacks: list[SceptreStack]) -> tuple[tuple[Stack, ...], list[Problem]]:
    problems: list[Problem] = []
    found: dict[str, Stack] = {}
    uses: dict[str, tuple[Use, ...]] = {}
    for stack in stacks:
        environment = stack.name.split("/")[0]
        try:
            found[stack.name], uses[stack.name], wrong = conversion.stack(stack)
        except ConfigurationError as error:
            wrong = error.problems
        problems += of_check("config-files", wrong, environment)
    for name, problem in broken_interfaces(found, uses, conversion.hierarchy):
        problems += of_check("interfaces", [problem], name.split("/")[0])
    if not problems and not any(conversion.hierarchy.lost.values()):
        return tuple(found.values()), problems
    return tuple(completed(stack, found.values(), conversion.hierarchy) for stack in found.values()), problems


def _read(layout: Layout) -> tuple[OfflineReader, list[SceptreStack], list[Problem]]:
    """Let Sceptre construct every stack, in promotion order, and collect what is wrong in any file."""
    context = SceptreContext(project_path=str(layout.sceptre), command_path="", full_scan=True)
    reader = OfflineReader(context, layout)
    problems: list[Problem] = []
    stacks: dict[str, SceptreStack] = {}
    groups: dict[str, dict[str, Any] | None] = {}

    def is_lost(problem: Problem, stack: Path) -> bool:
        hierarchy = Hierarchy(reader.documents, reader.lost)
        shown = layout.shown(layout.config / stack)
        return hierarchy.is_lost(stack.as_posix(), shown, (problem.key or "template",))

    for environment in layout.places():
        for name in sorted(layout.stack_files(environment)):
            relative = Path(environment, name)
            group = str(relative.parent)
            if not (layout.config / relative).exists():
                continue  # A link to nothing, which the layout says.
            try:
                if group not in groups:
                    groups[group] = None  # Until it is read: what is wrong with it is said once.
                    groups[group] = reader._read(f"{group}/{CONFIG}")
                config = groups[group]
                if config is not None:
                    stacks[relative.as_posix()] = reader._construct_stack(relative.as_posix(), config)
            except ConfigurationError as error:
                problems += of_check("config-files", error.problems, environment)
            except SceptreException as error:
                problem = _of_sceptre(error, layout, relative)
                if not is_lost(problem, relative):
                    problems += of_check("config-files", [problem], environment)
            problems += of_check("config-files", reader.problems, environment)
            reader.problems.clear()
    problems = list({(problem, problem.environments): problem for problem in problems}.values())
    problems += of_check("interfaces", _dependencies(layout, stacks))
    reader.resolve_stacks(stacks)
    return reader, list(stacks.values()), problems


def _dependencies(layout: Layout, stacks: dict[str, SceptreStack]) -> Iterator[Problem]:
    """Yield a problem for each dependency on a stack that does not exist, and leave the dependency out.

    One on a stack that could not be read is left out without a word: what is wrong with that is said already.
    """
    known = {
        f"{environment}/{name}" for environment in layout.places() for name in layout.stack_files(environment)
    }
    for name, stack in stacks.items():
        for dependency in stack.dependencies:
            if dependency not in known:
                file = layout.shown(layout.config / name)
                wanted = dependency.split("/", 2)[-1].removesuffix(".yaml")
                message = f"depends on the stack {wanted}, which does not exist"
                hint = (
                    "correct the name in `!output` or `dependencies`, or add that stack to every environment"
                )
                yield Problem(file, "dependencies", message, hint, environments=(name.split("/")[0],))
        stack.dependencies = [dependency for dependency in stack.dependencies if dependency in stacks]


def _of_sceptre(error: SceptreException, layout: Layout, stack_file: Path) -> Problem:
    """Place one of Sceptre's own errors; a required key that is missing belongs to the stack's group."""
    text = str(error)
    if text.startswith("Required attribute"):
        key = text.split("'")[1]
        # The project's code is every environment's; a region is the workload's own.
        folder = "" if key == "project_code" else f"{stack_file.parent.as_posix()}/"
        hint = f"give `{key}` here" if not folder else f"give `{key}` here or in a config.yaml above"
        return Problem(f"sceptre/config/{folder}{CONFIG}", key, "is missing", hint)
    return Problem(layout.shown(layout.config / stack_file), "", text, "correct what the message names")


__all__ = ["Loaded", "OfflineReader", "digest_of", "load", "settings_of", "survey"]
