"""The policy of promotion that is in force: that of the folder the command runs in, or of a commit. I/O."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery.git import git, resolved
from validator.errors import ConfigurationError, TechnicalError

if TYPE_CHECKING:
    from pipelines.promotion.policy import Policy


def policy_of(root: Path, environments: tuple[str, ...], workloads: Sequence[str] | None = None) -> Policy:
    """Return the policy; `environments` and `workloads` are the project's.

    Raises ConfigurationError for none, or a wrong one.
    """
    from pipelines.promotion.policy_file import FILE, read

    try:
        text = (root / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "write the policy; docs/promotion.md has its form"
        raise ConfigurationError.single(f"cannot be read: {error}", file=FILE, hint=hint) from None
    return read(text, FILE, environments, workloads)


def policy_at(root: Path, commit: str, environments: tuple[str, ...]) -> Policy | None:
    """Return the policy that a commit has, None where it has none.

    Raises TechnicalError where it cannot be read: somebody was let in by it, so this Lockstep reads another form.
    """
    from pipelines.promotion.policy_file import FILE, read

    if resolved(root, f"{commit}:./{FILE}") is None:
        return None
    try:
        return read(git(root, "show", f"{commit}:./{FILE}"), FILE, environments)
    except ConfigurationError as error:
        reasons = "; ".join(f"{one.key}: {one.message}" for one in error.problems)
        raise TechnicalError(
            f"the policy of what runs there, of commit {commit[:12]}, cannot be read: {reasons}\n"
            "  mend: deploy a release whose policy both Locksteps read, by the Lockstep of what runs there"
        ) from None
