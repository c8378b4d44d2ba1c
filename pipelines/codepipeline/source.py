"""The source of a release as the pipeline takes it: a zip with git's bundle of the tag, and the tag's name. (REQ-G10)

Made of the tag alone: whoever makes it again gets the same bytes, from another clone too. So an object that is there is
never another one. Objects lie in the pack whole, since which differences a clone keeps is its own affair.
"""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from pathlib import Path

from pipelines.delivery.git import AS_COMMITTED, GitError, commit_of_tag, git
from pipelines.delivery.named import RELEASES
from validator.errors import ConfigurationError

from .builds import BUNDLE, NAME

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can say: that of no clock."""
PACK = (
    *("-c", "core.compression=6", "-c", "pack.useSparse=false", "-c", "pack.usePathWalk=false"),
    *("-c", "pack.useBitmaps=false", "-c", "repack.useDeltaIslands=false"),
    *("pack-objects", "--revs", "--stdout", "--quiet", "--threads=1", "--window=0"),
    *("--no-reuse-delta", "--no-reuse-object"),
)


def source(root: Path, tag: str) -> bytes:
    """Return the zip of a release. Raises ConfigurationError for a name that is no tag, GitError where git fails."""
    if commit_of_tag(root, tag) is None:
        raise ConfigurationError.single(
            f"git has no tag {tag}", key="TAG", hint="`git fetch --tags`, or tag it"
        )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ((NAME, f"{tag}\n".encode()), (BUNDLE, _bundle(root, tag))):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _bundle(root: Path, tag: str) -> bytes:
    """Return git's bundle of a release and of those before it, whose tags tell who made what.

    https://git-scm.com/docs/gitformat-bundle
    """
    names = {tag, *git(root, "tag", "--list", RELEASES, "--merged", f"refs/tags/{tag}").split()}
    ids = {name: git(root, "rev-parse", "--verify", f"refs/tags/{name}") for name in sorted(names)}
    head = "# v2 git bundle\n" + "".join(f"{each} refs/tags/{name}\n" for name, each in ids.items()) + "\n"
    return head.encode() + _pack(root, "".join(f"{each}\n" for each in ids.values()))


def _pack(root: Path, ids: str) -> bytes:
    done = subprocess.run(
        ["git", "-C", str(root), *PACK],
        input=ids.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, **AS_COMMITTED, "LC_ALL": "C"},
    )
    if done.returncode != 0:
        raise GitError(("pack-objects",), done.stderr.decode(errors="replace").strip())
    return done.stdout
