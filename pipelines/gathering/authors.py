"""Who made a release, by what git has: authors, committers, co-authors, signers, and who made the tag. I/O (REQ-G2).

They are counted since what last entered the environment, which home recorded: a tag that somebody pushes over their own
commits hides nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.delivery.git import git, resolved
from pipelines.gathering.signatures import Signature
from validator.errors import ConfigurationError, TechnicalError

NOBODY = "noreply@github.com"
"""Who commits what people merge and write on GitHub's pages; the author of that is somebody."""
RELEASES = "v[0-9]*"
"""How the tags of releases begin, as `pipelines.release` has it."""
_FIELDS = "%H%x00%ae%x00%ce%x00%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1f)"
_ADDRESS = re.compile(r"<([^<>]*)>\s*$")


@dataclass(frozen=True, slots=True)
class Written:
    """The commits of a release that are new, and the names of everybody who made any of them, or the tag."""

    commits: tuple[str, ...]
    names: frozenset[str]


def written(root: Path, tag: str, since: Sequence[str], signed: Iterable[Signature] = ()) -> Written:
    """Return who made what a tag has and none of the commits `since` has had; without any: all that it has.

    Raises ConfigurationError in a shallow clone, GitError where git has not all of that either, TechnicalError for a
    commit that names nobody.
    """
    if git(root, "rev-parse", "--is-shallow-repository") == "true":
        raise ConfigurationError.single(
            "this clone is shallow, and who made a release is in what it lacks: `git fetch --unshallow --tags`",
            key="git",
            hint="fetch that, then run the same command again",
        )
    ranges = [[f"refs/tags/{tag}", f"^{one}"] for one in since] or [[f"refs/tags/{tag}"]]
    texts = (git(root, "log", "--no-show-signature", f"--format={_FIELDS}", *each, "--") for each in ranges)
    lines = dict.fromkeys(line for text in texts for line in text.split("\n") if line)
    commits, names = list[str](), {one.signer for one in signed}
    for line in lines:
        commit, author, committer, trailers = line.split("\0")
        if not author.strip():
            raise TechnicalError(f"commit {commit[:12]} has no author's address")
        commits.append(commit)
        names |= {author.strip(), *({committer.strip()} - {NOBODY}), *_addresses(trailers)}
    tagger = git(root, "for-each-ref", "--format=%(taggeremail:trim)", f"refs/tags/{tag}")
    return Written(tuple(commits), frozenset({*names, tagger.strip()} - {""}))


def since_release_before(root: Path, tag: str, commit: str) -> Written:
    """Return who surely made a release, for who cannot ask home: since the release before, as git has tags."""
    has_more = resolved(root, f"{commit}^") and git(root, "tag", "--list", RELEASES, "--merged", f"{commit}^")
    if not has_more:
        return written(root, tag, ())
    before = git(root, "describe", "--tags", "--match", RELEASES, "--abbrev=0", f"{commit}^")
    return written(root, tag, (f"refs/tags/{before}",))


def _addresses(trailers: str) -> set[str]:
    """Return the addresses of trailers; one without an address is kept as it is, as a name that nobody knows."""
    found = (each.strip() for each in trailers.split("\x1f"))
    return {match[1].strip() if (match := _ADDRESS.search(each)) else each for each in found if each}
