"""What the pipeline's machine asks, and what the gates answer it: those of every other way in (REQ-G10, REQ-G6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from pipelines.codepipeline.approved import recorders
from pipelines.codepipeline.gate import Answer, Question, UndecidedError, ask, question_of
from pipelines.deployment_rule.recorded import Records
from pipelines.promotion.policy import Policy
from pipelines.state.records import Approval
from tests.unit.deployment_rule.asked import NOW
from tests.unit.deployment_rule.double import RELEASED, TAG, Double
from tests.unit.deployment_rule.home import Home
from tests.unit.promotion.good import POLICY

ASKED = Question("prod", TAG, RELEASED)


def answered(home: Home, question: Question = ASKED, workloads: tuple[str, ...] = ("orders",)) -> Answer:
    """Return the answer of a home, at its own time."""
    return ask(question, Records(home.table, home.store, POLICY, workloads), home.now)


@pytest.fixture
def home() -> Home:
    """A release that came to staging ninety minutes ago."""
    return Home(Double())


def test_a_release_that_soaked_goes_on(home: Home) -> None:
    """Every gate but those that need the plan; each is named."""
    found = answered(home)
    assert (found.state, found.soaking) == ("success", False)
    assert "asked again by the deployment: approval, data-loss" in found.reason
    assert "soak" in found.reason.partition("success: ")[2]


def test_within_the_hour_it_is_pending_for_the_soak(home: Home) -> None:
    """REQ-G3: so that the machine waits as long as the policy says."""
    home.deploy(home.now - timedelta(minutes=59))
    home.report(home.now, "in_sync")
    found = answered(home)
    assert (found.state, found.soaking) == ("pending", True)
    home.wait(1)
    assert answered(home).state == "success"


def test_another_wait_is_no_soak(home: Home) -> None:
    """REQ-G5: somebody deploys to prod: asked again soon."""
    assert home.table.acquire_lock("orders", "prod", "somebody", home.now, timedelta(minutes=10)) is not None
    found = answered(home)
    assert (found.state, found.soaking) == ("pending", False)


@pytest.mark.parametrize(
    ("question", "gate"),
    [
        (replace(ASKED, commit="f" * 40), "release-known"),
        (replace(ASKED, release="v9.9.9"), "previous-environment"),
    ],
)
def test_another_commit_or_release_is_refused(home: Home, question: Question, gate: str) -> None:
    """REQ-G1: what staging ran, and nothing else, even where other evidence cannot be had."""
    found = answered(home, question)
    assert found.state == "failure"
    assert f"failure: {gate}" in found.reason


def test_drift_is_refused(home: Home) -> None:
    """REQ-G4."""
    home.report(home.now, "drifted")
    assert answered(home).state == "failure"


def test_who_cannot_tell_says_nothing(home: Home) -> None:
    """REQ-G6: an error is no answer; the function fails, and the machine asks again."""
    home.s3.objects.clear()
    with pytest.raises(UndecidedError, match="error: same-digest"):
        answered(home)


def test_an_environment_without_workloads_is_undecided(home: Home) -> None:
    """Nobody looked at anything."""
    with pytest.raises(UndecidedError):
        answered(home, workloads=())


def test_nothing_is_promoted_into_the_first_environment(home: Home) -> None:
    """Nor into one that the policy does not know."""
    with pytest.raises(ValueError, match="from another environment"):
        answered(home, replace(ASKED, environment="dev"))
    with pytest.raises(KeyError):
        answered(home, replace(ASKED, environment="qa"))


ENTERING = replace(ASKED, plan=f"sha256:{'a' * 64}")


def approve(home: Home, by: str, **given: Any) -> None:
    """Record an approval of the plan."""
    found = Approval("prod", TAG, f"AROA0:{by}", ENTERING.plan, home.now - timedelta(minutes=1), "tests")
    assert home.table.approve(replace(found, **given))


def test_a_plan_enters_once_it_is_approved_in_the_table(home: Home) -> None:
    """REQ-G2: whatever the release's own code would say of approvals; until then the machine asks again."""
    found = answered(home, ENTERING)
    assert (found.state, found.soaking) == ("pending", False)
    assert "pending: approval: `0 of 1 approvals" in found.reason
    approve(home, "carol@example.com")
    found = answered(home, ENTERING)
    assert found.state == "success"
    assert "approval" in found.reason.partition("success: ")[2].partition("\n")[0]


@pytest.mark.parametrize(
    "given",
    [
        {"plan": f"sha256:{'b' * 64}"},
        {"environment": "staging"},
        {"tag": "v1.1.0"},
        {"at": NOW - timedelta(minutes=91)},
        {"at": NOW + timedelta(minutes=6)},
        {"session": "AROA0:deployer"},
        {"session": "AROA0:dependabot[bot]"},
    ],
    ids=str,
)
def test_another_approval_does_not_count(home: Home, given: dict[str, Any]) -> None:
    """REQ-G2: of another plan, place or release, from before it was there, or of whoever recorded it."""
    approve(home, "carol@example.com", **given)
    assert answered(home, ENTERING).state == "pending"


def test_an_approval_does_not_mend_anything_else(home: Home) -> None:
    """REQ-G4, REQ-G6: a refusal stays one."""
    approve(home, "carol@example.com")
    home.report(home.now, "drifted")
    assert answered(home, ENTERING).state == "failure"


def test_who_cannot_tell_since_when_it_stands_there_counts_no_approval(home: Home) -> None:
    """REQ-G6: a source that cannot be read is an error of this gate too."""
    approve(home, "carol@example.com")
    home.s3.objects.clear()
    with pytest.raises(UndecidedError, match="error: approval"):
        answered(home, ENTERING)


def test_two_are_two_people(home: Home) -> None:
    """REQ-G2: one who approves twice, or under names of two kinds, is one at the least."""
    two = Policy(
        tuple(replace(one, approvals=2) if one.environment == "prod" else one for one in POLICY.rules)
    )

    def state() -> str:
        return ask(ENTERING, Records(home.table, home.store, two, ("orders",)), home.now).state

    for by in ("carol@example.com", "Carol@example.com ", "carol"):
        approve(home, by)
    assert state() == "pending"
    approve(home, "dave@example.com")
    assert state() == "success"


@pytest.mark.parametrize(
    "by",
    [
        "arn:aws:sts::333333333333:assumed-role/deployers/carol@example.com",
        "arn:aws:sts::333333333333:assumed-role/github/GitHubActions (github:carol)",
        "arn:aws:iam::333333333333:user/Carol",
    ],
)
def test_whoever_recorded_the_release_does_not_approve_it(by: str) -> None:
    """By the name of the session, or the login."""
    name = "carol@example.com" if "@" in by else "carol"
    assert name in recorders(by)


GOOD: dict[str, Any] = {
    "plan": ENTERING.plan,
    "release": "v1.2.0",
    "commit": "a" * 40,
    "environment": "prod",
    "step": "enter",
}


def test_a_question_is_read() -> None:
    """As the machine hands it on."""
    assert question_of(GOOD) == Question("prod", "v1.2.0", "a" * 40, ENTERING.plan)
    assert question_of({**GOOD, "step": "soak", "plan": ""}) == Question("prod", "v1.2.0", "a" * 40)


@pytest.mark.parametrize(
    "given",
    [
        {"environment": ""},
        {"environment": None},
        {"release": "-x"},
        {"release": "v1 2"},
        {"release": 7},
        {"commit": "a" * 39},
        {"commit": "A" * 40},
        {"commit": ""},
        {"plan": ""},
        {"plan": None},
        {"plan": "sha256:a"},
        {"step": "soak"},
        {"step": "soak", "plan": None},
        {"step": ""},
        {"step": "other"},
        {"checked": True},
        {"soak": 0},
    ],
)
def test_what_is_no_question_is_refused(given: dict[str, Any]) -> None:
    """No input says more than what is asked, nor shortens anything."""
    with pytest.raises(ValueError, match=r"question|release"):
        question_of({**GOOD, **given})


def test_a_question_lacks_nothing() -> None:
    """Each of the five."""
    for name in GOOD:
        with pytest.raises(ValueError, match=r"question|release"):
            question_of({key: value for key, value in GOOD.items() if key != name})
