"""The list of people: text to values, every mistake in one run, and its schema for editors (REQ-G2). Pure."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from validator.errors import ConfigurationError, Problem
from validator.strict_yaml import parse

from .people import FILE, Member, People, shared_names
from .policy_file import problems

HINT = "see docs/promotion.md for the form of the list of people"
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$")]
Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s]+@[^@\s]+$")]
Login = Annotated[str, Field(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9])*$", max_length=39)]
Session = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@-]{1,64}$")]
"""What IAM takes as a user's name, and as that of a session."""


class PersonForm(BaseModel):
    """One person: every name by which git, GitHub and AWS know them."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Name
    emails: Annotated[list[Email], Field(min_length=1, max_length=20)]
    github: Login | None = None
    sessions: Annotated[list[Session], Field(max_length=20)] = []

    def member(self) -> Member:
        """Return the person."""
        return Member(self.name, frozenset(self.emails), self.github or "", frozenset(self.sessions))


class PeopleForm(BaseModel):
    """`pipelines/people.yaml`: who may write and approve, each under all their names."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    people: Annotated[list[PersonForm], Field(min_length=1, max_length=2000)]


def read(text: str, since: str = "", file: str = FILE) -> People:
    """Return the list in `text`, of the commit `since`.

    Raises ConfigurationError with every mistake: keys that are none, and a name that several people have.
    """
    document = parse(text, file)
    try:
        form = PeopleForm.model_validate(document.value)
    except ValidationError as error:
        raise ConfigurationError(problems(error, document, file, HINT)) from None
    members = tuple(one.member() for one in form.people)
    if shared := shared_names(members):
        hint = "give each name to one person: nobody could tell who approves"
        raise ConfigurationError(
            Problem(file, "people", f"{name[:80]} belongs to several people", hint) for name in shared
        )
    return People(members, since)


def schema() -> str:
    """Return the JSON schema of the file."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PeopleForm.model_json_schema()}
    return json.dumps(document, indent=2) + "\n"
