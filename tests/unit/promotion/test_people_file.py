"""The list of people: every mistake with its place and mend, and the schema for editors (REQ-G2)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from pipelines.promotion.people import FILE
from pipelines.promotion.people_file import read, schema
from validator.errors import ConfigurationError

from .good import ROOT

SCHEMA: dict[str, Any] = json.loads((ROOT / "pipelines/people.schema.json").read_text(encoding="utf-8"))
SMALL = """\
people:
  - name: Ada Example
    emails: [ada@example.com]
    github: ada-l
    sessions: [ada.l]
  - name: Bob Example
    emails: [bob@example.com]
"""
WRONG = [
    ("people:", "persons:", "people", "is missing"),
    ("    github: ada-l", "    login: ada-l", "people.0.login", "is no key of this file"),
    ("    emails: [bob@example.com]\n", "", "people.1.emails", "is missing"),
    ("[bob@example.com]", "[]", "people.1.emails", "List should have at least 1 item"),
    ("[bob@example.com]", "[bob]", "people.1.emails.0", "is 'bob'"),
    ("[bob@example.com]", "bob@example.com", "people.1.emails", "is no list"),
    ("ada-l", "ada_l", "people.0.github", "is 'ada_l'"),
    ("[ada.l]", "['a b']", "people.0.sessions.0", "is 'a b'"),
    ("Bob Example", "''", "people.1.name", "is empty"),
    ("Bob Example", "ADA example", "people", "ada example belongs to several people"),
    ("bob@example.com", "Ada@example.com", "people", "ada@example.com belongs to several people"),
]


def test_the_schema_file_is_the_schema() -> None:
    """After a change of the form: `python -m pipelines.promotion.reference`."""
    assert (ROOT / "pipelines/people.schema.json").read_text(encoding="utf-8") == schema()


@pytest.mark.parametrize(("old", "new", "key", "message"), WRONG)
def test_a_mistake_is_told_with_its_place_and_mend(old: str, new: str, key: str, message: str) -> None:
    assert SMALL.count(old) == 1
    with pytest.raises(ConfigurationError) as caught:
        read(SMALL.replace(old, new))
    found = [one for one in caught.value.problems if one.key == key]
    assert found and found[0].file == FILE and found[0].hint
    assert found[0].message.startswith(message), found[0].message


def test_every_mistake_comes_in_one_run() -> None:
    text = SMALL.replace("github", "login").replace("[bob@example.com]", "[bob]")
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert [one.key for one in caught.value.problems] == ["people.0.login", "people.1.emails.0"]


def test_the_example_of_the_page_is_a_list_and_says_all_that_one_may() -> None:
    page = (ROOT / "docs/promotion.md").read_text(encoding="utf-8")
    (example,) = (text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if "people:" in text)
    document = yaml.safe_load(example)
    Draft202012Validator(SCHEMA).validate(document)
    read(example)
    told = {key for one in document["people"] for key in one}
    assert told == set(SCHEMA["$defs"]["PersonForm"]["properties"])
    assert "example.com" in example
