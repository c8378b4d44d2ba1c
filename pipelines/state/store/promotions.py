"""Promotions: one transaction checks what must hold at that moment, and puts the promotion (REQ-G1 to REQ-G5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from .. import keys
from ..records import EnvironmentRelease, Lock, Promotion, StackKey
from ..times import timestamp
from .locks import still_held
from .releases import Releases
from .verdicts import Hindrance, PromotionVerdict, hindrances
from .writes import ABSENT, Write, check, put

SOAK = {"prod": timedelta(minutes=60)}
"""How long a release must have stood in the source before it goes to a target, at least (REQ-G3)."""


class Promotions(Releases):
    """Which release went from where to where."""

    def promote(
        self,
        promotion: Promotion,
        *,
        manifest_digest: str,
        lock: Lock,
        now: datetime,
        acknowledged: Collection[StackKey] = (),
        soak: timedelta = timedelta(),
    ) -> PromotionVerdict:
        """Record a promotion if everything that it rests on holds at the moment it is written.

        The latest deployment into the source is this release, with this manifest digest, was let in by a decision, and
        succeeded; its soak is over, which is `soak`, or SOAK where that is longer; no stack of the source has open
        drift, nor had it during the soak, nor was one touched or did a consistency check fail in it; of the target only
        the `acknowledged` ones have; the lock of the target is held; the promotion is not there yet. A promotion that
        is repeated with the same evidence and approver, as after a lost answer, counts as promoted.

        Raises ValueError for a lock of something else than the target.
        """
        if (lock.workload, lock.environment) != (promotion.workload, promotion.target):
            raise ValueError(f"the lock is of {lock.workload} {lock.environment}, not of the target")
        source = self.latest_environment_release(promotion.workload, promotion.source)
        if source is None:
            reason = f"nothing was ever deployed into {promotion.source}"
            return PromotionVerdict(False, (Hindrance("source-succeeded", reason),))
        soaked = timestamp(now - max(soak, SOAK.get(promotion.target, timedelta())))
        writes = {
            "source": _source(promotion, source, manifest_digest, soaked),
            "latest": _latest(source),
            "source drift": _source_drift(promotion, soaked),
            "source check": _source_check(promotion, soaked),
            "source touch": _source_touch(promotion, soaked),
            "target drift": _target_drift(promotion, acknowledged),
            "lock": still_held(lock, now),
            "promotion": put(promotion.to_item(), ABSENT),
        }
        reasons = dict(zip(writes, self._table.transact(writes.values()), strict=False))
        found = hindrances(promotion, manifest_digest, soaked, reasons)
        return PromotionVerdict(not found, found)

    def promotion(self, workload: str, tag: str, source: str, target: str) -> Promotion | None:
        """Return a promotion, or None."""
        item = self._table.get(keys.promotion(workload, tag, source, target))
        return Promotion.from_item(item) if item else None


def _source(promotion: Promotion, source: EnvironmentRelease, digest: str, soaked: str) -> Write:
    return check(
        keys.environment_release(source.workload, source.environment, source.number),
        "#tag = :tag AND #state = :succeeded AND #manifest_digest = :digest AND #soak_from <= :soaked "
        "AND #ended_at <= :soaked AND #decision > :none",
        tag=promotion.tag,
        succeeded="succeeded",
        digest=digest,
        soaked=soaked,
        none="",
    )


def _latest(source: EnvironmentRelease) -> Write:
    return check(keys.environment_release(source.workload, source.environment, source.number + 1), ABSENT)


def _source_drift(promotion: Promotion, soaked: str) -> Write:
    return check(
        keys.open_drift(promotion.workload, promotion.source),
        "attribute_not_exists(#drifted) AND (attribute_not_exists(#changed_at) OR #changed_at <= :soaked)",
        soaked=soaked,
    )


def _source_check(promotion: Promotion, soaked: str) -> Write:
    return check(
        keys.check(promotion.workload, promotion.source),
        "attribute_not_exists(#failed_at) OR attribute_type(#failed_at, :null) OR #failed_at <= :soaked",
        null="NULL",
        soaked=soaked,
    )


def _source_touch(promotion: Promotion, soaked: str) -> Write:
    return check(
        keys.touched(promotion.workload, promotion.source),
        "attribute_not_exists(#touched_at) OR #touched_at <= :soaked",
        soaked=soaked,
    )


def _target_drift(promotion: Promotion, acknowledged: Collection[StackKey]) -> Write:
    condition, values = "attribute_not_exists(#drifted)", dict[str, Any]()
    if acknowledged:
        # Every acknowledged stack has to be named; one that is drifted and was not named is in the way.
        condition += " OR #drifted = :acknowledged"
        values["acknowledged"] = {stack.pk for stack in acknowledged}
    return check(keys.open_drift(promotion.workload, promotion.target), condition, **values)
