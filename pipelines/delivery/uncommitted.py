"""What somebody has not committed, where a branch is checked out that is to move: none of it is lost. I/O."""

from __future__ import annotations

from pathlib import Path

from pipelines.delivery.git import git
from validator.errors import ConfigurationError

SHOWN = 5
"""How many files are named."""


def refuse_uncommitted(root: Path, branch: str, target: str) -> None:
    """Raise ConfigurationError where a branch cannot get the files of `target` without losing what is not committed.

    That is where it is checked out, and one of the files that would change differs from its commit or is new.
    """
    if git(root, "branch", "--show-current") != branch:
        return
    own = _names(git(root, "diff", "--name-only", "-z", "HEAD"))
    own |= _names(git(root, "ls-files", "--others", "--exclude-standard", "--full-name", "-z"))
    if lost := sorted(own & _names(git(root, "diff", "--name-only", "-z", "HEAD", target))):
        more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
        raise ConfigurationError.single(
            f"{branch} is checked out here, and would lose what is not committed of {', '.join(lost[:SHOWN])}{more}; "
            "nothing is changed",
            key="git",
            hint="commit that on a branch of its own, or put it aside with `git stash --include-untracked`, then run "
            "the same command again",
        )


def _names(listed: str) -> set[str]:
    return set(listed.split("\0")) - {""}
