"""Whoever answers is killed at each call, before and after it took effect; the next pass ends right (REQ-G9)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.deployment_rule.github import GitHub
from pipelines.state.records import RuleRequest

from .double import RELEASED, REPO, REVIEW, Double, run, serving
from .home import Home


class Killed(BaseException):
    """The process ends here: nobody catches this."""


class Points:
    """Counts calls to the table and to GitHub, twice each: before and after. Kills at one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at, self.passed = -1, 0
        asked = GitHub._asked

        def counted(github: GitHub, *given: Any) -> tuple[int, bytes]:
            self.point()
            found = asked(github, *given)
            self.point()
            return found

        monkeypatch.setattr(GitHub, "_asked", counted)

    def watch(self, home: Home) -> None:
        home.db.fault = home.db.after = lambda _operation: self.point()

    def point(self) -> None:
        self.passed += 1
        if self.passed == self.at:
            raise Killed

    def kill(self, home: Home, at: int) -> bool:
        """Do a pass that is killed at a point; False where it ended before."""
        self.at, self.passed = at, 0
        try:
            home.run()
        except Killed:
            return True
        finally:
            self.at = -1
        return False


class OneAnswer(Double):
    """Takes one answer of a deployment, and says 422 to another, as GitHub does."""

    def took(self) -> list[str]:
        return [review["state"] for review in self.reviews if "state" in review]


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[OneAnswer]:
    with serving(OneAnswer()) as found:
        yield found


def ended(home: Home) -> RuleRequest:
    found = home.table.rule_request(5001)
    assert found is not None
    return found


def test_a_pass_that_is_killed_anywhere_loses_and_doubles_nothing(
    double: OneAnswer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One answer reaches GitHub, and the question is open no more, whichever call was the last."""
    points, at, closed = Points(monkeypatch), 0, 0
    while True:
        at += 1
        double.asked.clear()
        double.answers[REVIEW] = (204, None)
        home = Home(double)
        home.ask()
        points.watch(home)
        if not points.kill(home, at):
            break
        if double.took():
            double.answers[REVIEW] = (422, {"message": "no pending deployment"})
        home.run()
        assert set(double.took()) == {"approved"}
        assert ended(home).state in ("approved", "closed")
        closed += ended(home).state == "closed"
        assert home.run() == []
    with capsys.disabled():
        sys.stdout.write(f" {at - 1} points, nothing lost, nothing doubled\n")
    assert at > 40, "too few points: nothing was counted"
    assert closed, "the moment between the answer and its note was never hit"


def test_a_pass_that_is_killed_while_it_waits_tells_no_more_than_once(
    double: OneAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what may enter later is approved later. Every fourth point, of some sixty."""
    points, at = Points(monkeypatch), -3
    while True:
        at += 4
        double.asked.clear()
        double.check()
        home = Home(double)
        home.ask()
        points.watch(home)
        if not points.kill(home, at):
            break
        home.run()
        home.run()
        assert len(double.reviews) <= 1
        assert ended(home).state == "open"
        double.check(run())
        home.run()
        assert double.took() == ["approved"]
    assert at > 40
    assert f"{REPO}/git/commits/{RELEASED}" in {one.path for one in double.asked}
