"""Who is who: the names by which git, GitHub and AWS know people. Pure (REQ-G2)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Literal

Kind = Literal["e-mail", "login", "principal"]

_NO_REPLY = re.compile(r"(?:[0-9]+\+)?([^@+]+)@users\.noreply\.github\.com")
"""The address that GitHub writes into a commit for somebody who keeps theirs private: it has the login in it.

https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
"""


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


def objection(name: str, authors: Collection[str]) -> str:
    """Return why somebody may not approve what these people made, in words that follow the name; empty where they may.

    `authors` are persons, as `person` has them. An author who is known by another kind of name only may be anybody.
    """
    who = person(name)
    if not who:
        return "has no name"
    if is_machine(who):
        return "is a machine"
    if who in authors:
        return "is an author, whose own does not count"
    if any(kind(author) != kind(who) for author in authors):
        return f"may be one of the authors, who are known as {', '.join(sorted(authors))}"
    return ""
