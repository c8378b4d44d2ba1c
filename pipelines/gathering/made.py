"""A release with who made it, and the list of who is who, as far as either can be had. I/O (REQ-G2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery.git import commit_of_tag
from pipelines.promotion.evidence import Missing, Tag
from pipelines.promotion.people import People
from pipelines.promotion.policy import Rule

from .authors import written
from .known import known
from .signatures import Signature, signatures
from .standing import entered, people_of

if TYPE_CHECKING:
    from pipelines.home import Home

Named = Callable[[Tag, Sequence[str], "People | None"], Tag]
"""Returns a tag with the logins of who made it: of the tag, its new commits, and the list of people."""
Made = tuple[Tag | Missing | None, People | Missing | None]


def made(
    root: Path, tag: str, rule: Rule, workloads: Iterable[str], home: Home | Missing, named: Named
) -> Made:
    """Return a release before it enters the environment of a rule; None for a name that is no tag."""
    commit = known(lambda: commit_of_tag(root, tag))
    if commit is None or isinstance(commit, Missing):
        return commit, commit or Missing("git has no such tag")
    if isinstance(home, Missing):
        return Tag(tag, commit, home), home
    ran = known(
        lambda: [entered(root, home.table(), workloads, rule.environment, one) for one in ("", commit)]
    )
    if isinstance(ran, Missing):
        return Tag(tag, commit, ran), ran
    last, since = ran
    people = known(lambda: _people(root, commit, last))
    signed = known(lambda: _signed(root, tag, rule, since, last))
    found = known(lambda: written(root, tag, since, () if isinstance(signed, Missing) else signed))
    unsigned = (
        signed if isinstance(signed, Missing) else tuple(one.commit for one in signed if not one.signer)
    )
    if isinstance(found, Missing):
        return Tag(tag, commit, found, since=since, unsigned=unsigned), people
    whole = Tag(tag, commit, found.names, since=since, unsigned=unsigned)
    if isinstance(people, Missing):
        return whole, people
    called = known(lambda: named(whole, found.commits, people))
    return (replace(whole, authors=called) if isinstance(called, Missing) else called), people


def _people(root: Path, commit: str, last: Sequence[str]) -> People | None:
    """Return the list of what runs there. The release's own has to be one as well: nothing could enter after it."""
    people_of(root, (commit,))
    return people_of(root, last)


def _signed(
    root: Path, tag: str, rule: Rule, since: Sequence[str], last: Sequence[str]
) -> tuple[Signature, ...] | Missing:
    """Return who signed, by the keys of what last entered: who makes a release cannot allow their own."""
    if not rule.signed_commits:
        return Missing("the policy asks for no signatures")
    if not since:
        return Missing(
            f"no release that gates let into {rule.environment} succeeded there, whose keys would count"
        )
    return signatures(root, tag, since, last[0])
