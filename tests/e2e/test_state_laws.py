"""Laws of the state store on the sandbox's DynamoDB: any order, any repetition, any number of callers (REQ-C2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.state.records import Lock, StackState
from pipelines.state.store import StateStore
from tests.e2e.conftest import Client
from tests.property.test_state import FIRST, LIFE
from tests.state_table import HOUR, KEY, START, alert, create_state_table, state, summary

# The same examples at every run: no test depends on luck. Of bugs that were planted, 40 found none that 24 did not.
LAWS = settings(deadline=None, derandomize=True, max_examples=24)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.xdist_group("state-laws")


@pytest.fixture(scope="module")
def store(client: Client) -> StateStore:
    """Return one table for every example of a module; each example takes names that no other has."""
    return create_state_table(client("dynamodb", account="900000000777"))


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    return (f"n-{number}" for number in count())


def life(name: str) -> list[StackState]:
    """Return every state of a stack, in order, each observed once without the template and once with it."""
    found, at, stack, key = [], START, 0, replace(KEY, stack=name)
    for status in LIFE:
        at += timedelta(seconds=status in FIRST)
        stack += status == "CREATE_IN_PROGRESS"
        whole = state(status, at, key=key, stack_id=f"arn:aws:cloudformation:stack/{stack}")
        found += [replace(whole, digest=None, template_digest=None), whole]
    return found


indexes = st.integers(0, 2 * len(LIFE) - 1)


@LAWS
@given(seen=st.lists(indexes, min_size=1, max_size=24))
def test_states_in_any_order_end_in_the_last(
    store: StateStore, names: Iterator[str], seen: list[int]
) -> None:
    """However often each is delivered, and whichever were lost (REQ-C2)."""
    states = life(next(names))
    changed = [store.record_state(states[index]) for index in seen]
    assert store.state(states[0].key) == states[max(seen)]
    assert changed[0]
    assert sum(changed) <= len(set(seen))


@LAWS
@given(seen=st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12))
@example(seen=[(2, True), (2, True), (1, False), (3, False)])
def test_detections_in_any_order_end_in_the_last(
    store: StateStore, names: Iterator[str], seen: list[tuple[int, bool]]
) -> None:
    """The stack's drift, the environment's marker and the alert agree with it, and with each other (REQ-C4)."""
    name = next(names)
    key = replace(KEY, stack=name, environment=name)
    store.record_state(state(key=key))
    verdict = dict(seen)  # a detection has one result, whenever it is delivered
    generations, last = [], -1
    for number, _ in seen:
        at, status = START + number * MINUTE, "drifted" if verdict[number] else "in_sync"
        news = alert(at, f"sha256:{number}", fingerprint=name)
        news = news if verdict[number] else replace(news, state="resolved")
        done = store.record_drift(key, summary(number, status, at), [], news)
        assert done.recorded == (number > last)
        last = max(last, number)
        generations += [done.alert.generation] if done.alert else []
    is_drifted = verdict[max(verdict)]
    assert store.drift_marker("orders", name).drifted == ((key,) if is_drifted else ())
    standing = store.alert(name)
    assert (standing is not None and standing.is_open) == is_drifted
    assert generations == list(range(1, len(generations) + 1))
    assert (name in {each.key.stack for each in store.open_drift()}) == is_drifted


steps = st.tuples(
    st.sampled_from(["acquire", "acquire", "renew", "release"]), st.integers(0, 2), st.integers(0, 40)
)


@LAWS
@given(taken=st.lists(steps, max_size=25))
@example(taken=[("acquire", 0, 0), ("acquire", 1, 20), ("renew", 0, 40), ("acquire", 1, 0)])
def test_a_lock_has_one_holder_and_its_token_grows(
    store: StateStore, names: Iterator[str], taken: list[tuple[str, int, int]]
) -> None:
    """With expiry, whatever anybody still believes of a lock that they had (REQ-G5)."""
    environment, now, held = next(names), START, dict[int, Lock]()
    holder: Lock | None = None
    last = 0
    for step, actor, minutes in taken:
        now += minutes * MINUTE
        is_holder = holder is not None and held.get(actor) == holder
        if step == "acquire":
            lock = store.acquire_lock("orders", environment, f"run-{actor}", now, HOUR)
            is_free = holder is None or holder.expires_at <= now or holder.owner == f"run-{actor}"
            assert (lock is not None) == is_free
            if lock is not None:
                assert lock.token > last
                holder = held[actor] = lock
                last = lock.token
        elif actor in held and step == "renew":
            renewed = store.renew(held[actor], now, HOUR)
            assert (renewed is not None) == (is_holder and held[actor].expires_at > now)
            if renewed is not None:
                assert renewed.token == held[actor].token
                holder = held[actor] = renewed
        elif actor in held:
            assert store.release_lock(held[actor]) == is_holder
            holder = None if is_holder else holder
        expected = holder if holder and holder.expires_at > now else None
        assert store.lock("orders", environment, now) == expected


moves = st.tuples(st.sampled_from(["raise", "resolve", "announce"]), st.integers(0, 6))


@LAWS
@given(taken=st.lists(moves, max_size=20))
def test_a_generation_is_announced_once(
    store: StateStore, names: Iterator[str], taken: list[tuple[str, int]]
) -> None:
    """Whatever the stream repeats or delivers late; and the last one always is (REQ-C4)."""
    name, told, announced = next(names), list[int](), list[int]()
    for number, (move, choice) in enumerate(taken):
        at = START + number * MINUTE
        if move == "announce":
            if told and store.mark_announced(name, told[choice % len(told)]):
                announced.append(told[choice % len(told)])
            continue
        if move == "raise":
            news = store.raise_alert(alert(at, f"sha256:{choice % 3}", fingerprint=name))
        else:
            news = store.resolve_alert(name, at)
        told += [news.generation] if news else []
    for generation in told:
        if store.mark_announced(name, generation):
            announced.append(generation)
    assert told == list(range(1, len(told) + 1))
    assert announced == sorted(set(announced))
    assert announced[-1:] == told[-1:]
