"""Laws of the state's pure part: values survive the table, states have one order, alerts count on (REQ-C1, REQ-C2)."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.state.items import fitted, size
from pipelines.state.marshal import attribute, item, plain, plain_item
from pipelines.state.records import (
    Alert,
    Check,
    DriftFinding,
    DriftStatus,
    DriftSummary,
    PropertyDrift,
    StackKey,
    StackState,
    Uncovered,
)
from pipelines.state.sequence import observed_seq, rank
from pipelines.state.store.alerts import raised, resolved
from pipelines.state.times import moment, timestamp
from tests.state_table import KEY, START, alert

# The same examples at every run: no test depends on luck.
LAWS = settings(deadline=None, derandomize=True, max_examples=150)

text = st.text(max_size=20)
times = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
numbers = (
    st.integers(-(10**38) + 1, 10**38 - 1)
    | st.floats(1e-120, 1e120)
    | st.floats(-1e120, -1e-120)
    | st.just(0.0)
)
scalars = st.none() | st.booleans() | numbers | text | st.binary(max_size=20)
values = st.recursive(
    scalars | st.frozensets(text, min_size=1, max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)
mappings = st.dictionaries(text, text, max_size=4)
parts = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,30}", fullmatch=True)
stack_keys = st.builds(StackKey, parts, parts, parts, parts, parts)
uncovered = st.lists(st.builds(Uncovered, text, text, text), max_size=3).map(tuple)
summaries = st.builds(
    DriftSummary,
    detection_id=parts,
    status=st.sampled_from(get_args(DriftStatus)),
    checked=st.integers(0, 500),
    unsupported=uncovered,
    failed=uncovered,
    findings=st.integers(0, 500),
    detected_at=times,
    digest=text,
    cut=st.just(()),
)
states = st.builds(
    StackState,
    key=stack_keys,
    stack_id=text,
    status=parts,
    reason=text,
    version=text,
    commit=text,
    released_at=text,
    operation_at=times,
    observed_at=times,
    recorded_at=times,
    observed_seq=text,
    template_digest=st.none() | text,
    digest=st.none() | text,
    parameters=st.none() | mappings,
    tags=mappings,
    drift=st.none() | summaries,
    cut=st.just(()),
)


@LAWS
@given(values)
def test_a_value_survives_dynamodb(value: Any) -> None:
    """Whatever is put comes back equal."""
    assert plain(attribute(value)) == value


@LAWS
@given(states)
def test_a_state_survives_dynamodb(state: StackState) -> None:
    """With its drift, and also when an item has attributes that are not known yet."""
    assert StackState.from_item(state.to_item()) == state
    assert StackState.from_item({**state.to_item(), "from_the_future": {"S": "x"}}) == state
    assert StackKey.parse(state.key.pk) == state.key


@LAWS
@given(
    stack_keys,
    times,
    parts,
    st.lists(st.builds(PropertyDrift, text, st.none() | text, st.none() | text, text), max_size=3),
    st.none() | text,
    st.dictionaries(text, values, max_size=3),
)
def test_other_records_survive_dynamodb(
    key: StackKey,
    at: datetime,
    name: str,
    properties: list[PropertyDrift],
    reason: str | None,
    detail: dict[str, Any],
) -> None:
    """Those with something nested."""
    finding = DriftFinding(key, name, name, "AWS::SQS::Queue", "q", "DELETED", tuple(properties), reason, at)
    assert DriftFinding.from_item(finding.to_item()) == finding
    check = Check("orders", "dev", at, "v1", "consistent", (detail,))
    assert Check.from_item(check.to_item()) == check


@LAWS
@given(times, times)
def test_text_sorts_as_time_does(one: datetime, other: datetime) -> None:
    """So that a condition may compare text."""
    assert moment(timestamp(one)) == one
    assert (timestamp(one) < timestamp(other)) == (one < other)


@LAWS
@given(st.dictionaries(text, values, max_size=6), st.integers(0, 400))
def test_what_fits_is_kept_and_the_rest_is_named(given_values: dict[str, Any], limit: int) -> None:
    """Nothing is lost in silence."""
    kept, cut = fitted(given_values, limit)
    assert kept.keys() == given_values.keys()
    assert {name for name in kept if not same(kept[name], given_values[name])} <= set(cut)
    assert (not cut) or size(given_values) > limit
    assert size(kept) <= max(limit, size({name: least(value) for name, value in given_values.items()}))


def same(one: Any, other: Any) -> bool:
    return bool(plain_item(item({"value": one})) == plain_item(item({"value": other})))


def least(value: Any) -> Any:
    return type(value)() if isinstance(value, str | list | dict) else value


LIFE = (
    "CREATE_IN_PROGRESS",
    "CREATE_COMPLETE",
    "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_COMPLETE",
    "UPDATE_IN_PROGRESS",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_IN_PROGRESS",
    "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "DELETE_IN_PROGRESS",
    "DELETE_FAILED",
    "DELETE_IN_PROGRESS",
    "DELETE_COMPLETE",
    "CREATE_IN_PROGRESS",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_COMPLETE",
)
"""What can happen to a stack, with an operation for each *first* status of one."""

FIRST = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"}


def life() -> list[str]:
    """Return the sequence of each status in `LIFE`, one operation a second."""
    found, at, stack = [], START, 0
    for status in LIFE:
        at += timedelta(seconds=status in FIRST)
        stack += status == "CREATE_IN_PROGRESS"
        found.append(observed_seq(at, status, f"arn:aws:cloudformation:stack/{stack}"))
    return found


def test_the_sequence_is_the_order_of_life() -> None:
    """Each status comes after the one before it."""
    assert life() == sorted(set(life()))
    assert all(0 <= rank(status) <= 99 for status in LIFE)


Step = tuple[bool, int, int]
steps = st.lists(st.tuples(st.booleans(), st.integers(0, 8), st.integers(0, 2)), max_size=20)


@LAWS
@given(steps)
def test_an_alert_counts_on_and_is_never_told_twice(taken: list[Step]) -> None:
    """Found, changed and resolved follow each other as they may; each has a generation of its own."""
    standing: Alert | None = None
    told: list[Alert] = []
    for is_wrong, minute, digest in taken:
        at = START + timedelta(minutes=minute)
        new = alert(at, f"sha256:{digest}", generation=99, announced_generation=99)
        following = raised(standing, new) if is_wrong else resolved(standing, at)
        if following:
            assert (raised(following, new) if is_wrong else resolved(following, at)) is None
            standing = following
            told.append(following)
    assert [each.generation for each in told] == list(range(1, len(told) + 1))
    assert all(one.changed_at <= other.changed_at for one, other in pairwise(told))
    for before, after in zip([None, *told], told, strict=False):
        was_open = before is not None and before.is_open
        assert after.state in ({"changed", "resolved"} if was_open else {"found"})
        if before is not None and after.state == "changed":
            assert after.digest != before.digest
    assert all(each.announced_generation == 0 for each in told)


def test_a_number_that_dynamodb_cannot_keep_is_refused() -> None:
    """Rather than kept as another."""
    for value in (math.inf, math.nan, 1e-140, 1e126, 10**39 + 1, object(), frozenset(), {1}):
        try:
            attribute(value)
        except ValueError:
            continue
        raise AssertionError(f"{value!r} was kept")


def test_a_key_cannot_pass_for_another() -> None:
    """Names come from tags that anybody may set."""
    for part in ("", "a#b", "a\nb", "a\x7fb", "x" * 257):
        try:
            replace(KEY, workload=part)
        except ValueError:
            continue
        raise AssertionError(f"{part!r} was taken")
    longest = replace(KEY, workload="ä" * 250, stack="ä" * 220)
    longest = replace(longest, environment="e" * (1024 - len(longest.pk.encode()) + len(KEY.environment)))
    assert len(longest.pk.encode()) == 1024
    with pytest.raises(ValueError, match="over 1024 bytes"):
        replace(longest, environment=f"{longest.environment}e")
