"""Accepting an order: once in the table, at least once in the queue, one receipt however often posted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from functions.orders.accepted import AcceptedOrder, Clock, Status, timestamp
from functions.orders.order import Order
from functions.orders.queue import OrderQueue
from functions.orders.store import OrderStore


class Outcome(StrEnum):
    """What became of a submission; the value is the name of its metric."""

    ACCEPTED = "Accepted"
    DUPLICATE = "Duplicate"
    CONFLICT = "Conflict"


@dataclass(frozen=True, slots=True)
class Submission:
    """The outcome and the order that stands under the id: for a conflict that is the other one."""

    outcome: Outcome
    accepted: AcceptedOrder


@dataclass(frozen=True, slots=True)
class Intake:
    """The desk that takes orders."""

    table: OrderStore
    queue: OrderQueue
    clock: Clock

    def submit(self, order: Order) -> Submission:
        """Accept the order, or recognise it.

        The message follows the put. After a crash between the two the sender has no answer and posts again;
        while the order is still ACCEPTED every repeat sends the message again, so that none is lost.
        """
        candidate = AcceptedOrder(order, timestamp(self.clock()))
        standing = self.table.insert(candidate)
        if standing is None:
            self.queue.send(candidate.order_id)
            return Submission(Outcome.ACCEPTED, candidate)
        if standing.order != order:
            return Submission(Outcome.CONFLICT, standing)
        if standing.status is Status.ACCEPTED:
            self.queue.send(standing.order_id)
        return Submission(Outcome.DUPLICATE, standing)

    def find(self, order_id: str) -> AcceptedOrder | None:
        """Return the order of that id as it stands now, or None."""
        return self.table.get(order_id)
