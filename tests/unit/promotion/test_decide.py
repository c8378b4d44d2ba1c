"""The decision: every gate is asked, whatever the others say, and the worst verdict counts (REQ-G6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pipelines.promotion import decide as module
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Evidence, Missing
from pipelines.promotion.gates import GATES
from pipelines.promotion.gates.gate import Gate
from pipelines.promotion.policy import Policy, Rule
from pipelines.promotion.verdicts import BY_HARM, Decision, Judged, State, Verdict, together, worst
from pipelines.state.store.promotions import SOAK

from .good import DEV, NOW, POLICY, PROD, STAGING, ago, deployment, evidence, of_source, rule, source

GONE = Missing("nobody knows")
OTHERWISE = Verdict("error", "nothing was judged")


@pytest.mark.parametrize("environment", POLICY.order)
def test_good_evidence_lets_a_release_in(environment: str) -> None:
    """And each gate says that it had a look: of all that it read, something is kept."""
    decision = decide(evidence(environment), POLICY.of(environment))
    assert decision.state == "success"
    assert [each.gate for each in decision.judged] == list(POLICY.of(environment).gates)
    silent = {each.gate for each in decision.judged if not each.verdict.inputs}
    assert silent == {"recovery-drill"} | ({"approval"} if environment == "dev" else set())


def test_every_gate_is_asked_though_all_evidence_is_missing() -> None:
    """None is left out for another's error, and none is content."""
    nothing = evidence(
        git=GONE,
        branch=GONE,
        sources={"orders": GONE},
        targets={"orders": GONE},
        parity=GONE,
        checked=GONE,
        approvals=GONE,
        plan=GONE,
    )
    decision = decide(nothing, PROD)
    assert [each.gate for each in decision.judged] == list(PROD.gates)
    states = {each.gate: each.verdict.state for each in decision.judged}
    assert {gate for gate, state in states.items() if state != "error"} == {"freeze-window"}


@pytest.mark.parametrize("broken", list(GATES))
def test_a_gate_that_crashes_is_an_error_and_stops_no_other(
    broken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it raises."""

    def judge(found: Evidence, of: Rule) -> Verdict:
        raise KeyError("prod")

    monkeypatch.setitem(GATES, broken, replace(GATES[broken], judge=judge))
    decision = decide(evidence(), PROD)
    assert decision.state == "error"
    others = [each for each in decision.judged if each.gate != broken]
    assert {each.verdict.state for each in others} == {"success"}
    assert len(others) == len(GATES) - 1
    (said,) = (each.verdict for each in decision.judged if each.gate == broken)
    assert said.reason == "the gate itself failed: KeyError: 'prod'"
    assert said.mend


def test_times_without_an_offset_are_an_error_wherever_they_stand() -> None:
    """Nothing compares them with exact ones, and no gate takes that for a yes."""
    for spoilt in (
        of_source(drift_changed_at=ago(100).replace(tzinfo=None)),
        of_source(failed_at=ago(100).replace(tzinfo=None)),
        of_source(latest=deployment("staging", soak_from=ago(100).replace(tzinfo=None))),
    ):
        assert decide(evidence(**spoilt), PROD).state == "error"


def test_a_gate_that_nobody_knows_is_an_error() -> None:
    """It may have been the one that mattered; the others are asked all the same."""
    decision = decide(evidence(), rule(gates=("sock", *PROD.gates)))
    assert decision.state == "error"
    assert decision.judged[0] == Judged(
        "sock", Verdict("error", "there is no gate sock", "correct the policy's `gates`")
    )
    assert [each.gate for each in decision.judged[1:]] == list(PROD.gates)


def test_a_rule_that_leaves_out_a_binding_gate_is_asked_by_it_all_the_same() -> None:
    """Wherever the rule was read: only the three that a policy may leave out can be missing."""
    asked = [each.gate for each in decide(evidence(), rule(gates=())).judged]
    assert set(GATES) - set(asked) == {"branch", "freeze-window", "recovery-drill"}
    assert decide(evidence(**of_source(failed_at=ago(1))), rule(gates=("checks",))).state == "pending"
    assert len(asked) == len(set(asked))
    before_dev = {each.gate for each in decide(evidence("dev"), rule(DEV, gates=())).judged}
    assert set(asked) - before_dev == {"previous-environment", "same-digest", "soak"}


def test_evidence_of_another_environment_is_refused() -> None:
    with pytest.raises(ValueError, match="the evidence is of staging, the rule of prod"):
        decide(evidence("staging"), PROD)


@pytest.mark.parametrize("first", BY_HARM)
@pytest.mark.parametrize("second", BY_HARM)
def test_the_worst_verdict_counts(first: State, second: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Success, pending, failure, error: in this order, wherever it stands."""
    harm = max(first, second, key=["success", "pending", "failure", "error"].index)
    for states in ((first, second), (second, first)):
        assert worst(states) == harm
        assert Decision(tuple(Judged(state, Verdict(state, "")) for state in states)).state == harm
        assert together([Verdict(state, "") for state in states], OTHERWISE).state == harm
    gates = {str(n): Gate(str(n), "", (), lambda *_, s=s: Verdict(s, "")) for n, s in enumerate(states)}
    monkeypatch.setattr(module, "GATES", gates)
    assert decide(evidence(), rule(gates=("0", "1"))).state == harm


def test_nobody_asked_is_no_yes() -> None:
    """A decision of no gate, and a verdict of nothing."""
    assert Decision(()).state == "error"
    assert worst([]) == "error"
    assert together([], OTHERWISE) is OTHERWISE


def test_one_verdict_of_several_tells_the_worst_and_keeps_what_all_read() -> None:
    """Each reason and mend once, in order."""
    verdicts = [
        Verdict("success", "fine", inputs={"a": "1"}),
        Verdict("failure", "b is bad", "mend it", {"b": "2"}),
        Verdict("pending", "wait", "wait"),
        Verdict("failure", "c is bad", "mend it", {"c": "3"}),
        Verdict("failure", "b is bad", "", {"d": "4"}),
    ]
    expected = Verdict("failure", "b is bad; c is bad", "mend it", {"a": "1", "b": "2", "c": "3", "d": "4"})
    assert together(iter(verdicts), OTHERWISE) == expected


def test_no_rule_asks_for_less_than_the_requirements() -> None:
    """However it came about: not from the file alone (REQ-G2, REQ-G3)."""
    with pytest.raises(ValueError, match=r"prod has a soak of 0:59:59, which is less than 1:00:00"):
        rule(soak=timedelta(minutes=59, seconds=59))
    for of in (STAGING, PROD):
        with pytest.raises(ValueError, match="asks for 0 approvals, which is less than 1"):
            rule(of, approvals=0)
    assert rule(DEV, approvals=0).soak == timedelta()


def test_the_table_waits_as_long_as_the_gate() -> None:
    """`promote` has the hour of its own, so that neither rests on the other (REQ-G3)."""
    assert {name: POLICY.of(name).soak for name in SOAK} == SOAK


def test_no_policy_skips_an_environment() -> None:
    """Each rule comes after the one before it, and the first after none (REQ-G1)."""
    for rules in ((DEV, PROD), (STAGING,), (PROD, STAGING, DEV), (DEV, STAGING, replace(PROD, source="dev"))):
        with pytest.raises(ValueError, match="comes after"):
            Policy(rules)
    assert Policy((DEV, STAGING, PROD)).order == ("dev", "staging", "prod")
    with pytest.raises(KeyError):
        POLICY.of("shared")


def test_what_was_decided_on_cannot_be_changed() -> None:
    """Evidence, verdicts and decisions are frozen; equal evidence decides equally."""
    found = evidence(sources={"orders": source()})
    for value, name in ((found, "at"), (PROD, "soak"), (Verdict("success", ""), "state")):
        with pytest.raises(AttributeError):
            setattr(value, name, NOW)
    assert decide(found, PROD) == decide(evidence(), PROD)
