"""What a deployment's own records say where they are odd: nobody else is stopped, nor spoken for (REQ-C2, REQ-P8)."""

from __future__ import annotations

from typing import Any

import pytest

from functions.control import reconciler
from pipelines.state.marshal import item
from pipelines.state.records import EnvironmentRelease
from pipelines.tracking.silence import MOST_PLACES, agent_places
from pipelines.tracking.track import Accounts
from tests.state_table import START
from tests.unit.tracking.cloud import DEV, REGION
from tests.unit.tracking.local import HOME, TABLE

from .home import CONTEXT, Home, home, metrics
from .test_reconciler import deploy

__all__ = ["home"]


def odd_deployment(home: Home, values: dict[str, Any]) -> None:
    """Put a deployment of agents into dev as its recorder may: with any attributes (REQ-P8)."""
    key = {"pk": "ENV#control#dev", "sk": "REL#00000009"}
    home.table.client.put_item(TableName=TABLE, Item=item({**key, **values}))


RECORD = {
    "workload": "control",
    "environment": "dev",
    "number": 9,
    "tag": "v9",
    "manifest_digest": "sha256:1",
    "state": "succeeded",
    "started_at": "2026-01-01T00:00:00Z",
    "ended_at": "2026-01-01T00:00:00Z",
    "by": "somebody",
}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"state": "succeeded"},
        {**RECORD, "started_at": "0001-01-01T00:00:00+14:00"},
        {**RECORD, "ended_at": "yesterday"},
        {**RECORD, "places": [7]},
    ],
    ids=["empty", "without-fields", "before-time", "no-time", "no-text"],
)
def test_a_record_of_dev_that_is_none_stops_nobody(
    home: Home, odd: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-C2, REQ-P8: it is counted, and the deployment before it still says where agents are."""
    deploy(home, f"{DEV}/{REGION}")
    odd_deployment(home, odd)
    home.cloud.tick(36 * 60)
    outcome = home.reconciler.run()
    assert outcome.silent == (f"{DEV} {REGION}",)
    ((environment, said),) = outcome.unreadable
    assert environment == "dev"
    assert said.startswith("REL#00000009: ")
    reconciler.handler({}, CONTEXT)
    assert metrics(capsys.readouterr().out)["RecordsUnreadable"] == 1


@pytest.mark.parametrize(
    "place",
    ["a/b/c", "", DEV, f"{DEV}/", f"{DEV}/us-east-1/", f"{DEV}/us#east-1", f"{HOME}/sa-east-1", "/sa-east-1"],
)
def test_a_place_that_is_none_of_the_environment_is_not_watched(home: Home, place: str) -> None:
    """REQ-P8, REQ-C2: who deploys dev raises no alert about the account of prod, and stops no pass."""
    odd_deployment(home, {**RECORD, "places": [place, f"{DEV}/{REGION}"]})
    home.cloud.tick(36 * 60)
    outcome = home.reconciler.run()
    assert outcome.silent == (f"{DEV} {REGION}",)
    assert outcome.unreadable == (("dev", place),)
    assert [alert.environment for alert in home.store.alerts()] == ["dev"]


def test_an_environment_names_no_end_of_places() -> None:
    """REQ-C2: an alert for each would take a pass's time."""
    accounts = Accounts({"dev": frozenset({DEV})})
    every = tuple(f"{DEV}/us-east-{number}" for number in range(1, 100)) * 5
    named = EnvironmentRelease(
        "control", "dev", 1, "v1", "d", "succeeded", START, START, "somebody", places=every
    )
    assert len(agent_places("dev", named, accounts)) == MOST_PLACES
