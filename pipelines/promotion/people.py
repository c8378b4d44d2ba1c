"""Who is who: the names by which git, GitHub and AWS know people. Pure (REQ-G2)."""

from __future__ import annotations

import re
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
