"""The reconciler: what events alone do not repair, and what it measures (REQ-C2, REQ-C4, REQ-C9)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.control import reconciler
from pipelines.state.records import Census, Release, ReleaseState
from tests.unit.tracking.cloud import DEV, REGION
from tests.unit.tracking.local import TABLE
from tests.unit.tracking.test_events import FINDING, drift, observed

from .home import CONTEXT, KEY, Home, home, metrics

__all__ = ["home"]


def test_the_reconciler_brings_alerts_to_what_the_stacks_are(home: Home) -> None:
    """Two events at once can leave an alert behind, or none: the state decides."""
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    (alert,) = home.store.alerts()
    home.store.resolve_alert(alert.fingerprint, home.cloud.now)
    home.cloud.delete("lockstep-dev-orders-queue")
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    home.table.client.delete_item(
        TableName=TABLE, Key={"pk": {"S": f"ALERT#{alert.fingerprint}"}, "sk": {"S": "OPEN"}}
    )
    assert home.reconciler.run().repaired == 1
    assert home.reconciler.run().repaired == 0
    (raised,) = home.store.alerts()
    home.cloud.delete("lockstep-dev-orders-queue")
    home.cloud.create("lockstep-dev-orders-queue")
    home.look()
    assert list(home.store.alerts()) == []
    state = home.store.state(KEY)
    assert state is not None
    late = replace(raised, changed_at=state.operation_at)
    assert home.store.raise_alert(late) is not None
    assert home.reconciler.run().repaired == 1
    assert list(home.store.alerts()) == []


def test_a_silent_region_is_noticed_and_resolved(home: Home) -> None:
    home.cloud.create("lockstep-dev-orders-queue")
    home.look()
    assert home.reconciler.run().silent == ()
    home.cloud.tick(36 * 60)
    outcome = home.reconciler.run()
    assert outcome.silent == (f"{DEV} {REGION}",)
    gauges = {gauge.name: gauge.value for gauge in outcome.gauges}
    assert gauges["RegionsSilent"] == 1
    assert gauges["LastSuccessfulSyncAgeSeconds"] > 35 * 60
    home.look()
    assert home.reconciler.run().silent == ()
    assert list(home.store.alerts()) == []
    home.announce()
    assert home.sns.ids() == [f"silence:{DEV}:{REGION}#1", f"silence:{DEV}:{REGION}#2"]


THERE = "us-west-2"


def deploy(home: Home, *places: str, state: ReleaseState = "succeeded", environment: str = "dev") -> None:
    """Record a deployment that brings agents to these places and ends now."""
    now = home.cloud.now
    release = Release("control", environment, f"v{now:%H%M%S}", "c", now, {environment: "sha256:1"})
    begun = home.store.begin_environment_release(release, now, "somebody", places=places)
    assert begun is not None
    if state != "deploying":
        assert home.store.end_environment_release("control", environment, begun.number, state, now)


def test_a_region_that_never_reported_is_silent_once_it_was_deployed(home: Home) -> None:
    """REQ-C2, REQ-C9: no report of its is old, since there is none."""
    home.look()
    places = (f"{DEV}/{REGION}", f"{DEV}/{THERE}")
    home.cloud.tick(36 * 60)
    home.look()
    deploy(home, *places, state="failed")
    home.cloud.tick(36 * 60)
    home.look()
    assert home.reconciler.run().silent == (), "what failed brought no agent"
    deploy(home, *places)
    deploy(home, *places, state="deploying")
    home.cloud.tick(34 * 60)
    home.look()
    assert home.reconciler.run().silent == (), "it has time for a report"
    home.cloud.tick(2 * 60)
    outcome = home.reconciler.run()
    assert outcome.silent == (f"{DEV} {THERE}",)
    gauges = {gauge.name: gauge.value for gauge in outcome.gauges}
    assert gauges["RegionsSilent"] == 1
    assert gauges["LastSuccessfulSyncAgeSeconds"] > 35 * 60
    (alert,) = home.store.alerts()
    assert (alert.fingerprint, alert.environment) == (f"silence:{DEV}:{THERE}", "dev")
    assert alert.subject == f"nothing ever heard from {THERE} of {DEV}"
    deploy(home, *places)
    assert home.reconciler.run().silent == (f"{DEV} {THERE}",), "deploying again is no report"
    assert list(home.store.alerts()) == [alert]
    census = Census(DEV, THERE, home.cloud.tick(), 3)
    home.store.record_census(census)
    assert home.reconciler.run().silent == ()
    assert list(home.store.alerts()) == []


def test_a_region_that_was_left_is_silent_no_longer_and_may_come_back(home: Home) -> None:
    """REQ-C2: what is taken out of the settings has no agent. Where nobody says where agents are, silence stays."""
    home.look()
    deploy(home)
    home.cloud.tick(36 * 60)
    silent = (f"{DEV} {REGION}",)
    assert home.reconciler.run().silent == silent
    deploy(home, f"{DEV}/{THERE}")
    assert home.reconciler.run().silent == ()
    assert list(home.store.alerts()) == []
    home.cloud.tick(1)
    deploy(home, f"{DEV}/{REGION}")
    assert home.reconciler.run().silent == silent
    assert [alert.fingerprint for alert in home.store.alerts()] == [f"silence:{DEV}:{REGION}"]


def test_a_region_that_was_left_before_it_ever_reported_is_silent_no_longer(home: Home) -> None:
    deploy(home, f"{DEV}/{THERE}")
    home.cloud.tick(36 * 60)
    assert home.reconciler.run().silent == (f"{DEV} {THERE}",)
    deploy(home, f"{DEV}/{REGION}")
    assert home.reconciler.run().silent == ()
    assert list(home.store.alerts()) == []


def test_a_stuck_detection_ends_as_unknown_with_its_reason(home: Home) -> None:
    home.track(observed())
    none = {"checked": 0, "unsupported": [], "failed": []}
    begun = drift(status="started", coverage=none)
    home.track({**begun, "detail-type": "Stack Drift Started"})
    assert home.reconciler.run().stuck == 0
    home.cloud.tick(61 * 60)
    assert home.reconciler.run().stuck == 1
    state = home.store.state(KEY)
    assert state is not None
    assert state.drift is not None
    assert (state.drift.status, state.drift.failed[0].reason) == (
        "unknown",
        "drift detection did not end within an hour",
    )
    assert home.reconciler.run().stuck == 0


def test_a_stuck_detection_that_a_later_one_overtook_ends_too(home: Home) -> None:
    """Otherwise every pass would look at it again, until it is removed."""
    home.track(observed())
    none = {"checked": 0, "unsupported": [], "failed": []}
    begun = drift(status="started", coverage=none, detection_id="11111111-aaaa-4aaa-8aaa-000000000001")
    home.track({**begun, "detail-type": "Stack Drift Started"})
    home.cloud.tick(60)
    later = drift(status="in_sync", detected_at=home.cloud.clock().isoformat())
    home.track(later)
    home.cloud.tick(61 * 60)
    home.reconciler.run()
    assert list(home.store.started()) == []
    state = home.store.state(KEY)
    assert state is not None
    assert state.drift is not None
    assert state.drift.status == "in_sync"


def test_a_resolution_that_was_never_announced_is_announced_later(home: Home) -> None:
    """REQ-C4: found, changed and resolved are each told once, also where SNS was down at the end."""
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    home.announce()
    home.sns.down = True
    home.cloud.delete("lockstep-dev-orders-queue")
    home.cloud.create("lockstep-dev-orders-queue")
    home.look()
    home.announce()
    assert list(home.store.alerts()) == []
    home.sns.down = False
    assert home.reconciler.run().announced == 1
    assert [name.rpartition("#")[2] for name in home.sns.ids()] == ["1", "2"]


def test_what_sns_did_not_take_is_announced_later_and_once(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.cloud.create("lockstep-dev-orders-queue", fails=True)
    home.look()
    home.sns.down = True
    assert not home.announce()
    assert metrics(capsys.readouterr().out)["AnnounceFailures"] == 1
    assert reconciler.handler({}, CONTEXT)["announced"] == 0
    assert metrics(capsys.readouterr().out)["AnnounceFailures"] == 1
    home.sns.down = False
    assert reconciler.handler({}, CONTEXT)["announced"] == 1
    assert home.announce(), "the stream tries again, and finds that it is done"
    assert reconciler.handler({}, CONTEXT)["announced"] == 0
    assert len(home.sns.published) == 1


def test_gauges_count_drift_of_each_environment(home: Home) -> None:
    home.track(observed(), drift(status="drifted", findings=[FINDING, {**FINDING, "logical_id": "Other"}]))
    gauges = {gauge.name: gauge for gauge in home.reconciler.run().gauges}
    assert (gauges["StacksDrifted"].value, gauges["DriftFindings"].value) == (1, 2)
    assert gauges["StacksDrifted"].dimensions == (("Environment", "dev"), ("Workload", "orders"))
