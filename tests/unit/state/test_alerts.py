"""What follows of an alert that stands, and who hears of it (REQ-C4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipelines.state.records import Alert
from pipelines.state.store import StateStore
from pipelines.state.store.alerts import raised, resolved
from tests.state_table import HOUR, START, alert
from tests.unit.tracking.local import TABLE, Direct, LocalDynamoDB

MOMENT = timedelta(microseconds=1)
FOUND = alert(generation=1)


def told(news: Alert | None) -> tuple[str, int] | None:
    return (news.state, news.generation) if news else None


def test_what_is_seen_at_the_same_moment_is_not_older() -> None:
    ended = replace(FOUND, state="resolved", generation=2)
    assert told(raised(FOUND, alert(digest="sha256:b"))) == ("changed", 2)
    assert told(resolved(FOUND, START)) == ("resolved", 2)
    assert told(raised(ended, alert())) == ("found", 3)


def test_what_is_older_is_no_news() -> None:
    ended = replace(FOUND, state="resolved", generation=2)
    assert raised(FOUND, alert(START - MOMENT, "sha256:b")) is None
    assert resolved(FOUND, START - MOMENT) is None
    assert raised(ended, alert(START - MOMENT)) is None


def test_the_same_with_more_weight_is_news() -> None:
    """Drift that reaches what must not drift, say."""
    assert told(raised(FOUND, alert(START + HOUR, severity="critical"))) == ("changed", 2)
    assert raised(FOUND, alert(START + HOUR)) is None


def test_what_is_found_again_was_opened_then() -> None:
    changed = raised(FOUND, alert(START + HOUR, "sha256:b"))
    ended = resolved(changed, START + 2 * HOUR)
    again = raised(ended, alert(START + 3 * HOUR))
    assert [one and (one.opened_at, one.changed_at) for one in (changed, ended, again)] == [
        (START, START + HOUR),
        (START, START + 2 * HOUR),
        (START + 3 * HOUR, START + 3 * HOUR),
    ]


def test_what_nobody_was_told_of_is_listed_until_they_are() -> None:
    """That something is right again, too."""
    LocalDynamoDB().create()
    store = StateStore(Direct(), TABLE, lambda _: None)  # type: ignore[arg-type]
    store.raise_alert(alert())
    assert [one.generation for one in store.unannounced()] == [1]
    store.mark_announced("drift-1", 1)
    assert list(store.unannounced()) == []
    store.resolve_alert("drift-1", START + HOUR)
    assert [told(one) for one in store.unannounced()] == [("resolved", 2)]
    assert list(store.alerts()) == []
