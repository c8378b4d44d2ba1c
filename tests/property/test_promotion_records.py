"""The table promotes nothing that the gates refuse, of what it looks at itself (REQ-G1, REQ-G3 to REQ-G5).

Both are asked about the same records, which random events wrote: the table within its transaction, the gates of what
was read before. So neither rests on the other, and a decision that is a little old does no harm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Tag
from pipelines.state import keys
from pipelines.state.records import Lock, Promotion
from pipelines.state.store import StateStore
from pipelines.state.times import moment, timestamp
from tests.state_table import HOUR, KEY, release, state, summary
from tests.unit.promotion.good import NOW, PROD, approval, check, evidence, source, target
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB

LAWS = settings(deadline=None, derandomize=True, max_examples=40)
GATES = {"previous-environment", "same-digest", "soak", "drift", "lock"}
MINUTE = timedelta(minutes=1)
STACKS = {
    name: type(KEY)(KEY.workload, name, KEY.account, KEY.region, KEY.stack) for name in ("staging", "prod")
}


class Recorded:
    """A table, what happens to it, and both answers."""

    def __init__(self, store: StateStore, soak: timedelta = HOUR) -> None:
        self.store, self.now, self.detections, self.rule = store, NOW, 0, replace(PROD, soak=soak)
        for key in STACKS.values():
            store.record_state(state(operation_at=NOW - MINUTE, key=key))
        self.lock: Lock | None = store.acquire_lock("orders", "prod", "this-run", NOW, timedelta(days=9))

    def wait(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    def deploy(self, tag: str, end: Any) -> None:
        begun = self.store.begin_environment_release(
            release(tag, "staging"), self.now, "run", decision="sha256:d"
        )
        assert begun is not None
        self.store.put_release(release(tag, "staging"))
        if end != "deploying":
            self.store.end_environment_release("orders", "staging", begun.number, end, self.now)

    def redeploy(self) -> None:
        self.deploy("v1", "succeeded")

    def backdated(self) -> None:
        """Let who deploys to staging, and records that, say that the soak began earlier than it ended."""
        latest = self.store.latest_environment_release("orders", "staging")
        if latest is not None and latest.soak_from is not None:
            key = keys.environment_release("orders", "staging", latest.number)
            Direct().update_item(
                TableName=TABLE,
                Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
                UpdateExpression="SET soak_from = :early",
                ExpressionAttributeValues={":early": {"S": timestamp(latest.soak_from - HOUR)}},
            )

    def drift(self, environment: str, status: str) -> None:
        self.detections += 1
        key = STACKS[environment]
        self.store.record_drift(
            key, summary(self.detections, status, self.now), stack_id=state(key=key).stack_id
        )

    def failed(self) -> None:
        self.store.put_check(check("staging", at=self.now, verdict="inconsistent"))

    def touched(self, status: str, late: timedelta) -> None:
        """Let a stack of staging be changed, of which an agent tells later, in whatever order."""
        at = self.now - late
        self.store.record_state(state(status, at, key=STACKS["staging"], observed_at=self.now))

    def seized(self) -> None:
        if self.lock is not None:
            self.store.release_lock(self.lock)
        self.store.acquire_lock("orders", "prod", "another-run", self.now, timedelta(days=9))

    def drifted(self, environment: str) -> tuple[str, ...]:
        return tuple(key.stack for key in self.store.drift_marker("orders", environment).drifted)

    def gates_let(self, at: datetime) -> bool:
        """Ask the gates that read what the table does."""
        last = self.store.check("orders", "staging")
        key = keys.open_drift("orders", "staging")
        item: Any = Direct().get_item(TableName=TABLE, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
        changed = item.get("Item", {}).get("changed_at")
        found = evidence(
            tag="v1",
            at=at,
            git=Tag("v1", "0" * 40, frozenset({"ada@example.com"})),
            sources={
                "orders": source(
                    release=self.store.release("orders", "v1", "staging"),
                    latest=self.store.latest_environment_release("orders", "staging"),
                    drifted=self.drifted("staging"),
                    drift_changed_at=moment(changed["S"]) if changed else None,
                    touched_at=self.store.touched_at("orders", "staging"),
                    check=last,
                    failed_at=last.failed_at if last else None,
                )
            },
            targets={
                "orders": target(
                    digest=release("v1").digests["prod"],
                    drifted=self.drifted("prod"),
                    lock=self.store.lock("orders", "prod", at),
                )
            },
            approvals=(approval(at=at, tag="v1"),),
        )
        said = decide(found, self.rule).judged
        return all(each.verdict.state == "success" for each in said if each.gate in GATES)

    def table_lets(self, at: datetime) -> bool:
        """Try to promote, and take that back."""
        assert self.lock is not None
        promotion = Promotion("orders", "v1", "staging", "prod", at, "grace", "sha256:e")
        digest = release("v1").digests["staging"]
        done = self.store.promote(
            promotion, manifest_digest=digest, lock=self.lock, now=at, soak=self.rule.soak
        ).promoted
        key = keys.promotion("orders", "v1", "staging", "prod")
        Direct().delete_item(TableName=TABLE, Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}})
        return bool(done)


Step = Callable[[Recorded], None]
minutes = st.sampled_from([1, 30, 59, 60, 61])
statuses = st.sampled_from(["drifted", "in_sync"])
happens: st.SearchStrategy[Step] = st.one_of(
    minutes.map(lambda many: lambda it: it.wait(many)),
    minutes.map(lambda many: lambda it: it.wait(many)),
    st.builds(
        lambda tag, end: lambda it: it.deploy(tag, end),
        st.sampled_from(["v1", "v2"]),
        st.sampled_from(["succeeded", "failed", "deploying", "rolled_back"]),
    ),
    st.just(lambda it: it.redeploy()),
    st.just(lambda it: it.backdated()),
    st.builds(
        lambda name, status: lambda it: it.drift(name, status), st.sampled_from(["staging", "prod"]), statuses
    ),
    st.just(lambda it: it.failed()),
    st.builds(
        lambda status, late: lambda it: it.touched(status, late * MINUTE),
        st.sampled_from(["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "DELETE_COMPLETE"]),
        st.sampled_from([0, 1, 59]),
    ),
    st.just(lambda it: it.seized()),
)


def test_the_table_promotes_nothing_that_the_gates_refuse() -> None:
    """And where nothing but what both read is in the way, the two say the same."""
    answers: Counter[tuple[bool, bool]] = Counter()

    def later(it: Recorded) -> None:
        it.wait(1)

    @LAWS
    @given(st.lists(happens, max_size=8), st.sampled_from([HOUR, HOUR, HOUR + 30 * MINUTE]))
    @example(
        [later, lambda it: it.drift("staging", "drifted"), lambda it: it.drift("staging", "in_sync")], HOUR
    )
    @example([later, lambda it: it.failed()], HOUR)
    @example([later, lambda it: it.touched("UPDATE_IN_PROGRESS", timedelta())], HOUR)
    @example([later, lambda it: it.redeploy()], HOUR + MINUTE)
    @example([later, lambda it: it.backdated()], HOUR)
    def law(steps: list[Step], soak: timedelta) -> None:
        LocalDynamoDB().create()
        recorded = Recorded(StateStore(Direct(), TABLE, lambda _: None), soak)  # type: ignore[arg-type]
        recorded.redeploy()
        for step in steps:
            step(recorded)
            for late in (timedelta(), soak - timedelta(microseconds=1), soak):
                at = recorded.now + late
                gates, table = recorded.gates_let(at), recorded.table_lets(at)
                answers[gates, table] += 1
                assert gates == table, timestamp(at)

    law()
    assert min(answers[True, True], answers[False, False]) > 20, answers
