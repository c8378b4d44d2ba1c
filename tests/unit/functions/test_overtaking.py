"""The reconciler announces before the stream does: what was missed is told all the same (REQ-C4)."""

from __future__ import annotations

from dataclasses import replace

from pipelines.state.times import timestamp

from .home import Home, home

__all__ = ["home"]


def test_what_was_found_and_resolved_while_sns_was_down_is_told_in_one_message(home: Home) -> None:
    """REQ-C4: the reconciler comes before the stream's next try, and nobody was told of what was found."""
    home.sns.down = True
    home.cloud.create("lockstep-dev-orders-queue")
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0", fails=True)
    home.look()
    found = timestamp(next(home.store.alerts()).opened_at)
    assert not home.announce()
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0")
    home.look()
    home.sns.down = False
    home.reconciler.run()
    assert home.announce()
    (said,) = home.sns.published
    wanted = "[dev] FOUND and RESOLVED failed deployment: lockstep-dev-orders-queue is COMPLETE again"
    assert said["subject"] == wanted
    assert f"Not told before: 1 step; found {found}, and it was:\n" in said["message"]["default"]
    assert "lockstep-dev-orders-queue is UPDATE_ROLLBACK_COMPLETE." in said["message"]["default"]
    assert home.sns.documents()[0]["untold"] == 1


def test_what_changed_while_sns_was_down_is_told_as_found_and_changed(home: Home) -> None:
    home.sns.down = True
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    home.cloud.tick(60)
    (alert,) = home.store.alerts()
    later = replace(alert, digest="sha256:other", changed_at=home.cloud.clock())
    assert home.store.raise_alert(later) is not None
    home.sns.down = False
    (standing,) = home.store.unannounced()
    assert home.desk.announce(standing)
    assert home.announce()
    (said,) = home.sns.published
    assert said["subject"].startswith("[dev] FOUND and CHANGED failed deployment: ")
    assert f"\nNot told before: 1 step; found {timestamp(alert.opened_at)}.\n" in said["message"]["default"]


def test_what_is_found_again_after_a_resolution_nobody_was_told_of_says_that(home: Home) -> None:
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    assert home.announce()
    (alert,) = home.store.alerts()
    home.cloud.tick(60)
    assert home.store.resolve_alert(alert.fingerprint, home.cloud.clock()) is not None
    again = replace(alert, opened_at=home.cloud.clock(), changed_at=home.cloud.clock())
    assert home.store.raise_alert(again) is not None
    (standing,) = home.store.unannounced()
    assert home.desk.announce(standing)
    assert home.announce()
    _, said = home.sns.published
    assert said["subject"].startswith("[dev] FOUND failed deployment: ")
    assert "\nNot told before: 1 step, of what was found earlier.\n" in said["message"]["default"]
    assert [one["untold"] for one in home.sns.documents()] == [0, 1]


def test_what_the_stream_tells_in_order_is_not_told_again_as_untold(home: Home) -> None:
    """The resolution was written before anybody was told of what was found; that is told first."""
    home.sns.down = True
    home.cloud.create("lockstep-dev-orders-queue")
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0", fails=True)
    home.look()
    home.cloud.update("lockstep-dev-orders-queue", "v2.0.0")
    home.look()
    home.sns.down = False
    assert home.announce()
    assert [one["untold"] for one in home.sns.documents()] == [0, 0]
