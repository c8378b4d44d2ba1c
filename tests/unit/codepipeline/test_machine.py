"""The machine that asks the gate: success alone passes, and the policy says how long is waited (REQ-G3, REQ-G10)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pipelines.codepipeline.machine import PATIENCE_SECONDS, definition
from pipelines.codepipeline.stages import title
from pipelines.promotion.policy import Policy
from tests.unit.promotion.good import POLICY

from .policies import ALL, OTHER


def states(policy: Policy) -> dict[str, Any]:
    found: dict[str, Any] = definition(policy)["States"]
    return found


def follows(state: dict[str, Any]) -> set[str]:
    """Return what may come after a state."""
    choices = [one["Next"] for one in state.get("Choices", ())]
    return {one for one in (state.get("Next"), state.get("Default"), *choices) if one}


def judged(policy: Policy, environment: str, state: str, *, soaking: bool = False) -> str:
    """Return what follows an answer, as Step Functions reads the choices."""

    def holds(rule: dict[str, Any]) -> bool:
        if "And" in rule:
            return all(map(holds, rule["And"]))
        value = {
            "$.answer.state": state,
            "$.answer.soaking": soaking,
            "$.environment": f"${{{title(environment)}}}",
        }[rule["Variable"]]
        return value == rule.get("StringEquals", rule.get("BooleanEquals"))

    judge = states(policy)["Judge"]
    return str(next((one["Next"] for one in judge["Choices"] if holds(one)), judge["Default"]))


@pytest.mark.parametrize("policy", ALL)
def test_success_alone_passes(policy: Policy) -> None:
    """REQ-G6: whatever else is said, or that nothing is known of, lets nothing in."""
    for environment in policy.order:
        for soaking in (False, True):
            ends = {
                state: judged(policy, environment, state, soaking=soaking)
                for state in ("success", "pending", "failure", "error", "", "Success")
            }
            assert [state for state, end in ends.items() if end == "Passed"] == ["success"]
            assert (ends["failure"], ends["error"], ends[""]) == ("Refused", "NoAnswer", "NoAnswer")
            assert ends["pending"].startswith(("SoakBefore", "AskAgain"))


@pytest.mark.parametrize("policy", ALL)
def test_there_is_no_way_to_the_end_but_by_the_gates_answer(policy: Policy) -> None:
    """Every wait leads back to the question, and the question to the judgement."""
    found = states(policy)
    assert [name for name, one in found.items() if "Passed" in follows(one)] == ["Judge"]
    assert follows(found["Ask"]) == {"Judge"}
    assert definition(policy)["StartAt"] == "Ask"
    assert "Catch" not in found["Ask"]
    for name, one in found.items():
        if one["Type"] == "Wait":
            assert follows(one) == {"Ask"}, name


def test_the_wait_is_the_policys() -> None:
    """REQ-G3: seconds as a number; a path into the input would let whoever starts it shorten it."""
    assert states(POLICY)["SoakBeforeProd"] == {"Type": "Wait", "Seconds": 3600, "Next": "Ask"}
    assert states(OTHER)["SoakBeforeProd"]["Seconds"] == timedelta(minutes=240).total_seconds()
    assert states(OTHER)["SoakBeforeQa"]["Seconds"] == timedelta(minutes=15).total_seconds()
    assert judged(OTHER, "qa", "pending", soaking=True) == "SoakBeforeQa"
    assert judged(OTHER, "prod", "pending", soaking=True) == "SoakBeforeProd"
    assert judged(OTHER, "prod", "pending") == judged(OTHER, "staging", "pending", soaking=True) == "AskAgain"
    for policy in ALL:
        waits = [one for one in states(policy).values() if one["Type"] == "Wait"]
        assert all(set(one) == {"Type", "Seconds", "Next"} for one in waits)


def test_whoever_cannot_tell_is_asked_again_and_then_it_is_no() -> None:
    """REQ-G6: an error is retried some times, and fails the machine; nor does it wait for ever."""
    (retry,) = states(POLICY)["Ask"]["Retry"]
    assert retry["ErrorEquals"] == ["States.ALL"]
    assert 1 <= retry["MaxAttempts"] <= 10
    assert definition(POLICY)["TimeoutSeconds"] == PATIENCE_SECONDS < timedelta(days=7).total_seconds()
