"""Releases, their deployments into environments, promotions and locks (REQ-G1, REQ-G3, REQ-G5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

from .. import keys
from ..codec import decoded, encoded
from ..items import built
from ..marshal import Item, plain_item

ReleaseState = Literal["deploying", "succeeded", "failed", "rolled_back"]


@dataclass(frozen=True, slots=True)
class Release:
    """A git tag with what it deploys, as the deployments of `environment` recorded it.

    `digests` has each environment's manifest digest, `time` is the commit's.
    """

    workload: str
    environment: str
    tag: str
    commit: str
    time: datetime
    digests: Mapping[str, str]

    def to_item(self) -> Item:
        """Return the item; releases are kept forever."""
        return built(keys.release(self.workload, self.tag, self.environment), encoded(self))

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the release of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))


@dataclass(frozen=True, slots=True)
class Ending:
    """What is said of a deployment beside its state, once it ended; the fields are those of the deployment."""

    evidence: str = ""
    back_to: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentRelease:
    """The nth deployment of a release into an environment.

    `number` counts from 1 without gaps. `ended_at` is None while it is deploying. `soak_from` is where the hour before
    prod begins: the recorded success, or later where something restarted it (REQ-G3); None without a success.
    `places` are those whose agents watch the environment from then on, each as `account/region`. `decision` and
    `evidence` are the digests of what is kept of the decision that let it begin, and of how it ended, or until then of
    why it began without a decision (REQ-G6); empty where nothing is. `back_to` is the release that takes its place
    again, since it failed or was taken back (REQ-R4); empty where none has to, such as where somebody stopped the run.
    """

    workload: str
    environment: str
    number: int
    tag: str
    manifest_digest: str
    state: ReleaseState
    started_at: datetime
    ended_at: datetime | None
    by: str
    soak_from: datetime | None = None
    places: tuple[str, ...] = ()
    decision: str = ""
    evidence: str = ""
    back_to: str = ""

    @property
    def awaits(self) -> str:
        """The release that has yet to come back, where this is the last deployment; empty for none.

        Once that began to come back, its own deployment is the last.
        """
        return self.back_to if self.state in ("failed", "rolled_back") else ""

    def to_item(self) -> Item:
        """Return the item; environment releases are kept forever."""
        key = keys.environment_release(self.workload, self.environment, self.number)
        return built(key, encoded(self))

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the environment release of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))


@dataclass(frozen=True, slots=True)
class Promotion:
    """A release went from `source` to `target`; `evidence_digest` names the evidence that let it."""

    workload: str
    tag: str
    source: str
    target: str
    at: datetime
    approver: str
    evidence_digest: str

    def to_item(self) -> Item:
        """Return the item; promotions are kept forever."""
        return built(keys.promotion(self.workload, self.tag, self.source, self.target), encoded(self))

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the promotion of an item. Raises ValueError for an item that is none."""
        return decoded(cls, plain_item(item))


@dataclass(frozen=True, slots=True)
class Lock:
    """An environment's lock, held by `owner` `since` then until `expires_at`; `token` grows with each holder (fencing).

    The item is never removed, since its token must never start again: `expires_at` is kept as `held_until`, away from
    the attribute by which DynamoDB removes items.
    """

    workload: str
    environment: str
    owner: str
    token: int
    expires_at: datetime
    since: datetime

    def to_item(self) -> Item:
        """Return the item."""
        values = encoded(self)
        values["held_until"] = values.pop("expires_at")
        return built(keys.lock(self.workload, self.environment), values)

    @classmethod
    def from_item(cls, item: Item) -> Self:
        """Return the lock of an item. Raises ValueError for an item that is none, or is held by nobody."""
        values = plain_item(item)
        return decoded(cls, {**values, "expires_at": values.get("held_until")})
