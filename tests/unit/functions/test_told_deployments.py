"""The announcer on deployments that came to stay or were taken back, once each, and on promotions (REQ-R4, C5, C9)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from botocore.exceptions import EndpointConnectionError

from functions.control import announcer
from pipelines.state.keys import environment_release
from pipelines.state.records import EnvironmentRelease, Promotion, Release
from pipelines.tracking.deployments import message
from tests.state_table import HOUR, START
from tests.unit.tracking.local import MESSAGE_BYTES, TABLE

from .home import CONTEXT, RUNBOOKS, Home, home, metrics
from .test_consistency_filter import admits

__all__ = ["home"]
ROOT = Path(__file__).parents[3]
FILE = ROOT / "sceptre/config/shared/control/announcer-consumer.yaml"
SCHEMAS = {
    kind: json.loads((ROOT / "tests/schemas" / name).read_text(encoding="utf-8"))
    for kind, name in (("rollback", "rolled-back.json"), ("delivery", "delivered.json"))
}
PROMOTION = Promotion("orders", "v1", "staging", "prod", START, "sam", "sha256:0")


def deployed(
    home: Home, tag: str = "v1", environment: str = "prod", decision: str = "sha256:1"
) -> EnvironmentRelease:
    """Record a deployment that succeeded; empty is the decision of one that no gate let in."""
    digests = {environment: "sha256:" + "0" * 64}
    release = Release("orders", environment, tag, "0" * 40, START, digests)
    assert home.store.put_release(release)
    begun = home.store.begin_environment_release(release, START, "alex", decision=decision)
    assert begun is not None
    assert home.store.end_environment_release("orders", environment, begun.number, "succeeded", START)
    return begun


def take_back(home: Home, one: EnvironmentRelease) -> None:
    at = START + HOUR
    assert home.store.end_environment_release(one.workload, one.environment, one.number, "rolled_back", at)


def documents(home: Home, kind: str = "rollback") -> list[dict[str, Any]]:
    """Return what machines were told of one kind, held to its schema."""
    found = [each for each in home.sns.documents() if each["kind"] == kind]
    for each in found:
        jsonschema.validate(each, SCHEMAS[kind])
    return found


def test_a_deployment_that_is_taken_back_is_announced_once(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    one = deployed(home)
    assert home.announce()
    assert documents(home) == []
    take_back(home, one)
    assert home.announce()
    take_back(home, one)
    assert announcer.handler({"Records": home.table.stream()}, CONTEXT) == {"batchItemFailures": []}
    (said,) = documents(home)
    assert (said["release"], said["environment"], said["number"]) == ("v1", "prod", 1)
    assert said["id"] == "rollback:orders:prod#1"
    (published,) = [one for one in home.sns.published if one["topic"] == "arn:rollback"]
    assert published["subject"] == "[prod] ROLLED BACK v1 of orders, deployment 1"
    assert published["attributes"] == {
        "environment": "prod",
        "severity": "critical",
        "kind": "rollback",
        "workload": "orders",
    }
    assert f"Runbook: {RUNBOOKS}/rollback.md" in published["message"]["default"]
    assert (ROOT / "docs" / "runbooks" / "rollback.md").is_file()
    assert metrics(capsys.readouterr().out)["AlertsAnnounced"] == 2


@pytest.mark.parametrize(
    ("environment", "decision", "severity", "how"),
    [
        ("prod", "sha256:1", "info", "let in by the gates and verified."),
        ("dev", "", "info", "past the gates."),
        ("prod", "", "warning", "past the gates."),
    ],
)
def test_a_deployment_that_came_to_stay_is_announced_once(
    home: Home, environment: str, decision: str, severity: str, how: str
) -> None:
    """Issue 5, REQ-G6: who wants to know subscribes to `info`; what went past the gates into prod is worth a look."""
    one = deployed(home, environment=environment, decision=decision)
    assert home.announce()
    key = environment_release("orders", environment, one.number)
    home.table.client.update_item(  # As where drift begins its soak anew.
        TableName=TABLE,
        Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
        UpdateExpression="SET soak_from = :at",
        ExpressionAttributeValues={":at": {"S": "2026-03-02T00:00:00.000000Z"}},
    )
    assert home.announce()
    assert announcer.handler({"Records": home.table.stream()}, CONTEXT) == {"batchItemFailures": []}
    (said,) = documents(home, "delivery")
    assert (said["id"], said["severity"]) == (f"delivery:orders:{environment}#1", severity)
    assert said["text"].endswith(how)
    (published,) = home.sns.published
    assert published["topic"] == "arn:validation"
    assert published["subject"] == f"[{environment}] DEPLOYED v1 of orders, deployment 1"
    assert "lockstep evidence v1" in published["message"]["default"]
    assert (ROOT / "docs" / "runbooks" / "deployment.md").is_file()


def test_what_was_deployed_before_anybody_told_is_no_news(home: Home) -> None:
    """A record that is written again later, such as by an older Lockstep's, was a success before."""
    one = deployed(home)
    image = home.table.stream()[-1]["dynamodb"]["NewImage"]
    record = {
        "eventName": "MODIFY",
        "dynamodb": {"NewImage": image, "OldImage": image, "SequenceNumber": "1"},
    }
    assert announcer.handler({"Records": [record]}, CONTEXT) == {"batchItemFailures": []}
    assert home.sns.published == []
    assert one.number == 1


def test_each_of_several_is_announced(home: Home) -> None:
    for tag, environment in (("v1", "dev"), ("v2", "dev"), ("v2", "prod")):
        take_back(home, deployed(home, tag, environment))
    assert home.announce()
    ids = [each["id"] for each in documents(home)]
    assert ids == ["rollback:orders:dev#1", "rollback:orders:dev#2", "rollback:orders:prod#1"]
    assert [each["severity"] for each in documents(home)] == ["warning", "warning", "critical"]


def test_what_sns_does_not_take_is_announced_later(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    take_back(home, deployed(home))
    home.sns.down = True
    assert not home.announce()
    home.sns.down = False
    assert home.announce()
    assert len(documents(home)) == 1
    assert metrics(capsys.readouterr().out)["AnnounceFailures"] == 1


def test_a_crash_before_the_mark_repeats_it_under_the_same_id(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost; a receiver drops the second."""
    take_back(home, deployed(home))

    def die(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    with monkeypatch.context() as patch:
        patch.setattr(home.store, "mark_deployment_announced", die)
        assert not home.announce()
    assert home.announce()
    assert [each["id"] for each in documents(home, "delivery")] == ["delivery:orders:prod#1"] * 2
    assert [each["id"] for each in documents(home)] == ["rollback:orders:prod#1"]


def test_a_promotion_is_counted_when_it_appears(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.table.client.put_item(TableName=TABLE, Item=PROMOTION.to_item())
    assert home.announce()
    out = capsys.readouterr().out
    assert metrics(out)["Promotions"] == 1
    (line,) = [json.loads(each) for each in out.splitlines() if '"Promotions"' in each]
    assert (line["Environment"], line["Workload"]) == ("prod", "orders")
    assert home.sns.published == []


def test_the_message_has_the_form_of_every_other() -> None:
    """REQ-C5: however long and odd a name is; one that ends a line ends none here."""
    odd = "v1\n\x1b[31m" + "\U0001f600" * 240
    one = EnvironmentRelease(
        "orders", "dev", 1, odd, "sha256:0", "rolled_back", START, START + HOUR, odd, places=()
    )
    said = message(one)
    assert len(said.subject) < 100
    assert said.subject.isprintable()
    assert said.subject.isascii()
    body = json.loads(said.body)
    jsonschema.validate(json.loads(body["https"]), SCHEMAS["rollback"])
    assert "\x1b" not in body["default"]
    assert len(said.body.encode()) < MESSAGE_BYTES


def patterns() -> list[Any]:
    """Return the filter patterns of the event source."""
    text = FILE.read_text(encoding="utf-8")
    found = re.findall(r"^  (?:Filter|FurtherFilter): >-\n +(\{.+\})$", text, re.MULTILINE)
    assert len(found) == 2
    return [json.loads(each) for each in found]


def test_the_stream_hands_over_what_the_handler_acts_on_and_nothing_else(home: Home) -> None:
    home.table.client.put_item(TableName=TABLE, Item=PROMOTION.to_item())
    one = deployed(home)
    before = len(home.table.stream())
    take_back(home, one)
    acted = [home.table.stream()[0], *home.table.stream()[before - 1 : before + 1]]
    handed = [each for each in home.table.stream() if any(admits(one, _matched(each)) for one in patterns())]
    assert handed == acted


def _matched(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record with the event's name in a list of its own, as `admits` asks."""
    return {name: record[name] for name in ("eventName", "dynamodb")}
