"""What is being deployed: the git commit that is checked out, and the tags it puts on a stack (REQ-P6)."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery.git import AS_COMMITTED, PROJECT
from validator.errors import ConfigurationError

if TYPE_CHECKING:
    from sceptre.stack import Stack as SceptreStack

TAG_OF = {"version": "Version", "commit": "SourceCommit", "time": "DeployedAt"}


@dataclass(frozen=True, slots=True)
class Release:
    """A state of the repository: `version` from the nearest tag, full commit, time of the commit in ISO 8601."""

    version: str
    commit: str
    time: str

    def tags(self) -> dict[str, str]:
        """Return the per-release tags. `DeployedAt` is the release's time, not the clock (REQ-P6)."""
        return {TAG_OF["version"]: self.version, TAG_OF["commit"]: self.commit, TAG_OF["time"]: self.time}


def _git(root: Path, *arguments: str) -> str:
    return _said(root, *arguments).decode(errors="surrogateescape").strip()


def _said(root: Path, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            check=True,
            env={**os.environ, **AS_COMMITTED},
        )
    except FileNotFoundError:
        raise ConfigurationError.single("git is not installed", hint="install git 2.30 or newer") from None
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise ConfigurationError.single(
            f"git cannot tell the release: {said or 'no commit'}",
            hint="deploy from a git checkout with at least one commit",
        ) from None
    return done.stdout


def _untracked(root: Path) -> list[bytes]:
    """Return the files of the project that git neither has nor ignores: they are deployed as all others are."""
    listed = _said(root, "ls-files", "--others", "--exclude-standard", "-z", "--", *PROJECT)
    return sorted(filter(None, listed.split(b"\0")))


def _difference(root: Path, untracked: Iterable[bytes]) -> str:
    """Return the beginning of a digest of what differs from the commit, and of the files that no commit has."""
    shown = ("--binary", "--no-ext-diff", "--no-textconv", "--no-color")
    digest = hashlib.sha256(_said(root, "diff", *shown, "HEAD"))
    for name in untracked:
        digest.update(b"\0" + name + b"\0" + _content(root / os.fsdecode(name)))
    return digest.hexdigest()[:10]


def _content(path: Path) -> bytes:
    """Return a digest of a file, a link, or another repository: git goes into none."""
    try:
        if path.is_symlink():
            return hashlib.sha256(os.fsencode(path.readlink())).digest()
        if path.is_dir():
            parts = sorted(one for one in path.iterdir() if one.name != ".git")
            return hashlib.sha256(b"".join(_content(one) + os.fsencode(one.name) for one in parts)).digest()
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise ConfigurationError.single(
            f"cannot be read: {error.strerror}", file=str(path), hint="make it readable, or delete it"
        ) from None


_NAMED: dict[Path, str] = {}
"""What somebody asked for by its tag, by the folder with its files."""


def named(root: Path, tag: str) -> Release:
    """Return the release `tag` that is checked out at `root`, and let it have that name from now on.

    A commit may have further tags, which anybody may make who may push: they rename nothing. Raises ConfigurationError
    where something else is checked out there.
    """
    if tag not in _git(root, "tag", "--points-at", "HEAD").splitlines():
        raise ConfigurationError.single(f"{tag} is not what is checked out", hint=f"check out {tag}")
    _NAMED[root] = tag
    return checked_out(root)


def checked_out(root: Path) -> Release:
    """Return the release that is checked out at `root`.

    The version is the tag at or before the commit (`v1.2.0`, `v1.2.0-3-gabc1234`), or the short commit where
    there is no tag; `-dirty.` and a digest say that files differ from the commit, or that it has not all of them, and
    how: one name stands for one content (REQ-C8). What git ignores does not count.
    """
    return _read(root, _NAMED.get(root))


@functools.cache
def _read(root: Path, tag: str | None) -> Release:
    # A tag that somebody made may say another name than its own, which is what git would describe a commit by.
    those = ("--exclude", "*") if tag else ("--match", "v[0-9]*")
    described = _git(root, "describe", "--tags", "--dirty", "--always", *those)
    version = tag + "-dirty" * described.endswith("-dirty") if tag else described
    untracked = _untracked(root)
    if untracked or version.endswith("-dirty"):
        version = f"{version.removesuffix('-dirty')}-dirty.{_difference(root, untracked)}"
    commit, time = _git(root, "show", "--no-patch", "--no-show-signature", "--format=%H %cI", "HEAD").split()
    return Release(version, commit, time)


_carried_lock = threading.Lock()


def carried_tags(stack: SceptreStack) -> Mapping[str, str] | None:
    """Return the live tags of a stack that a deployment would not change, or None where it would."""
    from pipelines.aws import Aws
    from pipelines.live import read_stack
    from validator.loader import digest_of

    with _carried_lock:
        if not hasattr(stack, "_lockstep_carried"):
            live = read_stack(Aws.of_stack(stack), stack.external_name)
            unchanged = live is not None and live.stands and live.digest == digest_of(stack)
            stack._lockstep_carried = live.tags if live is not None and unchanged else None
        carried: Mapping[str, str] | None = stack._lockstep_carried
        return carried
