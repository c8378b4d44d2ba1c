"""Locks of environments, with an expiry and a fencing token (REQ-G5)."""

from __future__ import annotations

from datetime import datetime, timedelta

from .. import keys
from ..marshal import plain
from ..records import Lock
from ..times import timestamp
from .part import Part
from .writes import Write, check, update

HELD = "#owner = :owner AND #token = :token AND #held_until > :now"
"""The condition under which a lock still is its holder's."""


class Locks(Part):
    """One holder at a time for each environment. `now` is the caller's clock: an expiry leaves room for its error."""

    def acquire_lock(
        self, workload: str, environment: str, owner: str, now: datetime, duration: timedelta
    ) -> Lock | None:
        """Take the lock until `now + duration`, with a token that no holder before had; None while another holds it.

        `owner` names one run. The same owner may acquire again, as after a lost answer: its old token ends.
        """
        until = now + duration
        outcome = self._table.write(
            update(
                keys.lock(workload, environment),
                "SET #owner = :owner, #held_until = :until, #since = :now, #workload = :workload,"
                " #environment = :environment ADD #token :one",
                "attribute_not_exists(#owner) OR #held_until <= :now OR #owner = :owner",
                owner=owner,
                until=timestamp(until),
                now=timestamp(now),
                workload=workload,
                environment=environment,
                one=1,
            )
        )
        return Lock.from_item(outcome.item) if outcome.done and outcome.item else None

    def renew(self, lock: Lock, now: datetime, duration: timedelta) -> Lock | None:
        """Hold the lock until `now + duration` with the same token; None where it expired or another has it."""
        outcome = self._table.write(
            update(
                keys.lock(lock.workload, lock.environment),
                "SET #held_until = :until",
                HELD,
                owner=lock.owner,
                token=lock.token,
                now=timestamp(now),
                until=timestamp(now + duration),
            )
        )
        return Lock.from_item(outcome.item) if outcome.done and outcome.item else None

    def release_lock(self, lock: Lock) -> bool:
        """Give the lock back; False where it is another's by now. The token stays, so that it never starts again."""
        return self._table.write(
            update(
                keys.lock(lock.workload, lock.environment),
                "REMOVE #owner, #held_until, #since",
                "#owner = :owner AND #token = :token",
                owner=lock.owner,
                token=lock.token,
            )
        ).done

    def lock(self, workload: str, environment: str, now: datetime) -> Lock | None:
        """Return the lock that is held at `now`, or None."""
        item = self._table.get(keys.lock(workload, environment))
        if not item or "owner" not in item or plain(item["held_until"]) <= timestamp(now):
            return None
        return Lock.from_item(item)


def still_held(lock: Lock, now: datetime) -> Write:
    """Return the check, for a transaction, that a lock still is its holder's: what fences a late one off."""
    return check(
        keys.lock(lock.workload, lock.environment),
        HELD,
        owner=lock.owner,
        token=lock.token,
        now=timestamp(now),
    )
