"""Approvals of a run on GitHub: of its own plan, and never by somebody who may be an author (REQ-G2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.gathering.github_approvals import Run, run_of
from pipelines.github.client import GitHub
from pipelines.github.connection import Connection
from pipelines.promotion.evidence import Tag
from pipelines.promotion.people import Member, People
from tests.github_double import ADMIN, Double, serving
from validator.errors import ConfigurationError, TechnicalError

PLAN = "sha256:" + "a" * 64
TAG = Tag("v1.0.0", "c" * 40, frozenset({"alice@example.com", "7+bob@users.noreply.github.com"}))


@pytest.fixture
def double() -> Iterator[Double]:
    with serving(Double()) as found:
        found.delivery.commits = [("bob@example.com", "bob"), ("alice@example.com", "alice")]
        found.delivery.reviews[5] = [
            ("carol", "prod", "approved"),
            ("dave", "staging", "approved"),
            ("erin", "prod", "rejected"),
        ]
        yield found
    assert found.mistakes == []


def run(double: Double, attempt: str = "1") -> Run:
    return Run(GitHub(Connection(double.url, double.owner, double.name, ADMIN)), 5, PLAN, attempt)


def test_who_approved_the_run_approved_its_plan(double: Double) -> None:
    (found,) = run(double).approvals(TAG, "prod", "env/prod")
    assert (found.by, found.plan, found.tag, found.environment) == ("carol", PLAN, "v1.0.0", "prod")
    assert found.at.isoformat() == "2026-01-01T00:00:00+00:00", (
        "GitHub tells no time: no later than the run was made"
    )


@pytest.mark.parametrize(
    "run_is",
    [
        {"path": ".github/workflows/rollback.yml"},
        {"path": ".github/workflows/deploy.yml.yml"},
        {"head_branch": "main"},
        {"head_branch": "env/staging"},
        {"status": "completed"},
    ],
    ids=lambda given: "-".join(given.values()),
)
def test_what_was_approved_of_another_run_is_no_deployment(double: Double, run_is: dict[str, str]) -> None:
    """Whoever holds the credentials of a deployment may name any run."""
    double.delivery.run = run_is
    with pytest.raises(TechnicalError, match=r"no deployment from env/prod that is under way"):
        list(run(double).approvals(TAG, "prod", "env/prod"))


def test_a_plan_that_was_made_again_is_approved_by_nobody(double: Double) -> None:
    """An approval stays with the run; nobody knows of which plan it was."""
    with pytest.raises(TechnicalError, match="start a new run"):
        list(run(double, "2").approvals(TAG, "prod", "env/prod"))


def test_an_author_without_login_lets_nobody_approve(double: Double) -> None:
    """Whether an approver's login is theirs, nobody can tell."""
    double.delivery.commits = [("alice@example.com", None)]
    with pytest.raises(TechnicalError, match=r"no login of alice@example\.com"):
        list(run(double).approvals(TAG, "prod", "env/prod"))
    assert run(double).named(TAG, ["c" * 40]) == TAG


def test_a_list_of_people_tells_who_an_author_without_login_is(double: Double) -> None:
    double.delivery.commits = [("bob@example.com", "bob")]
    people = People((Member("Alice", frozenset({"alice@example.com"}), "alice"),))
    (found,) = run(double).approvals(TAG, "prod", "env/prod", people)
    assert (found.by, found.in_aws) == ("carol", False)
    assert run(double).named(TAG, [], people).logins == {"bob"}


def test_who_opened_the_pull_request_of_a_commit_is_an_author(double: Double) -> None:
    """Whatever address its commits have, and whoever merged it."""
    double.delivery.merged = [
        ("mallory", "a" * 40, "c" * 40),
        ("erin", "b" * 40, "d" * 40),
        ("squash", "e" * 40, "f" * 40),
        (None, "c" * 40, "c" * 40),
    ]
    named = run(double).named(TAG, ["c" * 40, "b" * 40])
    assert named.logins == {"alice", "bob", "mallory", "erin"}


def test_a_run_that_nobody_approved_asks_for_no_logins(double: Double) -> None:
    double.delivery.commits = []
    assert list(run(double).approvals(TAG, "dev", "env/dev")) == []


def test_authors_have_all_their_names(double: Double) -> None:
    """By logins alone: an author with a name of another kind than an approver's may be anybody."""
    assert run(double).named(TAG, []).logins == {"alice", "bob"}


def test_only_a_run_that_made_a_plan_has_approvals(tmp_path: Path) -> None:
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "5", "LOCKSTEP_PLAN": PLAN, "GH_TOKEN": "x"}
    variables |= {"GITHUB_REPOSITORY": "example/lockstep", "LOCKSTEP_PLAN_ATTEMPT": "1"}
    found = run_of(variables, tmp_path)
    assert found is not None and (found.number, found.plan, found.attempt) == (5, PLAN, "1")
    for name in ("GITHUB_ACTIONS", "LOCKSTEP_PLAN"):
        assert run_of({**variables, name: ""}, tmp_path) is None
    assert run_of({**variables, "LOCKSTEP_PLAN_ATTEMPT": ""}, tmp_path) != found, "counts as made again"
    for name in ("LOCKSTEP_PLAN", "GITHUB_RUN_ID"):
        with pytest.raises(ConfigurationError):
            run_of({**variables, name: "x"}, tmp_path)
