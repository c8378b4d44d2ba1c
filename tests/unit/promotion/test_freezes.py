"""When a freeze lasts: once or weekly, over week ends, and where clocks change (REQ-G5)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from pipelines.promotion.freezes import Once, Weekly, Window

ZURICH = ZoneInfo("Europe/Zurich")
NEW_YORK = ZoneInfo("America/New_York")
SECOND = timedelta(seconds=1)
MON, FRI, SAT, SUN = 0, 4, 5, 6


def utc(text: str) -> datetime:
    """Return a time in UTC, of `2026-03-02T09:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def weekly(begins: tuple[int, str], ends: tuple[int, str], zone: ZoneInfo = ZURICH) -> Weekly:
    """Return a weekly window of days and clock times."""
    first, second = ((day, time.fromisoformat(clock)) for day, clock in (begins, ends))
    return Weekly(first, second, zone)


def once(begins: str, ends: str, zone: ZoneInfo = ZURICH) -> Once:
    """Return a window of two local times."""
    return Once(*(datetime.fromisoformat(text).replace(tzinfo=zone) for text in (begins, ends)))


WINDOWS: dict[str, tuple[Window, str, str]] = {
    "within a day": (weekly((MON, "09:00"), (MON, "17:30")), "2026-03-02T08:00", "2026-03-02T16:30"),
    "over the week end": (weekly((FRI, "16:00"), (MON, "06:00")), "2026-03-06T15:00", "2026-03-09T05:00"),
    "all week but an hour": (weekly((MON, "10:00"), (MON, "09:00")), "2026-03-02T09:00", "2026-03-09T08:00"),
    "over the year's end": (weekly((SAT, "00:00"), (MON, "00:00")), "2026-01-02T23:00", "2026-01-04T23:00"),
    # 29 March 2026, 02:00 becomes 03:00: these are an hour shorter.
    "spring": (weekly((FRI, "16:00"), (MON, "06:00")), "2026-03-27T15:00", "2026-03-30T04:00"),
    "spring, over the change": (
        weekly((SUN, "01:30"), (SUN, "03:30")),
        "2026-03-29T00:30",
        "2026-03-29T01:30",
    ),
    # 02:30 is never shown: early to begin with, late to end with.
    "spring, from no time": (weekly((SUN, "02:30"), (SUN, "05:00")), "2026-03-29T00:30", "2026-03-29T03:00"),
    "spring, to no time": (weekly((SUN, "01:00"), (SUN, "02:30")), "2026-03-29T00:00", "2026-03-29T01:30"),
    # 25 October 2026, 03:00 becomes 02:00: these are an hour longer.
    "autumn": (weekly((FRI, "16:00"), (MON, "06:00")), "2026-10-23T14:00", "2026-10-26T05:00"),
    "autumn, over the change": (
        weekly((SUN, "01:30"), (SUN, "03:30")),
        "2026-10-24T23:30",
        "2026-10-25T02:30",
    ),
    # 02:30 is shown twice: the first to begin with, the last to end with.
    "autumn, from twice": (weekly((SUN, "02:30"), (SUN, "05:00")), "2026-10-25T00:30", "2026-10-25T04:00"),
    "autumn, to twice": (weekly((SUN, "01:00"), (SUN, "02:30")), "2026-10-24T23:00", "2026-10-25T01:30"),
    "New York": (weekly((FRI, "16:00"), (MON, "06:00"), NEW_YORK), "2026-03-06T21:00", "2026-03-09T10:00"),
    "in UTC": (
        weekly((SUN, "22:00"), (MON, "02:00"), ZoneInfo("UTC")),
        "2026-03-08T22:00",
        "2026-03-09T02:00",
    ),
    "once": (once("2026-12-20T00:00", "2027-01-04T06:00"), "2026-12-19T23:00", "2027-01-04T05:00"),
    "once, over spring": (
        once("2026-03-28T12:00", "2026-03-29T12:00"),
        "2026-03-28T11:00",
        "2026-03-29T10:00",
    ),
    "once, between two equal times": (
        once("2026-10-25T02:30", "2026-10-25T02:45"),
        "2026-10-25T00:30",
        "2026-10-25T01:45",
    ),
    "once, in New York": (
        once("2026-12-20T00:00", "2026-12-21T00:00", NEW_YORK),
        "2026-12-20T05:00",
        "2026-12-21T05:00",
    ),
}


@pytest.mark.parametrize(("window", "begins", "ends"), WINDOWS.values(), ids=list(WINDOWS))
@pytest.mark.parametrize("zone", [UTC, ZURICH, NEW_YORK], ids=str)
def test_a_window_lasts_from_its_beginning_until_before_its_end(
    window: Window, begins: str, ends: str, zone: ZoneInfo
) -> None:
    """To the second, whatever zone it is asked in; it says when it ends."""
    first, last = utc(begins), utc(ends)
    for at in (first, first + (last - first) / 2, last - SECOND):
        found = window.until(at.astimezone(zone))
        assert found is not None, at
        assert found.astimezone(UTC) == last
    for at in (first - SECOND, last):
        assert window.until(at.astimezone(zone)) is None, at


@pytest.mark.parametrize("begins", [(FRI, "16:00"), (SUN, "02:30"), (MON, "00:00")])
def test_a_weekly_window_comes_every_week(begins: tuple[int, str]) -> None:
    """Every hour of a year lies in it when the clock says so, and at no other."""
    window = weekly(begins, (MON, "06:00"))
    first = (begins[0], time.fromisoformat(begins[1]))
    for hour in range(366 * 24):
        at = utc("2026-01-01T00:45") + timedelta(hours=hour)
        local = at.astimezone(ZURICH)
        # Minutes of the week since it begins; it ends on a Monday.
        shown, ends = (local.weekday(), local.time()), (MON, time(6))
        inside = shown >= first or shown < ends if first > ends else first <= shown < ends
        never_shown = local.date().isoformat() == "2026-03-29" and local.hour < 4
        assert never_shown or (window.until(at) is not None) == inside, at


@pytest.mark.parametrize(
    ("begins", "ends", "why"),
    [
        (
            "2026-12-20T00:00",
            "2026-12-20T00:00",
            "ends at 2026-12-20T00:00, which is not after 2026-12-20T00:00",
        ),
        (
            "2026-12-21T00:00",
            "2026-12-20T00:00",
            "ends at 2026-12-20T00:00, which is not after 2026-12-21T00:00",
        ),
    ],
)
def test_an_empty_window_is_refused(begins: str, ends: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        once(begins, ends)


def test_a_window_without_a_zone_is_refused() -> None:
    """It would begin at another time on each machine."""
    with pytest.raises(ValueError, match="with a zone"):
        Once(utc("2026-12-20T00:00"), datetime(2026, 12, 21))  # noqa: DTZ001
