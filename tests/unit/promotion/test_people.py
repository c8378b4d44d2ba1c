"""One person under several names, and names that tell nothing of each other (REQ-G2)."""

from __future__ import annotations

import pytest

from pipelines.promotion.people import is_machine, kind, person


@pytest.mark.parametrize(
    ("name", "expected", "of"),
    [
        ("Ada@Example.COM ", "ada@example.com", "e-mail"),
        ("Ada-L", "ada-l", "login"),
        ("ada-l@users.noreply.github.com", "ada-l", "login"),
        ("1234567+Ada-L@users.noreply.github.com", "ada-l", "login"),
        ("ada@users.noreply.github.com.example.com", "ada@users.noreply.github.com.example.com", "e-mail"),
        ("a@b@users.noreply.github.com", "a@b@users.noreply.github.com", "e-mail"),
        ("STRASSE", "strasse", "login"),
        ("straße", "strasse", "login"),
        ("arn:aws:iam::111111111111:user/Ada", "arn:aws:iam::111111111111:user/ada", "principal"),
        ("  ", "", "login"),
    ],
)
def test_a_name_is_compared_without_what_makes_no_difference(name: str, expected: str, of: str) -> None:
    """GitHub's own addresses are the login that is in them."""
    assert person(name) == expected
    assert kind(person(name)) == of


def test_an_app_of_github_is_nobody() -> None:
    """By its login, and by the address that it commits with."""
    for name in ("dependabot[bot]", "41898282+GitHub-Actions[bot]@users.noreply.github.com"):
        assert is_machine(person(name))
    assert not is_machine(person("robot"))
