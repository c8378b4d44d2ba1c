"""Messages of alerts: for people and for machines (REQ-C5)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines.state.keys import StackKey
from pipelines.state.records import Alert, StackState
from pipelines.state.times import timestamp
from pipelines.tracking.alerts import deployment_alert
from pipelines.tracking.messages import message
from pipelines.tracking.observe import observe
from pipelines.tracking.silence import Watched, silence_alert
from pipelines.tracking.track import state_of

from .cloud import DEV, REGION, START, Cloud

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "alert.json").read_text())


def state(*, fails: bool = True) -> StackState:
    cloud = Cloud()
    cloud.create("lockstep-dev-orders-queue")
    cloud.update("lockstep-dev-orders-queue", "v2.0.0", fails=fails)
    found = observe(cloud, "lockstep-dev-orders-queue", cloud.clock)  # type: ignore[arg-type]
    assert found is not None
    return state_of(StackKey("orders", "dev", DEV, REGION, found.name), found, START)


def machine(alert: Alert) -> dict[str, Any]:
    said = json.loads(message(alert).body)
    assert {name for name in said if name != "default"} == {"http", "https", "sqs", "lambda"}
    document: dict[str, Any] = json.loads(said["https"])
    jsonschema.validate(document, SCHEMA)
    return document


def test_people_read_what_where_since_when_and_what_to_do() -> None:
    said = message(deployment_alert(state()))
    assert said.subject == "[dev] FOUND failed deployment: lockstep-dev-orders-queue was rolled back"
    people = json.loads(said.body)["default"]
    assert "UPDATE_ROLLBACK_COMPLETE" in people
    assert f"environment dev, workload orders, lockstep-dev-orders-queue, {REGION}, {DEV}" in people
    assert "Since:   2026-03-02T09:30:" in people
    assert "To do:   " in people
    assert "Runbook: docs/runbooks/deployment.md\n" in people
    assert (
        f"https://{REGION}.console.aws.amazon.com/cloudformation/home?region={REGION}#/stacks/stackinfo?stackId=arn%3A"
        in people
    )


def test_a_page_is_named_by_its_url() -> None:
    """REQ-X5: by people and machines alike; whoever is woken has no repository at hand."""
    pages = "https://github.com/example-org/lockstep/blob/main/docs/runbooks"
    said = json.loads(message(deployment_alert(state()), pages).body)
    assert f"\nRunbook: {pages}/deployment.md\n" in said["default"]
    assert json.loads(said["https"])["runbook"] == f"{pages}/deployment.md"


def test_silence_of_an_account_that_two_share_is_the_environments_own_and_reaches_its_subscribers() -> None:
    """REQ-C9: the home lies in prod's account, and whoever is told of prod is told of its silence."""
    silent = silence_alert(Watched(DEV, REGION, ("prod", "shared"), START, 3))
    assert message(silent).attributes["environment"] == "prod"
    several = silence_alert(Watched(DEV, REGION, ("dev", "staging"), START, 3))
    assert "environment" not in message(several).attributes
    assert "workload" not in message(several).attributes


def test_machines_read_json_of_the_schema_and_filter_by_attributes() -> None:
    alert = deployment_alert(state())
    document = machine(alert)
    assert document["id"] == f"{alert.fingerprint}#{timestamp(alert.opened_at)}#1"
    assert document["detail"]["stack"] == "lockstep-dev-orders-queue"
    assert dict(message(alert).attributes) == {
        "environment": "dev",
        "severity": "warning",
        "kind": "deployment",
        "workload": "orders",
        "state": "found",
    }


def test_the_same_thing_at_another_time_has_another_id() -> None:
    """REQ-C4: generations begin again when what was resolved is forgotten; receivers drop the second of an id."""
    first = deployment_alert(state())
    later = replace(first, opened_at=first.opened_at + timedelta(days=8))
    assert machine(first)["id"] != machine(later)["id"]
    assert machine(replace(first, changed_at=later.opened_at))["id"] == machine(first)["id"]


RIGHT_AGAIN = {
    "drift": "[dev] RESOLVED drift: lockstep-dev-orders-queue is as deployed again",
    "deployment": "[dev] RESOLVED failed deployment: lockstep-dev-orders-queue is COMPLETE again",
    "consistency": "[dev] RESOLVED differences: orders matches its release again",
    "silence": f"[dev] RESOLVED silence: {REGION} of {DEV} is silent no longer",
}


@pytest.mark.parametrize("kind", RIGHT_AGAIN)
def test_what_is_resolved_says_that_it_is_right_and_not_what_was_wrong(kind: Any) -> None:
    """REQ-C5: nobody may read that something is wrong when it is not."""
    alert = replace(deployment_alert(state()), kind=kind)
    wrong = message(alert)
    assert " FOUND " in wrong.subject
    assert " CHANGED " in message(replace(alert, state="changed")).subject
    resolved = replace(alert, state="resolved")
    said = message(resolved)
    assert said.subject == RIGHT_AGAIN[kind]
    people, document = json.loads(said.body)["default"], machine(resolved)
    for text in (people, document["text"], document["subject"]):
        assert "ROLLBACK" not in text
        assert "rolled back" not in text
    assert "To do:" not in people
    assert document["state"] == "resolved"
    assert document["detail"]["stack"] == "lockstep-dev-orders-queue"
    assert "status" not in document["detail"]
    assert document["detail"]["before"]["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "was rolled back" in document["detail"]["before"]["subject"]


def test_an_instance_of_a_stack_set_is_called_by_its_short_name() -> None:
    name = "StackSet-dev-control-agent-11111111-1111-4111-8111-111111111111"
    alert = deployment_alert(replace(state(), key=StackKey("control", "dev", DEV, "us-west-2", name)))
    wanted = "[dev] FOUND failed deployment: dev-control-agent (StackSet) in us-west-2 was rolled back"
    assert message(alert).subject == wanted
    assert machine(alert)["detail"]["stack"] == name


def test_each_kind_has_its_topic() -> None:
    rolled_back = deployment_alert(state())
    failed = deployment_alert(replace(state(), status="CREATE_FAILED"))
    silent = silence_alert(Watched(DEV, REGION, ("dev",), START, 3))
    assert message(rolled_back).topic == "rollback"
    assert message(replace(rolled_back, state="resolved")).topic == "rollback"
    assert message(failed).topic == "validation"
    assert message(silent).topic == "validation"
    assert message(replace(silent, kind="consistency")).topic == "validation"
    assert message(replace(silent, kind="drift")).topic == "drift"
    for alert in (rolled_back, failed, silent):
        machine(alert)


@pytest.mark.parametrize("hostile", ["a\nBcc: x", "x" * 500, "\x1b[31mred", "caf\u00e9 \u2028 <b>", ""])
def test_a_subject_is_one_short_line_whatever_is_said(hostile: str) -> None:
    alert = replace(deployment_alert(state()), subject=hostile, text=hostile)
    subject = message(alert).subject
    assert 0 < len(subject) < 100
    assert subject.isprintable()
    assert subject.isascii()
    machine(alert)


def test_a_message_stays_below_what_sns_takes() -> None:
    detail = json.dumps({"stack": "queue", "status": "X", "findings": ["y" * 1000] * 200})
    alert = replace(deployment_alert(state()), text="z" * 300_000, detail=detail)
    assert len(message(alert).body.encode()) < 256_000
    cut = {"stack": "queue", "status": "X", "cut": True, "whole": "lockstep status"}
    assert machine(alert)["detail"] == cut
    assert machine(alert)["text"].endswith("z\n(shortened; the whole: lockstep status)")
    assert machine(replace(alert, detail="no JSON"))["detail"] == {}
