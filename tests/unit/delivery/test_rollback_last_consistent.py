"""The last release that was good everywhere: what each word of the definition means, and laws (REQ-R1)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.delivery.last_consistent import Past, good_since, last_consistent, stays
from pipelines.state.records import EnvironmentRelease

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LAWS = settings(deadline=None, derandomize=True, max_examples=300)
PLACES = ("dev", "staging", "prod")


def one(
    number: int, tag: str, state: str = "succeeded", begin: int = 0, decision: str = "sha256:0"
) -> EnvironmentRelease:
    """Return a deployment that began so many minutes after the start, and ended five later."""
    began = START + begin * MINUTE
    ended = None if state == "deploying" else began + 5 * MINUTE
    return EnvironmentRelease(
        "orders",
        "dev",
        number,
        tag,
        "sha256:1",
        state,  # type: ignore[arg-type]
        began,
        ended,
        "alex",
        decision=decision,
    )


def past(*deployments: EnvironmentRelease, drifted: tuple[int, ...] = ()) -> Past:
    return Past(deployments, tuple(START + minute * MINUTE for minute in drifted))


GOOD = past(one(1, "v1", begin=0), one(2, "v2", begin=60))


def test_it_is_the_newest_that_was_good_everywhere() -> None:
    assert last_consistent([GOOD, GOOD, GOOD]) == "v2"
    assert last_consistent([GOOD, GOOD, past(one(1, "v1", begin=30))]) == "v1"
    assert last_consistent([GOOD, past(one(1, "v3"))]) == ""
    assert last_consistent([GOOD, past()]) == ""
    assert last_consistent([]) == ""


@pytest.mark.parametrize("state", ["failed", "rolled_back", "deploying"])
def test_what_did_not_succeed_somewhere_is_not_it(state: str) -> None:
    spoilt = past(one(1, "v1", begin=0), one(2, "v2", state, begin=60))
    assert last_consistent([GOOD, spoilt]) == "v1"
    assert last_consistent([spoilt, GOOD]) == "v1"


def test_a_success_does_not_heal_what_was_rolled_back() -> None:
    healed = past(one(1, "v1"), one(2, "v2", "rolled_back", begin=60), one(3, "v2", begin=90))
    assert last_consistent([GOOD, healed]) == "v1"


def test_what_no_gate_let_in_is_not_verified() -> None:
    bare = past(one(1, "v1"), one(2, "v2", begin=60, decision=""))
    assert last_consistent([GOOD, bare]) == "v1"


@pytest.mark.parametrize(("minute", "expected"), [(-1, "v2"), (0, "v2"), (59, "v2"), (60, "v1"), (500, "v1")])
def test_drift_counts_while_the_release_was_the_latest(minute: int, expected: str) -> None:
    assert last_consistent([replace(GOOD, drifted_at=(START + minute * MINUTE,)), GOOD]) == expected


def test_drift_during_both_leaves_none() -> None:
    assert last_consistent([GOOD, replace(GOOD, drifted_at=(START, START + 60 * MINUTE))]) == ""


def test_one_that_came_back_is_no_newer_for_that() -> None:
    back = past(one(1, "v1"), one(2, "v2", begin=60), one(3, "v1", begin=120, decision=""))
    assert last_consistent([back, back]) == "v2"
    again = replace(back, drifted_at=(START + 130 * MINUTE,))
    assert last_consistent([again, GOOD]) == "v2", "v1 drifted when it was there again"


def test_one_that_came_in_again_through_the_gates_is_no_newer() -> None:
    """REQ-R1: it is good since its first success, whatever came after and in whatever order that is read."""
    again = [one(1, "v1"), one(2, "v2", begin=60), one(3, "v1", begin=120)]
    for deployments in (again, again[::-1]):
        assert good_since(past(*deployments)) == {
            "v1": START + 5 * MINUTE,
            "v2": START + 65 * MINUTE,
        }
        assert last_consistent([past(*deployments), GOOD]) == "v2"


def test_a_stay_ends_when_the_next_deployment_begins() -> None:
    ends = [until for _, until in stays(reversed(GOOD.deployments))]
    assert ends == [START + 60 * MINUTE, None]


TAGS = ("v1", "v2", "v3")


@st.composite
def histories(draw: st.DrawFn) -> list[Past]:
    """Return what three environments went through."""
    found = []
    for _ in PLACES:
        minutes, deployments = 0, []
        for number in range(1, draw(st.integers(0, 5)) + 1):
            minutes += draw(st.integers(6, 60))
            tag = draw(st.sampled_from(TAGS))
            state = draw(st.sampled_from(["succeeded"] * 5 + ["failed", "rolled_back"]))
            decision = draw(st.sampled_from(["sha256:0"] * 5 + [""]))
            deployments.append(one(number, tag, state, minutes, decision))
        moments = draw(st.lists(st.integers(0, 400), max_size=1))
        found.append(past(*draw(st.permutations(deployments)), drifted=tuple(moments)))
    return found


def counts(tag: str, place: Past) -> bool:
    """Tell by the words of the requirement whether a release was good in one place."""
    those = [each for each in place.deployments if each.tag == tag]
    let_in = any(each.state == "succeeded" and each.decision for each in those)
    taken_back = any(each.state == "rolled_back" for each in those)

    def latest_at(moment: datetime) -> str:
        begun = [each for each in place.deployments if each.started_at <= moment]
        return max(begun, key=lambda each: each.number).tag if begun else ""

    drifted = any(latest_at(moment) == tag for moment in place.drifted_at)
    return let_in and not taken_back and not drifted


@LAWS
@given(histories())
def test_it_is_one_that_counts_everywhere_if_there_is_one(pasts: list[Past]) -> None:
    found = last_consistent(pasts)
    good = {tag for tag in TAGS if all(counts(tag, place) for place in pasts)}
    assert (found in good) if good else found == ""
    since = {tag: max(good_since(place)[tag] for place in pasts) for tag in good}
    assert all(since[found] >= moment for moment in since.values())


@LAWS
@given(histories(), st.data())
def test_harm_never_brings_a_newer_one(pasts: list[Past], data: st.DataObject) -> None:
    before = last_consistent(pasts)
    place = data.draw(st.integers(0, 2))
    worse = list(pasts)
    minute = data.draw(st.integers(0, 400))
    worse[place] = replace(pasts[place], drifted_at=(*pasts[place].drifted_at, START + minute * MINUTE))
    after = last_consistent(worse)
    if after != before:
        assert before
    if after:
        newest = max(good_since(each)[after] for each in pasts)
        assert newest <= max(good_since(each)[before] for each in pasts)
