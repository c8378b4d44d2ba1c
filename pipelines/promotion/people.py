"""Who is who: the names by which git, GitHub and AWS know people. Pure (REQ-G2)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["e-mail", "login", "principal"]

_NO_REPLY = re.compile(r"(?:[0-9]+\+)?([^@+]+)@users\.noreply\.github\.com")
"""The address that GitHub writes into a commit for somebody who keeps theirs private: it has the login in it.

https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
"""


FILE = "pipelines/people.yaml"
"""Where a project says who is who."""
UNLISTED = f"is nobody of {FILE}"
_AUTHOR = "is an author, whose own does not count"


def person(name: str) -> str:
    """Return a name as it is compared: without capitals and blanks, and the login of GitHub's own addresses."""
    plain = name.strip().casefold()
    hidden = _NO_REPLY.fullmatch(plain)
    return hidden[1] if hidden else plain


def kind(person: str) -> Kind:
    """Return what kind of name a person's is; names of different kinds cannot be told apart, or together."""
    if person.startswith("arn:"):
        return "principal"
    return "e-mail" if "@" in person else "login"


def is_machine(person: str) -> bool:
    """Tell whether nobody stands behind a name: GitHub ends the logins of its Apps in `[bot]`."""
    return person.endswith("[bot]")


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the list, by every name; `login` is GitHub's, empty for none. `sessions` are names that AWS says of
    somebody: of a session of IAM Identity Center, or of an IAM user; an e-mail address is one too."""

    name: str
    emails: frozenset[str]
    login: str = ""
    sessions: frozenset[str] = frozenset()

    @property
    def in_git(self) -> frozenset[str]:
        """The persons, as `person` has them, that git and GitHub name where they mean this one."""
        return frozenset(map(person, (*self.emails, self.login))) - {""}

    @property
    def in_aws(self) -> frozenset[str]:
        """The persons that AWS names where it means this one."""
        # GitHub's own addresses are a login, which is GitHub's word and not AWS's.
        emails = {one for one in map(person, self.emails) if kind(one) == "e-mail"}
        return frozenset({*emails, *map(person, self.sessions)}) - {""}


@dataclass(frozen=True, slots=True)
class People:
    """The list of people, from the commit `since`. Raises ValueError where two have a name in common, or the same."""

    members: tuple[Member, ...]
    since: str = ""

    def __post_init__(self) -> None:
        for shared in shared_names(self.members):
            raise ValueError(f"{shared} belongs to several people")

    def of(self, name: str, *, in_aws: bool = False) -> Member | None:
        """Return whom a name means that git or GitHub says, or AWS; None for nobody of the list."""
        who = person(name)
        return next((one for one in self.members if who in (one.in_aws if in_aws else one.in_git)), None)

    def among(self, in_git: Iterable[str], in_aws: Iterable[str] = ()) -> People:
        """Return those of the list whom these names mean: no more of anybody is kept than was asked about."""
        meant = [self.of(name) for name in in_git] + [self.of(name, in_aws=True) for name in in_aws]
        return People(tuple(one for one in self.members if one in meant), self.since)


def shared_names(members: Iterable[Member]) -> list[str]:
    """Return the names that several people have: nobody could tell whom they mean."""
    listed = list(members)
    kinds = (
        Counter(person(one.name) for one in listed),
        Counter(name for one in listed for name in one.in_git),
        Counter(name for one in listed for name in one.in_aws),
    )
    return sorted({name for counted in kinds for name, times in counted.items() if times > 1})


def objection(
    name: str, authors: Collection[str], people: People | None = None, *, in_aws: bool = False
) -> str:
    """Return why somebody may not approve what these people made, in words that follow the name; empty where they may.

    `authors` are persons, as `person` has them. With a list of `people` it tells who is who; `in_aws` is whether AWS
    says the name, or GitHub. Without one, an author who is known by another kind of name only may be anybody.
    """
    who = person(name)
    if not who:
        return "has no name"
    if is_machine(who):
        return "is a machine"
    if people is not None:
        member = people.of(who, in_aws=in_aws)
        if member is None:
            return UNLISTED
        return _AUTHOR if who in authors or member in map(people.of, authors) else ""
    if who in authors:
        return _AUTHOR
    if any(kind(author) != kind(who) for author in authors):
        return f"may be one of the authors, who are known as {', '.join(sorted(authors))}"
    return ""
