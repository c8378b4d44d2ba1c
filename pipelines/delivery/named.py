"""Which release is meant: by its tag, or by the files that are checked out. I/O (REQ-G1).

An environment's branch has the files of a release, and a commit of its own: promotions are merged.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from validator.errors import ConfigurationError

from .git import git, resolved, tree_of_tag
from .policy import policy_of

HERE = "@"
"""As git calls what is checked out."""
RELEASES = "v[0-9]*"


def named(root: Path, tag: str, environment: str) -> str:
    """Return the release that `tag` names; for `@` the one whose files are those of what is checked out.

    Of several with the very same files it is the one that the environment before `environment` says succeeded there;
    for the first environment, its own last. Raises ConfigurationError where no release has them, or nobody says which.
    """
    if tag != HERE:
        return tag
    places = _before(root, environment) if len(releases_of(root, "HEAD")) > 1 else ()
    found = release_of(root, "HEAD", places)
    if not found:
        raise ConfigurationError.single(
            "what is checked out are the files of no release",
            key="--release",
            hint="check out a release or a branch that has the files of one, with its tags (`git fetch --tags`); "
            f"where a merge left out what was taken back, see `lockstep promote {environment}`",
        )
    return found


def release_of(root: Path, name: str, places: Iterable[str]) -> str:
    """Return the release that has the files of a commit or a branch; empty for none.

    Of several it is the one that last succeeded in one of `places`, by the tags of what was deployed there: a version
    says nothing of that, and a tag is soon put. The gates ask the table of whichever it is. Raises ConfigurationError
    where no place says which.
    """
    found = releases_of(root, name)
    if len(found) < 2:
        return "".join(found)
    for place in places:
        for tag in _succeeded(root, place):
            if tag in found:
                return tag
    raise ConfigurationError.single(
        f"{', '.join(found)} have the very same files, and no tag says which of them was deployed",
        key="--release",
        hint="say which, as `--release TAG`; where a promotion stops, deploy that by name where it comes from",
    )


def _before(root: Path, environment: str) -> tuple[str, ...]:
    """Return where a release comes from that enters an environment; the first one comes from nowhere else."""
    from pipelines.workspace import Workspace

    policy = policy_of(root, Workspace(root).project().environments)
    source = policy.of(environment).source if environment in policy.order else None
    return (source or environment,)


def _succeeded(root: Path, environment: str) -> list[str]:
    """Return the releases that succeeded in an environment, the last first, as `returning.mark` writes them."""
    shown = "--format=%(objecttype) %(contents:subject)"
    lines = git(root, "for-each-ref", "--sort=-version:refname", shown, f"refs/tags/deployed/{environment}/")
    end = f" succeeded in {environment}"
    return [
        line.removeprefix("tag ").removesuffix(end)
        for line in lines.splitlines()
        if line.startswith("tag ") and line.endswith(end)
    ]


def releases_of(root: Path, name: str) -> tuple[str, ...]:
    """Return every release that has the files of a commit or a branch, the newest first."""
    tree = resolved(root, f"{name}^{{tree}}")
    if tree is None:
        return ()
    tags = git(root, "tag", "--list", RELEASES, "--sort=-version:refname").split()
    return tuple(tag for tag in tags if tree_of_tag(root, tag) == tree)
