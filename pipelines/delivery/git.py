"""Calling git, with errors in words. The one place of this package that does."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from validator.errors import TechnicalError

_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]{0,200}")
"""What a tag's name may be here; git reads `v1^` and `v1~2` as other commits."""

PROJECT = (".", ":(exclude).lockstep")
"""For git: all files below a project's folder, but for what a machine keeps there (`pipelines.workspace.KEPT_IN`)."""

AS_COMMITTED = {"GIT_NO_REPLACE_OBJECTS": "1", "GIT_GRAFT_FILE": "/dev/null/none"}
"""For git: every commit is what was committed, and has the parents it had, whatever this clone puts in its place.

https://git-scm.com/docs/git-replace
"""


class GitError(TechnicalError):
    """git refused something; `said` is what it wrote."""

    def __init__(self, arguments: tuple[str, ...], said: str) -> None:
        self.said = said
        super().__init__(f"git {arguments[0]} failed: {said or 'it gave no reason'}")


def git(root: Path, *arguments: str, environment: dict[str, str] | None = None) -> str:
    """Return what git says, without blanks around it. Raises GitError where it refuses, or is not there.

    It asks nobody for a password: a run that nobody watches ends instead of waiting.
    """
    variables = {
        **os.environ,
        **AS_COMMITTED,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        **(environment or {}),
    }
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False, env=variables
        )
    except FileNotFoundError:
        raise GitError(arguments, "git is not installed; install git 2.30 or newer") from None
    if done.returncode != 0:
        raise GitError(arguments, done.stderr.strip().expandtabs(2))
    return done.stdout.strip()


def resolved(root: Path, name: str) -> str | None:
    """Return the full id that a name stands for, such as `refs/heads/env/dev` or `v1.2.0^{tree}`; None for none."""
    try:
        return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", name) or None
    except GitError as error:
        if error.said:
            raise
        return None


def commit_of_tag(root: Path, name: str) -> str | None:
    """Return the commit of a tag; None for a name that is no tag."""
    return resolved(root, f"refs/tags/{name}^{{commit}}") if _TAG.fullmatch(name) else None


def tree_of_tag(root: Path, name: str) -> str | None:
    """Return the id of the files of a tag; None for a name that is no tag."""
    return resolved(root, f"refs/tags/{name}^{{tree}}") if _TAG.fullmatch(name) else None
