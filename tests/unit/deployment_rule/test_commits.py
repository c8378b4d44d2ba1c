"""What the checks of a commit are taken for (REQ-G9)."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.deployment_rule.commits import ACTIONS, CHECK, checked
from pipelines.promotion.evidence import Checked, Missing

COMMIT = "a" * 40


class GitHub:
    """Answers with these runs of checks."""

    def __init__(self, *runs: dict[str, Any]) -> None:
        self.runs = list(runs)

    def get(self, *_: str, **__: Any) -> dict[str, Any]:
        return {"check_runs": self.runs}


def run(**given: Any) -> dict[str, Any]:
    """Return a run of the check that succeeded, but for what is given."""
    whole = {"name": CHECK, "app": {"slug": ACTIONS}, "head_sha": COMMIT}
    return {**whole, "status": "completed", "conclusion": "success", **given}


def answer(*runs: dict[str, Any]) -> Checked | Missing:
    github: Any = GitHub(*runs)
    return checked(github, "example/platform", COMMIT)[0]


def test_of_several_runs_each_has_to_be_content() -> None:
    """As of a push and of a pull request; one that fails in one of them did not succeed."""
    assert answer(run(), run()) == Checked(COMMIT, 0, 0)
    assert answer(run(), run(conclusion="failure")) == Checked(COMMIT, 1, 0)
    assert isinstance(answer(run(), run(status="in_progress", conclusion=None)), Missing)


@pytest.mark.parametrize(
    "other",
    [{"name": "Other"}, {"app": {"slug": "somebody"}}, {"head_sha": "b" * 40}, {"app": None}],
)
def test_another_check_is_no_answer(other: dict[str, Any]) -> None:
    """Nor is the same by another app, or of another commit; nor do they hide what ours found."""
    assert isinstance(answer(run(**other)), Missing)
    assert answer(run(**other), run(conclusion="failure")) == Checked(COMMIT, 1, 0)
