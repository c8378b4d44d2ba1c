"""Who signed the commits of a release, of the keys that the project allowed before it. I/O (REQ-G2).

It is what `git verify-commit` finds, for all commits at once: signatures with SSH keys of an allowed signers file. What
gpg would verify by a keyring of this machine counts for nothing: nobody reviewed that.

https://git-scm.com/docs/git-config#Documentation/git-config.txt-gpgsshallowedSignersFile
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.delivery.git import GitError, git, resolved
from validator.errors import FailureError

FILE = "pipelines/allowed_signers"
"""Whose keys count, in the form of ssh-keygen(1), "ALLOWED SIGNERS"."""
_FIELDS = "%H%x00%P%x00%G?%x00%GS"
_GOOD = "G"
_NO_GPG = [
    part
    for name in ("gpg.program", "gpg.openpgp.program", "gpg.x509.program")
    for part in ("-c", f"{name}=false")
]


@dataclass(frozen=True, slots=True)
class Signature:
    """A commit, and who signed it: a name of the allowed signers, empty for nobody whom that has."""

    commit: str
    signer: str


def signatures(root: Path, tag: str, since: Sequence[str], allowed_by: str) -> tuple[Signature, ...]:
    """Return who signed what a tag has and none of the commits `since` has had, by the file of commit `allowed_by`.

    A merge that has nothing of its own needs no signature, and is left out: GitHub merges with a key of its own. Raises
    FailureError where that commit has no such file, GitError where git has not all of that.
    """
    if not resolved(root, f"{allowed_by}:./{FILE}"):
        raise FailureError(f"what runs there, commit {allowed_by[:12]}, has no {FILE}")
    allowed = git(root, "show", f"{allowed_by}:./{FILE}")
    found: dict[str, Signature] = {}
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".signers") as file:
        file.write(allowed + "\n")
        file.flush()
        for one in since:
            found |= {each.commit: each for each in _looked(root, file.name, f"refs/tags/{tag}", f"^{one}")}
    return tuple(found.values())


def _looked(root: Path, allowed: str, *commits: str) -> Iterator[Signature]:
    verifying = [*_NO_GPG, "-c", f"gpg.ssh.allowedSignersFile={allowed}", "--no-replace-objects"]
    text = git(root, *verifying, "log", "--no-show-signature", f"--format={_FIELDS}", *commits, "--")
    for line in filter(None, text.split("\n")):
        commit, parents, state, signer = line.split("\0")
        if state == _GOOD:
            yield Signature(commit, signer.strip())
        elif not _is_plain_merge(root, commit, parents.split()):
            yield Signature(commit, "")


def _is_plain_merge(root: Path, commit: str, parents: Sequence[str]) -> bool:
    """Tell whether a commit has what git makes of its two parents by itself, and no more."""
    if len(parents) != 2:
        return False
    try:
        merged = git(root, "--no-replace-objects", "merge-tree", "--write-tree", *parents)
    except GitError:  # A conflict, which somebody resolved; or a git older than 2.38.
        return False
    return merged == resolved(root, f"{commit}^{{tree}}")
