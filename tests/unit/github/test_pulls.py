"""One pull request between two branches, and one comment of each kind (REQ-G7)."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from pipelines.github.client import PATIENCE, GitHub
from pipelines.github.pulls import comment, propose
from pipelines.github.refusals import RefusedError, UnsureError
from tests.github_double import Double, Fault
from validator.errors import TechnicalError

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
    with pytest.raises(RefusedError, match="No commits between") as caught:
        propose(client(), *BETWEEN, "Promote v1", "now")
    assert "mend: see whether the branches differ" in str(caught.value)


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


FAULTS = {
    "forbidden": (
        Fault("", "", 403, message="GitHub Actions is not permitted to create pull requests"),
        RefusedError,
    ),
    "a limit in words": (Fault("", "", 403, message="You have exceeded a secondary rate limit"), None),
    "a limit with a time": (Fault("", "", 429, {"Retry-After": "7"}), None),
    "invalid": (Fault("", "", 422, message="Validation Failed"), RefusedError),
    "broken": (Fault("", "", 500), None),
    "broken and never mended": (Fault("", "", 500, times=5), TechnicalError),
    "no answer": (Fault("", "", fate="drop before"), None),
    "an answer that is lost": (Fault("", "", fate="drop after"), None),
}
CALLS = [("GET", 0), ("POST", 0), ("GET", 1), ("PATCH", 0)]
"""The calls of two runs, the first of which makes something that the second changes; which one of its kind."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]} {call[1] + 1}")
def test_after_a_fault_at_any_call_one_more_run_ends_right(
    call: tuple[str, int], fault: str, client: Client, double: Double, slept: list[float]
) -> None:
    """One pull request and one comment, which say what was said last; nothing is there twice."""
    method, after = call
    template, error = FAULTS[fault]
    if method == "POST" and (template.status >= 500 or template.fate != "answer"):
        # Nobody knows whether it was done, and it is not done blindly again.
        template, error = replace(template, times=1), UnsureError
    for part in ("/pulls", "/comments"):
        double.faults.append(replace(template, method=method, part=part, after=after))
    for said, what in itertools.product(("now", "now", "later"), (_pull, _comment)):
        try:
            what(client(), said)
        except TechnicalError as raised:
            assert error is not None and isinstance(raised, error), raised
            assert "\n  mend: " in str(raised)
            what(client(), said)
    assert not any(one.times for one in double.faults), "the fault never came"
    assert [one["body"] for one in double.delivery.pulls] == ["later"]
    assert [one["body"] for one in double.delivery.comments[7]] == [f"{MARK}\nlater"]
    assert sum(slept) <= 2 * PATIENCE
    if error is None:
        assert slept, "it was not waited for"
    if error is RefusedError and template.status == 403:
        assert not slept


def _pull(github: GitHub, said: str) -> None:
    propose(github, *BETWEEN, "Promote v1", said)


def _comment(github: GitHub, said: str) -> None:
    comment(github, 7, MARK, f"{MARK}\n{said}")
