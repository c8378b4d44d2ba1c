"""An order after its acceptance: what the table holds, what the API answers, what is archived."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from functions.orders.order import SMOKE_ACCOUNT, Order

Clock = Callable[[], datetime]
"""Tells the present time, aware of its zone."""

SMOKE_KEPT = timedelta(days=30)
"""How long the table keeps an order that only tried a deployment; what is archived stays as long as any trade data."""


class Status(StrEnum):
    """ACCEPTED: in the table. STORED: also in the archive; nothing changes after that."""

    ACCEPTED = "ACCEPTED"
    STORED = "STORED"


@dataclass(frozen=True, slots=True)
class AcceptedOrder:
    """One order as it stands. Times are UTC text with milliseconds, such as `2026-03-02T09:30:00.000Z`."""

    order: Order
    accepted_at: str
    status: Status = Status.ACCEPTED
    stored_at: str | None = None

    @property
    def order_id(self) -> str:
        """The order's id, derived from account and client order id."""
        return self.order.order_id

    def receipt(self) -> dict[str, str]:
        """Return what never changes once accepted: the answer to every POST of it, and its archive."""
        return {"order_id": self.order_id, "accepted_at": self.accepted_at, **self.order.to_document()}

    def representation(self) -> dict[str, str]:
        """Return the receipt with the present state, the answer to GET."""
        state = {"status": self.status.value, "stored_at": self.stored_at}
        return {**self.receipt(), **{name: value for name, value in state.items() if value}}

    def expires_at(self) -> int | None:
        """Return from when on the table may forget it, in seconds since 1970; None for an order that somebody means."""
        if self.order.account != SMOKE_ACCOUNT:
            return None
        return int((datetime.fromisoformat(self.accepted_at) + SMOKE_KEPT).timestamp())

    def archive_key(self) -> str:
        """Return where the receipt is archived: by date of acceptance, so a redelivery has the same key."""
        year, month, day = self.accepted_at[:10].split("-")
        return f"trades/year={year}/month={month}/day={day}/{self.order_id}.json"


def timestamp(moment: datetime) -> str:
    """Return `moment` as UTC text with milliseconds (RFC 3339)."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
