"""Laws of tracking: whatever happens to events, one reconciliation ends in the state of the true order (REQ-C2).

That is the ordinary pass of every 15 minutes. One loss it does not repair: of a stack that changed over a day ago and
that nobody could observe since, as where an agent stood still for longer, the template is read by the daily pass, which
is full. Until then its digest is unknown, and never that of another template.
A random history of stacks runs in a model of CloudFormation. Agents read it when an event reaches
them, at any time; events are lost, repeated, delayed and mixed, home's as well as the agents'. Recorder and store are
the real ones.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import replace
from typing import Any

import pytest

from pipelines.state.records import StackState
from pipelines.state.sequence import DELETED
from pipelines.state.store import StateStore
from pipelines.tracking.alerts import is_bad
from pipelines.tracking.census import census_parts, list_stacks, observations
from pipelines.tracking.events import StackChanged, read_event
from pipelines.tracking.observation import Trigger
from pipelines.tracking.observe import observe
from pipelines.tracking.publish import entry, publish
from pipelines.tracking.reconciler import Reconciler
from pipelines.tracking.recorder import Recorder
from pipelines.tracking.track import Accounts
from tests.unit.tracking.cloud import AGENT_BUS, DEV, REGION, Bus, Cloud
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB

ACCOUNTS = Accounts({"dev": frozenset({DEV}), "staging": frozenset({"222222222222"})})
NAMES = ("alpha", "beta", "beta-two")
CHUNKS, SEQUENCES = 20, 30
"""So many times so many histories; the same ones at every run. A few run through botocore as well."""
LATE = 20
"""After each of so many, days go by before the pass."""


class Agent:
    """The observer's work, without its handler: it reads the world whenever it is asked to."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud, self.bus = cloud, Bus(cloud)

    def handle(self, body: str) -> None:
        changed = read_event(body)
        assert isinstance(changed, StackChanged)
        found = observe(self.cloud, changed.stack.text, self.cloud.clock)  # type: ignore[arg-type]
        if found:
            envelope = changed.envelope
            trigger = Trigger(envelope.event_id, envelope.time, changed.status, "", envelope.detail_type)
            self.send([entry(replace(found, trigger=trigger))])

    def reconcile(self, *, full: bool = False) -> None:
        began = self.cloud.clock()
        stacks = list_stacks(self.cloud)  # type: ignore[arg-type]
        self.send([entry(part) for part in census_parts((raw["StackName"] for raw in stacks), began)])
        listed = self.cloud.clock()
        self.send([entry(each) for each in observations(self.cloud, stacks, listed, full=full)])  # type: ignore[arg-type]

    def send(self, entries: list[Any]) -> None:
        assert publish(self.bus, AGENT_BUS, entries, lambda _seconds: None) == ()


def step(cloud: Cloud, rng: random.Random) -> None:
    name = rng.choice(NAMES)
    version = f"v{rng.randrange(1, 9)}.0.0"
    if name not in cloud.stacks:
        return cloud.create(name, version, fails=rng.random() < 0.2)
    status = cloud.stacks[name]["StackStatus"]
    if rng.random() < 0.4 or status == "ROLLBACK_COMPLETE":
        return cloud.delete(name)
    return cloud.update(name, version, fails=rng.random() < 0.3)


def shaken(rng: random.Random, bodies: list[str], loss: float) -> list[str]:
    """Lose some, repeat some, and mix all."""
    kept = [body for body in bodies if rng.random() >= loss]
    kept += [body for body in kept if rng.random() < 0.3]
    rng.shuffle(kept)
    return kept


def history(rng: random.Random) -> tuple[Cloud, Agent, list[str]]:
    """Return a world after a random history, its agent, and every message that reached home's queue, in any order."""
    cloud = Cloud()
    agent = Agent(cloud)
    waiting: list[str] = []
    loss = rng.choice((0.0, 0.2, 0.6, 1.0))
    for _ in range(rng.randrange(2, 9)):
        seen = len(cloud.events)
        step(cloud, rng)
        waiting += shaken(rng, [json.dumps(event) for event in cloud.events[seen:]], loss)
        rng.shuffle(waiting)
        while waiting and rng.random() < 0.6:  # the others wait, and find a later world
            agent.handle(waiting.pop())
        if rng.random() < 0.4:
            agent.reconcile()
    for body in waiting:
        agent.handle(body)
    raw = [json.dumps(event) for event in cloud.events]
    return cloud, agent, shaken(rng, raw + agent.bus.bodies, loss)


def converged(cloud: Cloud, store: StateStore, *, is_late: bool = False) -> None:
    states = {state.key.stack: state for state in store.states()}
    for name, stack in cloud.stacks.items():
        assert facts(states[name]) == {
            "id": stack["StackId"],
            "status": stack["StackStatus"],
            "version": next(tag["Value"] for tag in stack["Tags"] if tag["Key"] == "Version"),
            "place": ("orders", "dev", DEV, REGION),
        }
        body = cloud.templates[stack["StackId"]]
        digest = states[name].template_digest
        assert digest == f"sha256:{hashlib.sha256(body.encode()).hexdigest()}" or (is_late and digest is None)
    for name in states.keys() - cloud.stacks.keys():
        assert states[name].status == DELETED
    bad = {
        f"deployment:orders:dev:{DEV}:{REGION}:{n}"
        for n, s in cloud.stacks.items()
        if is_bad(s["StackStatus"])
    }
    assert {alert.fingerprint for alert in store.alerts()} == bad


def facts(state: StackState) -> dict[str, Any]:
    key = state.key
    return {
        "id": state.stack_id,
        "status": state.status,
        "version": state.version,
        "place": (key.workload, key.environment, key.account, key.region),
    }


@pytest.fixture(scope="module")
def table() -> LocalDynamoDB:
    return LocalDynamoDB()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_any_order_repetition_delay_and_loss_ends_in_the_true_state(table: LocalDynamoDB, chunk: int) -> None:
    check(table, Direct(), range(chunk * SEQUENCES, (chunk + 1) * SEQUENCES))


def test_the_same_through_botocore(table: LocalDynamoDB) -> None:
    check(table, table.client, range(20))


def check(table: LocalDynamoDB, client: Any, numbers: range) -> None:
    for number in numbers:
        rng = random.Random(number)  # noqa: S311 - no secret
        table.create()
        store = StateStore(client, TABLE, lambda _seconds: None)
        cloud, agent, messages = history(rng)
        recorder = Recorder(store, ACCOUNTS, cloud.clock)
        for body in messages:
            recorder.record(body)
        is_late = number % LATE == 0
        cloud.tick(3 * 24 * 3600 if is_late else 60)
        for full in (False, True)[: 1 + is_late]:
            agent.bus.bodies.clear()
            agent.reconcile(full=full)
            for body in shaken(rng, agent.bus.bodies, 0.0):
                recorder.record(body)
            Reconciler(store, ACCOUNTS, lambda _alert: True, cloud.clock, lambda _s: None).run()
            try:
                converged(cloud, store, is_late=is_late and not full)
            except (AssertionError, KeyError):
                print(f"history {number}")  # noqa: T201 - says which one to look at
                raise
        once_each(cloud, store)


def once_each(cloud: Cloud, store: StateStore) -> None:
    """History holds each of CloudFormation's events at most once, and nothing that never happened."""
    happened = {(event["id"], event["detail"]["status-details"]["status"]) for event in cloud.events}
    for state in store.states():
        kept = [(event.event_id, event.status) for event in store.events(state.key)]
        assert len(set(kept)) == len(kept)
        assert set(kept) <= happened
