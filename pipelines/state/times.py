"""Times as the table keeps them: UTC with microseconds and a fixed width, so that text sorts as time does."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(moment: datetime) -> str:
    """Return `2026-03-02T09:30:00.000000Z`. Raises ValueError for a time without an offset."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment.isoformat()} has no offset: a time of the state is exact")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Return the time of an ISO 8601 text, in UTC. Raises ValueError for another text, and without an offset."""
    found = datetime.fromisoformat(text)
    if found.utcoffset() is None:
        raise ValueError(f"{text!r} has no offset: a time of the state is exact")
    try:
        return found.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is no time in UTC: {error}") from error
