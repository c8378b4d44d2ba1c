"""What comes of a write, and why a transaction was cancelled (DynamoDB API reference, TransactWriteItems). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..marshal import Item

FAILED = "ConditionalCheckFailed"
PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}
CONFLICTS = {"TransactionConflictException", "TransactionInProgressException"}


class ContentionError(RuntimeError):
    """Others kept changing the same items, or DynamoDB kept leaving a batch half done. Nothing wrong: try later."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a write: whether it was done; and the item after it, or the one that stands in its way."""

    done: bool
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a transaction was cancelled, for one of its writes: `code` is AWS's, `None` where it was not this write.

    `item` is what stands there, where the condition failed.
    """

    code: str
    item: Item | None = None

    @property
    def failed(self) -> bool:
        """Whether it was this write's condition."""
        return self.code == FAILED


def cancellation(response: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Return the reasons of a cancelled transaction, one for each write; empty for any other error."""
    reasons = response.get("CancellationReasons") or ()
    return tuple(Reason(reason.get("Code") or "None", reason.get("Item")) for reason in reasons)
