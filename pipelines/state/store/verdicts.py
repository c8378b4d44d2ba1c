"""What a refused promotion says: each condition that did not hold, with its reason. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..marshal import Item, plain_item
from ..records import EnvironmentRelease, Promotion
from ..times import timestamp
from .outcomes import Reason

Condition = Literal[
    "source-succeeded",
    "same-digest",
    "soak",
    "latest",
    "source-without-drift",
    "target-without-drift",
    "lock-held",
    "not-yet-promoted",
]
"""What must hold. `latest`: nothing else was deployed into the source since."""


@dataclass(frozen=True, slots=True)
class Hindrance:
    """A condition that does not hold, and in a sentence why."""

    condition: Condition
    reason: str


@dataclass(frozen=True, slots=True)
class PromotionVerdict:
    """Whether the promotion is recorded, and every condition that was in its way."""

    promoted: bool
    hindrances: tuple[Hindrance, ...] = ()


def hindrances(
    promotion: Promotion, digest: str, soaked: str, reasons: Mapping[str, Reason]
) -> tuple[Hindrance, ...]:
    """Return what was in the way of a promotion, of the reasons why its transaction was cancelled.

    `soaked` is the time at which the soak had to have begun. A promotion that stands as it was to be put is in nobody's
    way, whatever has changed since. Every condition that failed is named, also where its record does not say why: who
    deploys writes that, and may write it as no deployment would.
    """
    standing = reasons.get("promotion")
    if standing and standing.failed and _is_same(promotion, standing.item):
        return ()
    failed = {name: reason.item or {} for name, reason in reasons.items() if reason.failed}
    explained: dict[str, Callable[[Item], Iterator[Hindrance]]] = {
        "source": lambda item: _of_source(promotion, digest, soaked, item),
        "latest": lambda item: _of_latest(promotion, item),
        "source drift": lambda item: _of_source_drift(promotion, soaked, item),
        "source check": lambda item: _of_source_check(promotion, soaked, item),
        "source touch": lambda item: _of_source_touch(promotion, soaked, item),
        "target drift": lambda item: _of_target_drift(promotion, item),
        "lock": lambda item: _of_lock(promotion, item),
        "promotion": lambda item: _of_promotion(promotion, item),
    }
    return tuple(
        each
        for name, item in failed.items()
        for each in [*explained[name](item)] or [_unexplained(promotion, name)]
    )


def _is_same(promotion: Promotion, item: Item | None) -> bool:
    # A repeated call has a later time; the decision that it records is the same.
    return item is not None and replace(Promotion.from_item(item), at=promotion.at) == promotion


def _unexplained(promotion: Promotion, name: str) -> Hindrance:
    reason = f"the record of {promotion.source} is not as it has to be, and does not say why: its {name}"
    return Hindrance("source-succeeded", reason)


def _of_source(promotion: Promotion, digest: str, soaked: str, item: Item) -> Iterator[Hindrance]:
    source = EnvironmentRelease.from_item(item)
    if source.tag != promotion.tag or source.state != "succeeded":
        where = f"the latest deployment into {source.environment} is {source.tag}, {source.state}"
        yield Hindrance("source-succeeded", where)
        return
    if not source.decision:
        where = f"{source.tag} was deployed into {source.environment} without gates"
        yield Hindrance("source-succeeded", where)
    if source.manifest_digest != digest:
        yield Hindrance("same-digest", f"{source.environment} runs {source.manifest_digest}, not {digest}")
    since = "no recorded success"
    if source.soak_from is not None and source.ended_at is not None:
        since = timestamp(max(source.soak_from, source.ended_at))
        if since <= soaked:
            return
    yield Hindrance("soak", f"the soak in {source.environment} began at {since}, not by {soaked}")


def _of_latest(promotion: Promotion, item: Item) -> Iterator[Hindrance]:
    since = EnvironmentRelease.from_item(item)
    yield Hindrance("latest", f"{since.tag} was deployed into {promotion.source} in the meantime")


def _of_source_drift(promotion: Promotion, soaked: str, item: Item) -> Iterator[Hindrance]:
    if drifted := _drifted(item):
        yield Hindrance("source-without-drift", f"open drift in {promotion.source}: {drifted}")
    else:
        ended = plain_item(item).get("changed_at")
        yield Hindrance("soak", f"drift in {promotion.source} ended at {ended}, not by {soaked}")


def _of_source_check(promotion: Promotion, soaked: str, item: Item) -> Iterator[Hindrance]:
    failed = plain_item(item).get("failed_at")
    yield Hindrance("soak", f"a check of {promotion.source} failed at {failed}, not by {soaked}")


def _of_source_touch(promotion: Promotion, soaked: str, item: Item) -> Iterator[Hindrance]:
    touched = plain_item(item).get("touched_at")
    yield Hindrance(
        "soak", f"a stack of {promotion.source} was changed, which began at {touched}, not by {soaked}"
    )


def _of_target_drift(promotion: Promotion, item: Item) -> Iterator[Hindrance]:
    reason = f"open drift in {promotion.target} that is not acknowledged as it is: {_drifted(item)}"
    yield Hindrance("target-without-drift", reason)


def _drifted(item: Item) -> str:
    stacks = sorted(plain_item(item).get("drifted", ()))
    named = ", ".join(pk.removeprefix("STACK#") for pk in stacks[:5])
    return f"{named} and {len(stacks) - 5} more" if len(stacks) > 5 else named


def _of_lock(promotion: Promotion, item: Item) -> Iterator[Hindrance]:
    values = plain_item(item)
    holder = f"{values['owner']} until {values['held_until']}" if "owner" in values else "nobody"
    yield Hindrance("lock-held", f"the lock of {promotion.target} is held by {holder}")


def _of_promotion(promotion: Promotion, item: Item) -> Iterator[Hindrance]:
    before = Promotion.from_item(item)
    reason = f"{before.approver} promoted {before.tag} to {before.target} at {timestamp(before.at)}"
    yield Hindrance("not-yet-promoted", reason)
