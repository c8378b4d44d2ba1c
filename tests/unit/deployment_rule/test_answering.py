"""From a question to GitHub's own API, with the gates between: table, configuration store and commits (REQ-G9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from pipelines.deployment_rule.answering import PATIENCE, REPORTS
from pipelines.state.records import Check

from .asked import COMMIT, NOW
from .double import RELEASED, REPO, REVIEW, TAG, TOKENS, Double, run, serving
from .home import Home

MINUTE = timedelta(minutes=1)
COMMIT_ITSELF = f"{REPO}/git/commits/{COMMIT}"


@pytest.fixture
def home() -> Iterator[Home]:
    with serving(Double()) as double:
        yield Home(double)
    assert double.mistakes == []


def ends(home: Home) -> list[str]:
    return [one.end for one in home.run()]


def reviewed(home: Home) -> Any:
    (review,) = home.double.reviews
    return review


def test_a_release_that_may_enter_is_approved_once(home: Home) -> None:
    home.ask()
    assert ends(home) == ["approved"]
    review = reviewed(home)
    assert (review["environment_name"], review["state"]) == ("prod", "approved")
    assert "asked again by the deployment: approval, data-loss" in review["comment"]
    kept = home.table.rule_request(5001)
    assert kept is not None
    assert (kept.state, kept.told) == ("approved", review["comment"])
    assert ends(home) == []
    assert len(home.double.reviews) == 1


def test_the_commit_of_the_tag_itself_may_be_deployed(home: Home) -> None:
    home.ask(commit=RELEASED)
    assert ends(home) == ["approved"]


def not_the_release(home: Home) -> None:
    home.double.answers[COMMIT_ITSELF] = (200, {"sha": COMMIT, "tree": {"sha": "f" * 40}})


def no_such_tag(home: Home) -> None:
    del home.double.answers[f"{REPO}/git/ref/tags/{TAG}"]


def moved_tag(home: Home) -> None:
    moved = {"object": {"type": "commit", "sha": COMMIT}}
    home.double.answers[f"{REPO}/git/ref/tags/{TAG}"] = (200, moved)


def drifted(home: Home) -> None:
    home.report(NOW, "drifted")


def failed_checks(home: Home) -> None:
    home.double.check(run(), run("failure"))


def inconsistent(home: Home) -> None:
    home.table.put_check(Check("orders", "staging", NOW, TAG, "inconsistent", ()))


def rolled_back(home: Home) -> None:
    home.table.end_environment_release("orders", "staging", 1, "rolled_back", NOW)


@pytest.mark.parametrize(
    ("spoil", "gate"),
    [
        (not_the_release, "same-digest"),
        (no_such_tag, "release-known"),
        (moved_tag, "release-known"),
        (drifted, "drift"),
        (failed_checks, "checks"),
        (inconsistent, "parity"),
    ],
)
def test_harm_is_rejected_at_once(home: Home, spoil: Any, gate: str) -> None:
    spoil(home)
    home.ask()
    assert ends(home) == ["rejected"]
    assert reviewed(home)["state"] == "rejected"
    assert f"failure: {gate}: " in reviewed(home)["comment"]
    assert ends(home) == []


def test_another_branch_is_rejected(home: Home) -> None:
    home.ask(ref="env/staging")
    assert ends(home) == ["rejected"]
    assert "failure: branch: " in reviewed(home)["comment"]


def test_where_nothing_was_ever_deployed_nothing_is_approved(home: Home) -> None:
    """What comes to staging comes from dev, where this home has no record."""
    home.ask(environment="staging", ref="env/staging")
    assert ends(home) == ["rejected"]
    assert "failure: previous-environment: " in reviewed(home)["comment"]


def too_young(home: Home) -> None:
    home.deploy(NOW - 10 * MINUTE)
    home.report(NOW - MINUTE, "in_sync")


def still_checking(home: Home) -> None:
    home.double.check(run(), run(None))


def never_checked(home: Home) -> None:
    home.double.check()


def checked_by_another(home: Home) -> None:
    home.double.check(run(app={"slug": "another-app"}), run(name="Checks"), run(head_sha=COMMIT))


def github_down(home: Home) -> None:
    home.double.answers[COMMIT_ITSELF] = (500, {"message": "no"})


def odd_commit(home: Home) -> None:
    home.double.answers[COMMIT_ITSELF] = (200, {"tree": {"sha": "../.."}})


def lost_manifest(home: Home) -> None:
    key = next(one for one in home.s3.objects if "/prod" in one and "manifest" in one)
    del home.s3.objects[key]


def changed_manifest(home: Home) -> None:
    key = next(one for one in home.s3.objects if "/prod" in one and "manifest" in one)
    home.s3.objects[key] += b" "


def locked(home: Home) -> None:
    home.table.acquire_lock("orders", "prod", "another-run", NOW, timedelta(hours=1))


@pytest.mark.parametrize(
    "spoil",
    [
        too_young,
        still_checking,
        never_checked,
        checked_by_another,
        github_down,
        odd_commit,
        lost_manifest,
        changed_manifest,
        locked,
    ],
)
def test_what_is_pending_or_cannot_be_had_waits_and_is_told_once(home: Home, spoil: Any) -> None:
    """A comment without a state decides nothing at GitHub; the same again is not told again."""
    spoil(home)
    home.ask()
    assert ends(home) == ["waiting"]
    assert reviewed(home).keys() == {"environment_name", "comment"}
    assert ends(home) == ["waiting"]
    assert len(home.double.reviews) == 1


def test_what_waited_is_approved_as_soon_as_it_may(home: Home) -> None:
    """Not a minute before the hour."""
    home.deploy(NOW - 10 * MINUTE)
    home.report(NOW - 9 * MINUTE, "in_sync")
    home.ask()
    for minutes in (0, 49):
        home.wait(minutes)
        assert ends(home) == ["waiting"]
    home.wait(2)
    assert ends(home) == ["approved"]
    assert [review.get("state") for review in home.double.reviews] == [None, "approved"]


def test_no_more_is_told_than_github_takes(home: Home) -> None:
    home.ask()
    for turn in range(2 * REPORTS):
        (still_checking if turn % 2 else locked)(home)
        if turn % 2 == 0:
            home.double.check(run())
        home.wait(2)
        assert ends(home) == ["waiting"]
    assert len(home.double.reviews) == REPORTS


def test_what_waits_a_week_is_rejected(home: Home) -> None:
    home.double.check()
    home.ask()
    assert ends(home) == ["waiting"]
    home.now += PATIENCE + MINUTE
    assert ends(home) == ["rejected"]
    assert home.double.reviews[-1]["state"] == "rejected"


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 302])
def test_an_answer_that_github_does_not_take_is_told_again(home: Home, status: int) -> None:
    home.double.answers[REVIEW] = (status, {"message": "no"})
    home.ask()
    assert ends(home) == ["failed"]
    home.double.answers[REVIEW] = (204, None)
    assert ends(home) == ["approved"]


def test_a_deployment_that_waits_no_more_is_closed(home: Home) -> None:
    """It was cancelled; or the answer was given, and who gave it died before that was noted."""
    home.double.answers[REVIEW] = (422, {"message": "no pending deployment"})
    home.ask()
    assert ends(home) == ["closed"]
    assert ends(home) == []


def test_without_a_token_nothing_is_judged_and_the_next_is_asked(home: Home) -> None:
    home.ask()
    home.ask(deployment=5002, installation=43)
    assert sorted(ends(home)) == ["approved", "failed"]
    home.now += PATIENCE + MINUTE
    assert ends(home) == ["closed"]


def test_a_record_that_is_none_holds_up_no_other(home: Home) -> None:
    """Whoever may write the table may write anything; and AWS may fail at any call."""
    home.ask(deployment=1, environment="dev")
    home.ask()
    assert sorted(ends(home)) == ["approved", "failed"]


@pytest.mark.parametrize("operation", ["GetItem", "Query", "UpdateItem"])
def test_a_fault_of_aws_approves_nothing_and_is_asked_again(home: Home, operation: str) -> None:
    home.ask()
    home.db.fault = lambda one: (400, "ThrottlingException") if one == operation else None
    try:
        found = ends(home)
    except Exception as error:  # noqa: BLE001 - the questions themselves cannot be read: Lambda tells it
        found = [type(error).__name__]
    assert "rejected" not in found
    assert "closed" not in found
    home.db.fault = lambda _one: None
    home.double.asked.clear()
    assert ends(home) == ["approved"]


def test_tokens_are_asked_for_the_installation_that_asked(home: Home) -> None:
    home.ask()
    ends(home)
    assert [one.path for one in home.double.asked].count(TOKENS) == 1
