"""Holding the locks of an environment while it is deployed, so that one run does at a time (REQ-G5). I/O.

A lock lasts minutes and is renewed while the run lives: one that died keeps others out no longer than that. Every write
that says how a deployment goes checks its lock as well, so that a run that lost it records nothing more.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from botocore.exceptions import BotoCoreError, ClientError

from pipelines.state.records import Lock
from pipelines.state.store import ContentionError, StateStore
from pipelines.state.times import timestamp
from validator.errors import LockstepError, PendingError

LEASE = timedelta(minutes=3)
"""How long a lock lasts unless it is renewed: what a run that died costs the next one at most."""

RENEWAL_SECONDS = 30.0
"""Between two renewals: six may fail, and clocks differ by a minute, before a lock is lost."""

WATCH_SECONDS = 1.0
"""Between two looks at the clock, whether a lock ended."""

Clock = Callable[[], datetime]


@dataclass(slots=True)
class Hold:
    """The locks of one run, one for each workload, renewed in the background until `close`."""

    table: StateStore
    clock: Clock
    locks: dict[str, Lock] = field(default_factory=dict)
    lost: threading.Event = field(default_factory=threading.Event)
    """Set when the locks are another run's, or may be."""
    _closing: threading.Event = field(default_factory=threading.Event)
    _stops: list[threading.Event] = field(default_factory=list)

    @classmethod
    def take(
        cls,
        table: StateStore,
        workloads: Iterable[str],
        environment: str,
        by: str,
        clock: Clock,
        every: float = RENEWAL_SECONDS,
    ) -> Self:
        """Take the lock of each workload in an environment, and renew them every so many seconds.

        Raises PendingError where another run holds one, with who, since when, and how to go on; then none is held.
        """
        hold = cls(table, clock)
        owner = f"{by}, run {uuid.uuid4().hex[:8]}"
        try:
            for workload in sorted(workloads):  # in one order, so that no two runs wait for each other
                lock = table.acquire_lock(workload, environment, owner, clock(), LEASE)
                if lock is None:
                    raise busy(workload, environment, table.lock(workload, environment, clock()))
                hold.locks[workload] = lock
        except BaseException:
            hold.close()
            raise
        threading.Thread(target=hold._renew, args=(every,), name="locks", daemon=True).start()
        threading.Thread(target=hold._watch, name="deadline of locks", daemon=True).start()
        return hold

    def guard(self, stop: threading.Event) -> None:
        """Set `stop` when the locks are lost."""
        self._stops.append(stop)
        if self.lost.is_set():
            stop.set()

    def close(self) -> None:
        """Give the locks back. What AWS does not take back now ends by itself."""
        self._closing.set()
        for lock in self.locks.values():
            try:
                self.table.release_lock(lock)
            except (BotoCoreError, ClientError, ContentionError, LockstepError):
                continue

    def _renew(self, every: float) -> None:
        while not self._closing.wait(every) and not self.lost.is_set():
            if not self._renewed():
                self._lose()
                return

    def _watch(self) -> None:
        """Lose the locks when the first of them ends, even while a call that would renew it hangs."""
        while not self._closing.wait(WATCH_SECONDS) and not self.lost.is_set():
            self.look()

    def look(self) -> None:
        """Lose the locks if the first of them ended: as on a computer that slept, before its next step."""
        now = self.clock()
        if any(now >= lock.expires_at for lock in self.locks.values()):
            self._lose()

    def _lose(self) -> None:
        self.lost.set()
        for stop in self._stops:
            stop.set()

    def _renewed(self) -> bool:
        """Renew every lock; one that AWS did not answer for still is ours until it expires."""
        for workload, lock in self.locks.items():
            try:
                renewed = self.table.renew(lock, self.clock(), LEASE)
            except (BotoCoreError, ClientError, ContentionError, LockstepError):
                renewed = lock if self.clock() < lock.expires_at else None
            if renewed is None:
                return False
            self.locks[workload] = renewed
        return True


def busy(workload: str, environment: str, holder: Lock | None) -> PendingError:
    """Return the error for a lock that another run holds, or held a moment ago."""
    again = "run the same command again"
    if holder is None:
        return PendingError(f"{workload} was being deployed into {environment} a moment ago\n  mend: {again}")
    return PendingError(
        f"{workload} is being deployed into {environment} by {holder.owner}, since {timestamp(holder.since)}\n"
        f"  mend: wait for that run to end, then {again}; a run that died holds it until "
        f"{timestamp(holder.expires_at)}; see docs/runbooks/stuck-lock.md"
    )
