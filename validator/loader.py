"""From the Sceptre project on disk to a `Project`: offline, without credentials, without running hooks (REQ-V1).

Sceptre decides what a stack is. `config_reader` replaces how a config file is read, `sceptre_stacks` and
`sceptre_values` turn what Sceptre constructed into our stacks. Of the validator, these modules alone import Sceptre.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sceptre.context import SceptreContext
from sceptre.exceptions import SceptreException
from sceptre.stack import Stack as SceptreStack

from .config_reader import OfflineReader
from .environments import ENVIRONMENTS
from .errors import ConfigurationError, Problem
from .hierarchy import Hierarchy
from .interfaces import Use, broken_interfaces
from .layout import CONFIG, Layout
from .model import Project, Stack, circle
from .sceptre_stacks import Conversion
from .sceptre_values import digest_of, settings_of
from .settings import WorkloadSettings


@dataclass(slots=True)
class Loaded:
    """A project, the settings it was rendered from, and Sceptre's own stacks, which a deployment needs."""

    project: Project
    settings: Mapping[tuple[str, str], WorkloadSettings]
    hierarchy: Hierarchy
    sceptre_stacks: Mapping[str, SceptreStack] = field(default_factory=dict)


def load(root: Path) -> Loaded:
    """Load the whole project below `root`.

    Raises ConfigurationError with every problem that could be seen before the first that hides the rest.
    """
    layout = Layout(root.resolve())
    environments = layout.environments()
    layout.check_same_stacks()
    reader, stacks = _read(layout)
    hierarchy = Hierarchy(reader.documents)
    settings, problems = hierarchy.settings({(e, w): raw for e, w, raw in map(settings_of, stacks)})
    if problems:
        raise ConfigurationError(problems)
    ours = _convert(Conversion(layout, hierarchy, settings), stacks)
    project = Project(environments, ours, tuple(hierarchy.needless()))
    for environment in environments:
        project.batches(environment)
    return Loaded(project, settings, hierarchy, {stack.name: stack for stack in stacks})


def _convert(conversion: Conversion, stacks: list[SceptreStack]) -> tuple[Stack, ...]:
    problems: list[Problem] = []
    found: dict[str, Stack] = {}
    uses: dict[str, tuple[Use, ...]] = {}
    for stack in stacks:
        try:
            found[stack.name], uses[stack.name] = conversion.stack(stack)
        except ConfigurationError as error:
            problems += error.problems
    if not problems:
        problems += broken_interfaces(found, uses, conversion.hierarchy)
    if problems:
        raise ConfigurationError(problems)
    return tuple(found.values())


def _read(layout: Layout) -> tuple[OfflineReader, list[SceptreStack]]:
    """Let Sceptre construct every stack, in promotion order, and collect what is wrong in any file."""
    context = SceptreContext(project_path=str(layout.sceptre), command_path="", full_scan=True)
    reader = OfflineReader(context, layout)
    problems: list[Problem] = []
    stacks: dict[str, SceptreStack] = {}
    groups: dict[str, dict[str, Any]] = {}
    for environment in layout.environments():
        for name in sorted(layout.stack_files(environment)):
            relative = Path(environment, name)
            group = str(relative.parent)
            try:
                if group not in groups:
                    groups[group] = reader._read(f"{group}/{CONFIG}")
                stacks[relative.as_posix()] = reader._construct_stack(relative.as_posix(), groups[group])
            except ConfigurationError as error:
                problems += error.problems
            except SceptreException as error:
                problems.append(_of_sceptre(error, layout, relative))
    known = {
        f"{environment}/{name}" for environment in ENVIRONMENTS for name in layout.stack_files(environment)
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
                problems.append(Problem(file, "dependencies", message, hint))
    if problems:
        raise ConfigurationError(problems)
    reader.resolve_stacks(stacks)
    return reader, list(stacks.values())


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


__all__ = ["Loaded", "OfflineReader", "circle", "digest_of", "load", "settings_of"]
