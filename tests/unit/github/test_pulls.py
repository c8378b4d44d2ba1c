"""One pull request between two branches, and one comment of each kind (REQ-G7)."""

from __future__ import annotations

import pytest

from pipelines.github.pulls import comment, propose
from pipelines.github.refusals import RefusedError, UnsureError
from tests.github_double import Double, Fault

from .conftest import Client

BETWEEN = ("env/dev", "env/staging")
MARK = "<!-- lockstep plan dev forward -->"


def test_a_pull_request_is_opened_once_and_kept_up_to_date(client: Client, double: Double) -> None:
    github = client()
    assert propose(github, *BETWEEN, "Promote v1", "now").state == "opened"
    assert propose(github, *BETWEEN, "Promote v1", "now").state == "as it was"
    assert propose(github, *BETWEEN, "Promote v2", "later").state == "changed"
    (one,) = double.delivery.pulls
    assert (one["title"], one["body"]) == ("Promote v2", "later")
    double.delivery.pulls[0]["state"] = "closed"
    assert propose(github, *BETWEEN, "Promote v2", "later").number == 2


def test_one_that_may_or_may_not_be_there_is_not_opened_twice(client: Client, double: Double) -> None:
    """The answer is lost: the next run finds it."""
    double.faults.append(Fault("POST", "/pulls", fate="drop after"))
    with pytest.raises(UnsureError):
        propose(client(), *BETWEEN, "Promote v1", "now")
    assert propose(client(), *BETWEEN, "Promote v1", "now").state == "as it was"
    assert len(double.delivery.pulls) == 1


def test_a_refusal_is_told(client: Client, double: Double) -> None:
    double.faults.append(Fault("POST", "/pulls", 422, message="No commits between env/staging and env/dev"))
    with pytest.raises(RefusedError, match="No commits between"):
        propose(client(), *BETWEEN, "Promote v1", "now")


def test_a_comment_takes_the_place_of_the_last_one_of_its_kind(client: Client, double: Double) -> None:
    said = [comment(client(), 7, MARK, f"{MARK}\n{text}") for text in ("one", "one", "two")]
    assert said == ["opened", "as it was", "changed"]
    assert comment(client(), 7, "<!-- lockstep check -->", "<!-- lockstep check -->\nx") == "opened"
    assert [one["body"] for one in double.delivery.comments[7]] == [
        f"{MARK}\ntwo",
        "<!-- lockstep check -->\nx",
    ]


def test_what_a_person_wrote_is_let_be(client: Client, double: Double) -> None:
    double.delivery.say(7, f"{MARK}\nmine", "alice")
    assert comment(client(), 7, MARK, f"{MARK}\nours") == "opened"
    assert [one["body"] for one in double.delivery.comments[7]] == [f"{MARK}\nmine", f"{MARK}\nours"]
