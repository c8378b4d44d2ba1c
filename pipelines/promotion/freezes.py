"""Times in which nothing enters an environment: once, or every week, in a time zone of their own. Pure (REQ-G5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

WEEK = timedelta(days=7)


class Window(Protocol):
    """A time that begins and ends."""

    def until(self, at: datetime) -> datetime | None:
        """Return when the window that `at` lies in ends; None where it lies in none."""


@dataclass(frozen=True, slots=True)
class Once:
    """From `begins` until before `ends`, both with their zone."""

    begins: datetime
    ends: datetime

    def until(self, at: datetime) -> datetime | None:
        """Return the end while it lasts."""
        return self.ends if self.begins <= at < self.ends else None


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week from a day and time until before another; Monday is day 0, and the clock is that of `zone`.

    Where the clocks change, the window begins and ends when they show its times, so that it lasts an hour more or less.
    """

    begins: tuple[int, time]
    ends: tuple[int, time]
    zone: ZoneInfo

    def until(self, at: datetime) -> datetime | None:
        """Return the end of this week's window, or of the one that began last week, while it lasts."""
        local = at.astimezone(self.zone)
        monday = local.date() - timedelta(days=local.weekday())
        for week in (monday - WEEK, monday):
            begins, ends = (
                datetime.combine(week + timedelta(days=day), clock, self.zone)
                for day, clock in (self.begins, self.ends)
            )
            if (self.ends[0], self.ends[1]) <= (self.begins[0], self.begins[1]):
                ends = datetime.combine(ends.date() + WEEK, self.ends[1], self.zone)
            # Compared in UTC: of the same zone, Python compares what the clocks show.
            if begins.timestamp() <= at.timestamp() < ends.timestamp():
                return ends
        return None


@dataclass(frozen=True, slots=True)
class Freeze:
    """A named window, why it is, and where nothing enters while it lasts."""

    name: str
    reason: str
    environments: frozenset[str]
    window: Window
