"""The files that say what promotions and GitHub ask for, as text, and what is wrong in them for the checks. I/O."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery.policy import policy_of
from pipelines.github import protection_file
from pipelines.promotion import policy_file
from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError, Problem, of_check
from validator.model import Project

if TYPE_CHECKING:
    from pipelines.promotion.policy import Policy

POLICY, PROTECTION = "promotion-policy", "protection"
"""The checks that report them."""


def problems_of(root: Path, project: Project) -> Iterator[Problem]:
    """Yield every mistake in either file, as that of its check, by the readers that deployments and `protect` use.

    A project may have neither: nothing is promoted then. Without GitHub it has no protection. Of an environment that is
    missing another check tells.
    """
    policy_there, protection_there = (
        (root / file).exists() or (root / file).is_symlink()
        for file in (policy_file.FILE, protection_file.FILE)
    )
    # Nobody knows the workloads of stacks that could not be read; what hides them is reported.
    workloads = None if project.unread else sorted({stack.workload for stack in project.stacks})
    policy: Policy | None = None
    if policy_there or protection_there:
        try:
            policy = policy_of(root, ENVIRONMENTS, workloads)
        except ConfigurationError as error:
            yield from of_check(POLICY, error.problems)
    if protection_there:
        try:
            protection_file.check(text_of(root, protection_file.FILE), policy)
        except ConfigurationError as error:
            yield from of_check(PROTECTION, error.problems)


def text_of(root: Path, file: str) -> str:
    """Return one of the files of a project. Raises ConfigurationError where it cannot be read."""
    try:
        return (root / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        hint = "docs/github.md has an example, and --project names the folder of the project"
        raise ConfigurationError.single(f"cannot be read: {reason}", file=file, hint=hint) from None
