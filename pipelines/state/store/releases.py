"""Releases, and what was deployed of them where (REQ-G1, REQ-G3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from itertools import count

from .. import keys
from ..marshal import Item, plain
from ..records import Ending, EnvironmentRelease, Lock, Release, ReleaseState
from ..times import timestamp
from .locks import still_held
from .part import Part
from .table import key_of
from .writes import ABSENT, put, update

Odd = Callable[[str], None]
"""Takes which item is no record, and why."""
ODD_CHARACTERS = 200
NOTHING_MORE = Ending()
_ANNOUNCED = {"rolled_back": "announced", "succeeded": "announced_success"}
"""What notes on a deployment that its state was announced."""
"""What the item of a deployment has once its being taken back was announced; it is no part of the record."""


class Releases(Part):
    """Which release is where."""

    def put_release(self, release: Release) -> bool:
        """Keep a release, which never changes; False where the tag stands for something else in that environment."""
        item = release.to_item()
        outcome = self._table.write(put(item, ABSENT))
        return outcome.done or outcome.item == item

    def release(self, workload: str, tag: str, environment: str) -> Release | None:
        """Return a release as the deployments of an environment recorded it, or None where they did not."""
        item = self._table.get(keys.release(workload, tag, environment))
        return Release.from_item(item) if item else None

    def begin_environment_release(
        self,
        release: Release,
        at: datetime,
        by: str,
        lock: Lock | None = None,
        places: Iterable[str] = (),
        decision: str = "",
        evidence: str = "",
    ) -> EnvironmentRelease | None:
        """Say that a release is being deployed into its environment, under the next number; None where `lock` is
        another's by now.

        Saying the same again, as after a lost answer, changes nothing. `places` are those of the environment's agents,
        `decision` is the digest of what let the release in, `evidence` that of why nothing had to.
        The manifest digest is the release's of that environment: raises KeyError where it has none.
        """
        first = EnvironmentRelease(
            workload=release.workload,
            environment=release.environment,
            number=1,
            tag=release.tag,
            manifest_digest=release.digests[release.environment],
            state="deploying",
            started_at=at,
            ended_at=None,
            by=by,
            places=tuple(places),
            decision=decision,
            evidence=evidence,
        )
        latest = self.latest_environment_release(release.workload, release.environment)
        for number in count(latest.number if latest else 1):
            begun = replace(first, number=number)
            fence = [still_held(lock, at)] if lock else []
            reasons = self._table.transact([put(begun.to_item(), ABSENT), *fence])
            if not reasons or reasons[0].item == begun.to_item():
                return begun
            if not reasons[0].failed:
                return None
        raise AssertionError("there is always a next number")

    def end_environment_release(
        self,
        workload: str,
        environment: str,
        number: int,
        state: ReleaseState,
        at: datetime,
        lock: Lock | None = None,
        ending: Ending = NOTHING_MORE,
    ) -> bool:
        """Say how a deployment ended; False where it ended otherwise before, or `lock` is another's by now.

        Success begins the soak. A deployment ends once; one that succeeded or failed can still be rolled back.
        """
        condition = "#state = :deploying"
        if state == "rolled_back":
            condition = "attribute_exists(#pk) AND #state <> :state"
        expression = "SET #state = :state, #ended_at = :at, #soak_from = :soak"
        values = {
            "state": state,
            "at": timestamp(at),
            "soak": timestamp(at) if state == "succeeded" else None,
        }
        if state != "rolled_back":
            values["deploying"] = "deploying"
        for name, value in (("evidence", ending.evidence), ("back_to", ending.back_to)):
            if value:
                expression += f", #{name} = :{name}"
                values[name] = value
        key = keys.environment_release(workload, environment, number)
        write = update(key, expression, condition, **values)
        reasons = self._table.transact([write, *([still_held(lock, at)] if lock else [])])
        if not reasons:
            return True
        stands, *fence = reasons
        return not any(each.failed for each in fence) and _has(stands.item, state)

    def deployment_is_announced(
        self, workload: str, environment: str, number: int, state: ReleaseState
    ) -> bool:
        """Whether it was announced that a deployment succeeded, or was taken back."""
        item = self._table.get(keys.environment_release(workload, environment, number))
        return item is not None and _ANNOUNCED[state] in item

    def mark_deployment_announced(
        self, workload: str, environment: str, number: int, state: ReleaseState
    ) -> bool:
        """Note that it was announced; False where that was noted before."""
        key, mark = keys.environment_release(workload, environment, number), _ANNOUNCED[state]
        condition = f"attribute_exists(#pk) AND attribute_not_exists(#{mark})"
        return self._table.write(update(key, f"SET #{mark} = :yes", condition, yes=True)).done

    def environment_releases(
        self, workload: str, environment: str, odd: Odd | None = None
    ) -> Iterator[EnvironmentRelease]:
        """Return what was deployed into an environment, the newest first.

        Who deploys there writes the partition. What is no record in it goes to `odd`, for who reads several
        environments and must not be stopped by one; without `odd` it is a ValueError.
        """
        return self._environment_releases(workload, environment, page=100, odd=odd)

    def latest_environment_release(self, workload: str, environment: str) -> EnvironmentRelease | None:
        """Return the last deployment into an environment, or None if there was none."""
        return next(self._environment_releases(workload, environment, page=1), None)

    def _environment_releases(
        self, workload: str, environment: str, page: int, odd: Odd | None = None
    ) -> Iterator[EnvironmentRelease]:
        partition = keys.environment_release(workload, environment, 1).pk
        for item in self._table.partition(partition, "REL#", newest=True, page=page):
            try:
                found = _in_its_place(item)
            except ValueError as error:
                if odd is None:
                    raise
                odd(f"{key_of(item).sk}: {error}"[:ODD_CHARACTERS])
            else:
                yield found


def _in_its_place(item: Item) -> EnvironmentRelease:
    """Return the deployment of an item. Raises ValueError for none, and where its key says another number than it does.

    So does one that no number comes after: it would stay the last for ever, whatever is deployed.
    """
    found = EnvironmentRelease.from_item(item)
    key = keys.environment_release(found.workload, found.environment, found.number)
    if key != key_of(item) or found.number not in keys.NUMBERS:
        raise ValueError(
            f"number {found.number} of {found.workload} in {found.environment} is not kept there"
        )
    return found


def _has(item: Item | None, state: ReleaseState) -> bool:
    return item is not None and bool(plain(item["state"]) == state)
