"""Processing an order: exactly once in effect, however often and in whatever order messages are delivered."""

from __future__ import annotations

from dataclasses import dataclass

from functions.orders.accepted import Clock, Status, timestamp
from functions.orders.archive import OrderArchive
from functions.orders.queue import PoisonError, read_message
from functions.orders.store import OrderStore


@dataclass(frozen=True, slots=True)
class Effect:
    """What one delivery did. Over all deliveries of an order each is true once."""

    order_id: str
    archived: bool
    stored: bool


@dataclass(frozen=True, slots=True)
class Processing:
    """The worker that stores and archives orders."""

    table: OrderStore
    archive: OrderArchive
    clock: Clock

    def process(self, body: str) -> Effect:
        """Process one message; raises `PoisonError` for one that can never be processed.

        Archive first, then mark: STORED promises that the archived object exists. A crash in between leaves
        the order ACCEPTED, and the redelivery finds the object, leaves it alone and marks the order.
        """
        order_id = read_message(body)
        accepted = self.table.get(order_id)
        if accepted is None:
            raise PoisonError("there is no order of that id")
        if accepted.status is Status.STORED:
            return Effect(order_id, archived=False, stored=False)
        archived = self.archive.put(accepted)
        stored = self.table.mark_stored(order_id, timestamp(self.clock()))
        return Effect(order_id, archived=archived, stored=stored)
