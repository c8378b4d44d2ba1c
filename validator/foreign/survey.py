"""A Sceptre project that was not born here, loaded: every stack that can be read, and what is wrong with the rest."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..checks import CHECKS
from ..errors import ConfigurationError, Problem, of_check
from ..loader import Loaded, circles
from ..model import Stack
from ..strict_yaml import Document
from .description import FILE, NAMED, Description, check_environment, read_description
from .environments import Environments, found_in, matches
from .folders import Folders, Tree, described, folder_of
from .loading import Loading, stack_files
from .reader import Reader
from .stacks import Conversion
from .templates import Templates
from .written import Positions

HARMLESS = frozenset({"sceptre-keys", "template"})
"""Checks whose problems, found while loading, hide no stack but the one: rendering goes on without it."""


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
    loading = Loading(reader, Conversion(found, Templates(folders), identity, stack_files(tree)))
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
