"""One person under several names, and names that tell nothing of each other (REQ-G2)."""

from __future__ import annotations

import pytest

from pipelines.promotion.people import Member, People, is_machine, kind, objection, person


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


ADA = Member(
    "Ada", frozenset({"Ada@example.com", "7+ada-l@users.noreply.github.com"}), "", frozenset({"ada.s"})
)
BOB = Member("Bob", frozenset({"bob@example.com"}), "ada.s", frozenset({"Bob"}))
PEOPLE = People((ADA, BOB), "c" * 40)


def test_a_name_means_one_person_where_it_is_said() -> None:
    """What AWS calls Ada is Bob's name on GitHub; an e-mail address is hers in both."""
    assert PEOPLE.of("ADA@example.com") == PEOPLE.of("ada-L") == ADA
    assert PEOPLE.of("ada.s") == BOB
    assert PEOPLE.of("ada.s", in_aws=True) == PEOPLE.of("ada@example.com", in_aws=True) == ADA
    assert PEOPLE.of("bob", in_aws=True) == BOB
    assert PEOPLE.of("bob") is None
    assert PEOPLE.of("") is None


@pytest.mark.parametrize(
    "other",
    [
        Member("ada ", frozenset({"x@example.com"})),
        Member("X", frozenset({"ada@EXAMPLE.com"})),
        Member("X", frozenset({"x@example.com"}), "Ada-L"),
        Member("X", frozenset({"x@example.com"}), "", frozenset({"ADA.S"})),
        Member("X", frozenset({"x@example.com"}), "", frozenset({"ada@example.com"})),
    ],
)
def test_two_people_have_no_name_in_common(other: Member) -> None:
    """Nobody could tell who approves."""
    with pytest.raises(ValueError, match="belongs to several people"):
        People((ADA, other))


def test_no_more_is_kept_of_people_than_was_asked() -> None:
    assert PEOPLE.among(["bob@example.com", "x"]) == People((BOB,), "c" * 40)
    assert PEOPLE.among([], ["ada.s"]) == People((ADA,), "c" * 40)
    assert PEOPLE.among([]) == PEOPLE.among(["x"]) == People((), "c" * 40)


@pytest.mark.parametrize(
    ("name", "in_aws", "says"),
    [
        ("bob@example.com", True, ""),
        ("ada.s", False, ""),
        ("ada.s", True, "is an author, whose own does not count"),
        ("ada-l", False, "is an author, whose own does not count"),
        ("ada-l", True, "is nobody of pipelines/people.yaml"),
        ("zed", False, "is nobody of pipelines/people.yaml"),
        ("x[bot]", False, "is a machine"),
    ],
)
def test_a_list_tells_who_may_approve(name: str, in_aws: bool, says: str) -> None:
    """Two addresses of one person are one, and a name of another kind is no riddle any more."""
    assert objection(name, {"ada@example.com", "y[bot]"}, PEOPLE, in_aws=in_aws) == says


def test_a_name_that_an_author_has_too_approves_nothing() -> None:
    """Though AWS means somebody else by it than git: rather one approval too few."""
    assert objection("ada.s", {"ada.s"}, PEOPLE, in_aws=True) == "is an author, whose own does not count"
