"""Alerts: the conditional put decides what is new, and a reader of the table's stream announces it (REQ-C4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from .. import keys
from ..marshal import Item
from ..records import Alert
from .part import Part
from .writes import ABSENT, Write, put, update

Step = Callable[[Alert | None], Alert | None]
"""What follows from the alert that stands: the next one, or None where nothing is new."""


class Alerts(Part):
    """What is wrong in an environment, and what was."""

    def raise_alert(self, alert: Alert) -> Alert | None:
        """Say that something is wrong, and return what is new: found, or changed when the digest differs; else None.

        State, generation and announcement are the store's: what the given alert says of them does not count. Of several
        callers one is told. Whoever is not told because an answer was lost loses nothing: the stream announces.
        """
        return self._advance(alert.fingerprint, lambda standing: raised(standing, alert))

    def resolve_alert(self, fingerprint: str, at: datetime) -> Alert | None:
        """Say that something is right again, and return the resolved alert; None where none was open."""
        return self._advance(fingerprint, lambda standing: resolved(standing, at))

    def _advance(self, fingerprint: str, step: Step) -> Alert | None:
        for attempt in self._table.attempts():
            standing = self.alert(fingerprint)
            following = step(standing)
            if following is None:
                return None
            if self._table.write(alert_write(standing, following)).done:
                return following
            self._table.pause(attempt)
        raise AssertionError("attempts end in an error")

    def mark_announced(self, fingerprint: str, generation: int) -> bool:
        """Note that a generation was announced; True for the one call that may say so, False for every other."""
        return self._table.write(
            update(
                keys.alert(fingerprint),
                "SET #announced_generation = :generation",
                "#announced_generation < :generation AND #generation >= :generation",
                generation=generation,
            )
        ).done

    def alert(self, fingerprint: str) -> Alert | None:
        """Return an alert, open or resolved, or None."""
        item = self._table.get(keys.alert(fingerprint))
        return Alert.from_item(item) if item else None

    def alerts(self) -> Iterator[Alert]:
        """Return every open alert."""
        return (alert for alert in self._alerts() if alert.is_open)

    def unannounced(self) -> Iterator[Alert]:
        """Return every alert, open or resolved, whose last change nobody was told of."""
        return (alert for alert in self._alerts() if alert.announced_generation < alert.generation)

    def _alerts(self) -> Iterator[Alert]:
        return map(Alert.from_item, self._table.listed("GSI3", keys.ALERTS, keys.OF_ALERT))


def raised(standing: Alert | None, alert: Alert) -> Alert | None:
    """Return the alert that follows when `alert` is seen; None for what is known, or older than what is known."""
    if standing is None:
        return replace(alert, state="found", generation=1, announced_generation=0)
    if alert.changed_at < standing.changed_at:
        return None
    if standing.is_open and (alert.digest, alert.severity) == (standing.digest, standing.severity):
        return None
    return replace(
        alert,
        state="changed" if standing.is_open else "found",
        opened_at=standing.opened_at if standing.is_open else alert.opened_at,
        generation=standing.generation + 1,
        announced_generation=standing.announced_generation,
    )


def resolved(standing: Alert | None, at: datetime) -> Alert | None:
    """Return the alert that follows when what was wrong is right at `at`; None where that is no news."""
    if standing is None or not standing.is_open or at < standing.changed_at:
        return None
    return replace(standing, state="resolved", generation=standing.generation + 1, changed_at=at)


def alert_write(standing: Alert | None, following: Alert) -> Write:
    """Return the put of an alert in place of the one that was read, if that one still stands."""
    item: Item = following.to_item()
    if standing is None:
        return put(item, ABSENT)
    return put(
        item,
        "#generation = :generation AND #announced_generation = :announced",
        generation=standing.generation,
        announced=standing.announced_generation,
    )
