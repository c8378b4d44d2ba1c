"""The states of stacks, their history, what was refused, and when regions reported (REQ-C2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from .. import keys
from ..marshal import Item, plain
from ..records import Census, Check, Refusal, StackEvent, StackKey, StackState
from ..sequence import DELETED
from ..times import timestamp
from .drift_writes import departure_write, text_of
from .part import Part
from .writes import ABSENT, Write, put, update

_NOT_STATE = {"pk", "sk", "drift", "gsi3pk", "gsi3sk"}
_DRIFT = ("drift", "drift_seq", "gsi3pk", "gsi3sk")


class States(Part):
    """Stacks: what they are, and what happened to them."""

    def record_event(self, event: StackEvent) -> bool:
        """Add an event to the history of its stack, once; False where it is there already. One operation."""
        return self._table.write(put(event.to_item(), ABSENT)).done

    def record_state(self, state: StackState) -> bool:
        """Make this the current state unless a later one is known; False where nothing changed.

        One operation, and one more for the first that is known of an operation of CloudFormation's: the environment's
        marker of its last touch. Of two observations of the same moment, one that knows the digest completes one that
        does not. Drift stays as it is; with a deleted stack it goes, also from the environment's marker of open drift,
        which notes when it went.
        """
        if state.status == DELETED and state.key.is_ours:
            return self._record_deletion(state)
        gone = _DRIFT if state.status == DELETED else ()
        outcome = self._table.write(_state_write(state, also_remove=gone), before=True)
        self._touch(state, outcome.item, is_new=outcome.done)
        return outcome.done

    def _touch(self, state: StackState, before: Item | None, *, is_new: bool) -> None:
        """Note that a stack is touched, where a state is the first of an operation, or where that may be left to do.

        Who recorded the state may have died before this: told again of the state that stands, it is done then.
        """
        at = timestamp(state.operation_at)
        is_known = text_of(before or {}, "operation_at") == at
        if not state.key.is_ours or is_known == is_new:
            return
        key = keys.touched(state.key.workload, state.key.environment)
        if self._touched.get(key, "") < at:
            later = "attribute_not_exists(#touched_at) OR #touched_at < :at"
            self._table.write(update(key, "SET #touched_at = :at", later, at=at))
            self._touched[key] = at

    def _record_deletion(self, state: StackState) -> bool:
        gone = _state_write(state, also_remove=_DRIFT)
        marker: Item = {}
        for attempt in self._table.attempts():
            reasons = self._table.transact([gone, departure_write(state, marker)])
            if not reasons or reasons[0].failed:
                # Once more than it may need to be: stacks are seldom deleted.
                self._touch(state, reasons[0].item if reasons else None, is_new=not reasons)
                return not reasons
            marker = reasons[1].item or {}
            self._table.pause(attempt)
        raise AssertionError("attempts end in an error")

    def record_refusal(self, refusal: Refusal) -> bool:
        """Keep why an event was not recorded, once."""
        return self._table.write(put(refusal.to_item(), ABSENT)).done

    def record_census(self, census: Census) -> bool:
        """Note when a region reported, unless it did later."""
        condition = f"{ABSENT} OR #observed_at < :at"
        write = put(census.to_item(), condition, at=timestamp(census.observed_at))
        return self._table.write(write).done

    def gather_census(
        self, place: tuple[str, str], at: datetime, part: tuple[int, int], names: int
    ) -> int | None:
        """Note that a part of a region's census came, with so many names; return the names of all once all came.

        `place` is account and region, `part` its number and how many there are, `at` names the census. The parts may
        come in any order and repeatedly; once one of a later census has come, those of an earlier count no more.
        """
        number, parts = part
        if parts == 1:
            return names
        key, values = keys.census_parts(*place), {"at": timestamp(at), "came": {f"{number}:{names}"}}
        first = "attribute_not_exists(#at) OR #at < :at"
        outcome = self._table.write(update(key, "SET #at = :at, #came = :came", first, **values))
        if not outcome.done:
            outcome = self._table.write(update(key, "ADD #came :came", "#at = :at", **values))
        if not outcome.done or outcome.item is None:
            return None
        came = dict(each.split(":") for each in plain(outcome.item["came"]))
        return sum(map(int, came.values())) if len(came) == parts else None

    def census(self, account: str, region: str) -> Census | None:
        """Return when a region last reported, or None if it never did."""
        item = self._table.get(keys.census(account, region))
        return Census.from_item(item) if item else None

    def censuses(self) -> Iterator[Census]:
        """Return when each region that ever reported last did."""
        return map(Census.from_item, self._table.listed("GSI3", keys.REGIONS, keys.OF_REGION))

    def state(self, key: StackKey) -> StackState | None:
        """Return the current state of a stack, or None if it was never observed."""
        item = self._table.get(keys.current(key))
        return next(_states([item] if item else []), None)

    def states(self, environment: str | None = None, workload: str | None = None) -> Iterator[StackState]:
        """Return the current state of every stack, deleted ones too; of one environment, of one workload, or both."""
        if environment and workload:
            place = f"{workload}#{environment}"
            return _states(self._table.listed("GSI1", place, f"{keys.OF_STACK}{place}#"))
        stacks = ((key, StackKey.parse(key.pk)) for key in self._table.keys("GSI1", keys.OF_STACK))
        wanted = (
            key
            for key, stack in stacks
            if environment in (None, stack.environment) and workload in (None, stack.workload)
        )
        return _states(self._table.get_all(wanted))

    def states_in(self, account: str, region: str, after: str = "", upto: str = "") -> Iterator[StackState]:
        """Return the states of a region's stacks whose name is over `after` and at most `upto`; empty is no limit."""
        if upto and after >= upto:
            return iter(())
        listed = self._table.listed("GSI4", f"{account}#{region}", keys.OF_STACK, (after, upto))
        found = ((state, state.key) for state in _states(listed))
        return (
            state
            for state, key in found
            if (key.account, key.region) == (account, region) and key.stack != after
        )

    def events(self, key: StackKey) -> Iterator[StackEvent]:
        """Return the history of a stack, the newest first."""
        return map(StackEvent.from_item, self._table.partition(key.pk, "EVT#", newest=True))

    def put_check(self, check: Check) -> bool:
        """Keep the result of a consistency check, unless a later one is known; when one last failed goes along."""
        for attempt in self._table.attempts():
            before = self.check(check.workload, check.environment)
            if before is not None and before.at >= check.at:
                return False
            failed_at = check.at if check.verdict == "inconsistent" else before.failed_at if before else None
            condition, seen = ("#at = :seen", {"seen": timestamp(before.at)}) if before else (ABSENT, {})
            if self._table.write(put(replace(check, failed_at=failed_at).to_item(), condition, **seen)).done:
                return True
            self._table.pause(attempt)
        raise AssertionError("attempts end in an error")

    def check(self, workload: str, environment: str) -> Check | None:
        """Return the last consistency check of an environment, or None if there was none."""
        item = self._table.get(keys.check(workload, environment))
        return Check.from_item(item) if item else None


def _states(items: Iterable[Item]) -> Iterator[StackState]:
    # Drift may be recorded before the state is: that item is no state yet.
    return (StackState.from_item(item) for item in items if "observed_seq" in item)


def _state_write(state: StackState, also_remove: Iterable[str] = ()) -> Write:
    item = state.to_item()
    values = {name: plain(value) for name, value in item.items() if name not in _NOT_STATE}
    removed = [*also_remove, *(name for name in ("gsi2pk", "expires_at") if name not in item)]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in values)
    if removed:
        expression += " REMOVE " + ", ".join(f"#{name}" for name in removed)
    condition = "attribute_not_exists(#observed_seq) OR #observed_seq < :observed_seq"
    if state.digest is not None:
        condition += " OR (#observed_seq = :observed_seq AND attribute_type(#digest, :null))"
        values["null"] = "NULL"
    return update(keys.current(state.key), expression, condition, **values)
