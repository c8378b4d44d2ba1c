"""The policy of promotion: of a release's files, of the folder that a command runs in, or of a commit. I/O."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery.git import commit_of_tag, git, resolved
from validator.errors import ConfigurationError, LockstepError, TechnicalError

if TYPE_CHECKING:
    from pipelines.promotion.policy import Policy


def policy_of(root: Path, environments: tuple[str, ...], workloads: Sequence[str] | None = None) -> Policy:
    """Return the policy in a folder; `environments` and `workloads` are the project's.

    Raises ConfigurationError for none, a wrong one, or a link: git keeps where that leads, and no policy.
    """
    from pipelines.promotion.policy_file import FILE, read

    if any((root / each).is_symlink() for each in (FILE, Path(FILE).parent)):
        hint = "put the policy itself there: of a link, git keeps only where it leads"
        raise ConfigurationError.single("is a link", file=FILE, hint=hint)
    try:
        text = (root / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        hint = "write the policy; docs/promotion.md has its form"
        raise ConfigurationError.single(f"cannot be read: {reason}", file=FILE, hint=hint) from None
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


def stateful_here(root: Path, environments: tuple[str, ...], warn: Callable[[str], None]) -> frozenset[str]:
    """Return the types that hold data where no release is: those that the folder says hold it (REQ-R3).

    A project without a policy has none, of which `warn` is told. Raises ConfigurationError for a wrong one.
    """
    from pipelines.promotion.policy_file import FILE

    if not os.path.lexists(root / FILE):
        warn(
            f"{FILE} is not there, so that nothing says what holds data: what is replaced or deleted stops nobody"
        )
        return frozenset()
    return frozenset().union(*(rule.stateful for rule in policy_of(root, environments).rules))


def stateful_of(
    root: Path,
    environments: tuple[str, ...],
    environment: str,
    tags: Iterable[str],
    warn: Callable[[str], None],
) -> frozenset[str]:
    """Return the types that hold data where a release comes back: those that any policy says hold it (REQ-R3).

    `tags` are the release that comes back and those whose place it takes: that a folder, or a bad release, says less
    takes nothing along. One that is no tag has no say, nor has one whose policy cannot be read, of which `warn` is
    told: a bad release must not stop the way back from it. Raises the error where none can be read.
    """
    found, errors = list["Policy"](), list[LockstepError]()
    for tag in (None, *dict.fromkeys(tags)):
        try:
            commit = commit_of_tag(root, tag) if tag else None
            policy = policy_at(root, commit, environments) if commit else None
            found += [policy_of(root, environments)] if tag is None else [policy] if policy else []
        except LockstepError as error:
            errors.append(error)
            warn(f"what {tag or 'the folder'} says holds data cannot be read: {str(error).splitlines()[0]}")
    if errors and not found:
        raise errors[0]
    return frozenset().union(*(one.of(environment).stateful for one in found))
