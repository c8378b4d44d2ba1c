"""The handler of the consistency check: what stops a batch, and what never does (REQ-C3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.consistency import handler as module
from functions.consistency.checking import Result
from functions.consistency.words import DETAILED, LONGEST, alert_of, fingerprint
from pipelines.consistency import unfit
from pipelines.state.records import Check

from .test_consistency_changes import PK, record

NOW = datetime(2026, 6, 1, tzinfo=UTC)
CONTEXT = SimpleNamespace(
    function_name="f", memory_limit_in_mb=1, invoked_function_arn="arn", aws_request_id="r"
)
THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "m"}}, "GetItem")


class Scripted:
    """Checks that end as the test says: a fault of AWS that cannot be had otherwise."""

    def __init__(self, **ends: Any) -> None:
        self.ends, self.asked = ends, list[str]()
        self.places: Any = [("orders", "dev"), ("control", "staging")]

    def places_in(self, account: str, region: str) -> Any:
        if isinstance(self.places, Exception):
            raise self.places
        return self.places

    def check(self, workload: str, environment: str) -> Result:
        self.asked.append(environment)
        end: Any = self.ends.get(environment)
        if isinstance(end, Exception):
            raise end
        verdict: Any
        pending, verdict = end == "pending", "unknown" if end == "pending" else end or "consistent"
        return Result(Check(workload, environment, NOW, "v1", verdict, ()), 0, True, pending)


def run(monkeypatch: pytest.MonkeyPatch, scripted: Scripted, *records: dict[str, Any]) -> Any:
    monkeypatch.setattr(module, "checking", lambda: scripted)
    return module.handler({"Records": list(records)}, CONTEXT)


def records() -> list[dict[str, Any]]:
    return [record(9), record(10, PK.replace("dev", "prod")), record(11)]


def test_one_check_a_batch_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted()
    assert run(monkeypatch, scripted, *records()) == {"batchItemFailures": []}
    assert scripted.asked == ["dev", "prod"]


def test_where_aws_fails_the_batch_begins_again_at_the_first_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sequence numbers are numbers: 9 comes before 10. The other environments are checked all the same."""
    scripted = Scripted(dev=THROTTLED, prod=THROTTLED)
    assert run(monkeypatch, scripted, *records()) == {"batchItemFailures": [{"itemIdentifier": "9"}]}
    assert scripted.asked == ["dev", "prod"]


def test_a_region_that_reported_has_each_of_its_environments_checked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripted = Scripted()
    census = [record(number, "REGION#111111111111#us-east-1", "CENSUS") for number in (8, 12)]
    assert run(monkeypatch, scripted, *census, *records()) == {"batchItemFailures": []}
    assert scripted.asked == ["dev", "prod", "staging"]
    scripted.places = THROTTLED
    assert run(monkeypatch, scripted, *census) == {"batchItemFailures": [{"itemIdentifier": "8"}]}


@pytest.mark.parametrize(
    "error", [ValueError("no record"), RecursionError("m"), MemoryError(), TypeError("t")]
)
def test_what_can_never_be_read_does_not_stop_the_stream(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    """Whatever it raises: the next environment of the batch is asked all the same."""
    scripted = Scripted(dev=error)
    assert run(monkeypatch, scripted, *records()) == {"batchItemFailures": []}
    assert scripted.asked == ["dev", "prod"]
    assert "ConsistencyFailures" in capsys.readouterr().out


def test_a_region_that_cannot_be_read_does_not_stop_the_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted = Scripted()
    scripted.places = ValueError("no record")
    census = record(8, "REGION#111111111111#us-east-1", "CENSUS")
    assert run(monkeypatch, scripted, census, *records()) == {"batchItemFailures": []}
    assert scripted.asked == ["dev", "prod"]


@pytest.mark.parametrize("event", [{}, {"Records": None}, {"Records": [{}]}])
def test_an_empty_or_strange_event_is_nothing(monkeypatch: pytest.MonkeyPatch, event: Any) -> None:
    monkeypatch.setattr(module, "checking", Scripted)
    assert module.handler(event, CONTEXT) == {"batchItemFailures": []}


@pytest.mark.parametrize(
    ("verdict", "failures"),
    [("consistent", 0), ("inconsistent", 1), ("unknown", 1), ("deploying", None), ("pending", None)],
)
def test_metrics_name_environment_and_workload(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    verdict: str,
    failures: int | None,
) -> None:
    run(monkeypatch, Scripted(dev=verdict), record(1))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    found = [line for line in lines if "ConsistencyFailures" in line]
    assert [line["ConsistencyFailures"] for line in found] == ([[failures]] if failures is not None else [])
    assert all((line["Environment"], line["Workload"]) == ("dev", "orders") for line in lines)


def test_an_alert_is_short_for_people_and_bounded_for_machines() -> None:
    many = tuple(unfit("dev", f"{number} {'x' * 5000}", "mend it") for number in range(300))
    check = Check("orders", "dev", NOW, "v1", "inconsistent", ())
    alert = alert_of(check, many)
    detail = json.loads(alert.detail)
    assert (len(detail["findings"]), detail["total"]) == (DETAILED, 300)
    assert all(len(one["message"]) <= LONGEST for one in detail["findings"])
    assert alert.fingerprint == fingerprint("orders", "dev")
    assert len(alert.subject) < 100
    assert "\n" not in alert.subject
    assert len(alert.text) < 10_000
    assert alert_of(check, many).digest == alert.digest
    assert alert_of(check, many[1:]).digest != alert.digest


@pytest.mark.parametrize(
    ("environment", "severity"), [("dev", "warning"), ("staging", "warning"), ("prod", "critical")]
)
@pytest.mark.parametrize("release", ["v1", ""])
def test_only_prod_is_critical(environment: str, severity: str, release: str) -> None:
    check = Check("orders", environment, NOW, release, "inconsistent", ())
    assert alert_of(check, (unfit(environment, "it differs", "mend it"),)).severity == severity
