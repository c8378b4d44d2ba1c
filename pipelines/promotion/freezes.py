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
    """From `begins` until before `ends`, both with a zone. Raises ValueError without one, and for an empty window."""

    begins: datetime
    ends: datetime

    def __post_init__(self) -> None:
        if self.begins.utcoffset() is None or self.ends.utcoffset() is None:
            raise ValueError("a freeze begins and ends at times with a zone")
        if _first(self.begins) >= _last(self.ends).timestamp():
            raise ValueError(
                f"ends at {self.ends:%Y-%m-%dT%H:%M}, which is not after {self.begins:%Y-%m-%dT%H:%M}"
            )

    def until(self, at: datetime) -> datetime | None:
        """Return the end while it lasts."""
        return _during(self.begins, self.ends, at)


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week from a day and time until before another; Monday is day 0, and the clock is that of `zone`.

    Where the clocks change, the window begins and ends when they show its times, so that it lasts an hour more or less.
    Of a time that they show twice it begins at the first and ends at the last, and one that they never show counts an
    hour early to begin with and an hour late to end with: a freeze is rather too long.
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
            if (end := _during(begins, ends, at)) is not None:
                return end
        return None


def _during(begins: datetime, ends: datetime, at: datetime) -> datetime | None:
    return _last(ends) if _first(begins) <= at.timestamp() < _last(ends).timestamp() else None


def _first(local: datetime) -> float:
    return min(local.replace(fold=fold).timestamp() for fold in (0, 1))


def _last(local: datetime) -> datetime:
    return max((local.replace(fold=fold) for fold in (0, 1)), key=datetime.timestamp)


@dataclass(frozen=True, slots=True)
class Freeze:
    """A named window, why it is, and where nothing enters while it lasts."""

    name: str
    reason: str
    environments: frozenset[str]
    window: Window
