"""What is told GitHub (REQ-G9)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.deployment_rule.answer import LEFT, MOST, answer, given_up
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Missing
from pipelines.promotion.gates import GATES
from pipelines.promotion.verdicts import BY_HARM, Decision, Judged, Verdict
from tests.unit.promotion.good import PROD, evidence, of_source, of_target

STATES = st.sampled_from(BY_HARM)


def decided(**given: Any) -> Decision:
    return decide(evidence(**{"plan": Missing("none here"), "approvals": (), **given}), PROD)


def of(*states: Any, reason: str = "because") -> Decision:
    return Decision(
        tuple(Judged(gate, Verdict(state, reason)) for gate, state in zip(GATES, states, strict=False))
    )


def test_all_gates_content_is_approved_whatever_the_plan_says() -> None:
    found = answer(decided(), "prod", "v1.2.0")
    assert found.body["state"] == "approved"
    assert all(gate in found.comment for gate in GATES)
    assert found.comment.splitlines()[-1] == "asked again by the deployment: approval, data-loss"


def test_only_what_needs_the_plan_is_left_to_the_deployment() -> None:
    """Every other gate of the policy is asked here, so a new one is never left out unseen."""
    asked = {one.gate for one in decided().judged if one.verdict.state == "success"}
    assert set(GATES) - asked == set(LEFT)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (of_source(drifted=("lockstep-staging-orders-queue",)), "rejected"),
        (of_source(check=None), "waiting"),
        ({"git": None}, "rejected"),
        ({"checked": Missing("no run")}, "waiting"),
        (of_target(digest="tree:1"), "rejected"),
    ],
)
def test_one_gate_is_enough(given: dict[str, Any], word: str) -> None:
    assert answer(decided(**given), "prod", "v1.2.0").word == word


def test_waiting_is_told_without_a_state() -> None:
    """GitHub takes a comment alone as a report, and goes on waiting."""
    assert answer(of("pending"), "prod", "v1").body.keys() == {"environment_name", "comment"}


def test_nobody_asked_is_never_approved() -> None:
    assert answer(Decision(()), "prod", "v1").word == "waiting"
    left = Decision(tuple(Judged(gate, Verdict("success", "")) for gate in LEFT))
    assert answer(left, "prod", "v1").word == "waiting"


@given(st.lists(STATES, min_size=14, max_size=14), STATES)
def test_harm_never_improves_an_answer(states: list[Any], worse: Any) -> None:
    """A gate that judges worse never brings an approval, and never takes a rejection back."""
    before = answer(of(*states), "prod", "v1").word
    changed = [max(state, worse, key=BY_HARM.index) for state in states[:1]] + states[1:]
    after = answer(of(*changed), "prod", "v1").word
    assert not (after == "approved" and before != "approved")
    assert (after == "approved") == all(
        state == "success" for gate, state in zip(GATES, changed, strict=True) if gate not in LEFT
    )


@given(st.lists(STATES, min_size=14, max_size=14), st.text(), st.text())
def test_a_comment_is_bounded_and_names_every_gate(states: list[Any], reason: str, tag: str) -> None:
    found = answer(of(*states, reason=reason * 50), "prod", tag)
    assert len(found.comment) <= MOST
    assert all(gate in found.comment for gate in GATES)


def test_a_comment_is_no_markup() -> None:
    """Reasons quote names that others chose: none of them calls a team, or is a link or a heading."""
    found = answer(
        of("failure", reason="`@example/platform`\n# [x](https://evil.example)"), "prod", "v1`@all`"
    )
    line = next(line for line in found.comment.splitlines() if line.startswith("failure"))
    assert line == "failure: release-known: `@example/platform # [x](https://evil.example)`"
    assert "\n#" not in found.comment
    assert found.comment.startswith("Lockstep: rejected, `v1 @all` into `prod`.")


def test_what_waited_too_long_is_rejected_with_what_stood_in_the_way() -> None:
    end = given_up(answer(of("pending", reason="frozen"), "prod", "v1"), 7)
    assert end.body["state"] == "rejected"
    assert "frozen" in end.comment
    assert len(end.comment) <= MOST
