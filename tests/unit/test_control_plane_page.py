"""docs/control-plane.md says what templates and code do: items, functions, alarms, message (REQ-C1, C5, C9, P8)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from pipelines.state import items, keys
from pipelines.state.keys import StackKey
from pipelines.state.records import PropertyDrift
from pipelines.tracking.drift_alert import drift_alert
from pipelines.tracking.drift_report import Drifted, DriftReport
from pipelines.tracking.messages import message

from .template_facts import ROOT, read

PAGE = (ROOT / "docs" / "control-plane.md").read_text(encoding="utf-8")
EVERY_FUNCTION = re.compile(r"(ec2|logs|ssm|xray):|kms:(Decrypt|GenerateDataKey)$")
"""What the page says once, of all functions."""
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
KEY = StackKey("orders", "prod", "333333333333", "us-east-1", "lockstep-prod-orders-queue")


def table(name: str) -> list[list[str]]:
    """Return the cells of a marked table, without its head."""
    text = PAGE.split(f"<!-- begin {name} -->\n")[1].split(f"<!-- end {name} -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def allowed(name: str, policy: str) -> set[str]:
    """Return the actions that a managed policy of a template allows."""
    (body,) = (one for key, one in read(name).resources("AWS::IAM::ManagedPolicy") if key == policy)
    statements = [
        one for one in body["Properties"]["PolicyDocument"]["Statement"] if one["Effect"] == "Allow"
    ]
    actions = [one["Action"] for one in statements]
    return {each for one in actions for each in (one if isinstance(one, list) else [one])}


def test_the_items_are_those_of_the_keys() -> None:
    """Each function that makes a key has its line, with the partition and the item that it makes."""
    shown = {tuple(cell.strip("`") for cell in row[1:3]) for row in table("items")}
    stack = "STACK#orders#prod#333333333333#us-east-1#lockstep-prod-orders-queue"
    made = {
        keys.current(KEY),
        keys.event(KEY, AT, "{event id}"),
        keys.drift(KEY, "{detection id}"),
        keys.drift_finding(KEY, "{detection id}", "{logical id}"),
        keys.open_drift("{workload}", "{environment}"),
        keys.release("{workload}", "{tag}", "{environment}"),
        keys.environment_release("{workload}", "{environment}", 7),
        keys.decision("{workload}", "{environment}", AT, "{digest}"),
        keys.promotion("{workload}", "{tag}", "{source}", "{target}"),
        keys.approval("{tag}", "{environment}", "{session}"),
        keys.lock("{workload}", "{environment}"),
        keys.alert("{fingerprint}"),
        keys.refusal(AT, "{account}", "{event id}"),
        keys.census("{account}", "{region}"),
        keys.census_parts("{account}", "{region}"),
        keys.check("{workload}", "{environment}"),
        keys.touched("{workload}", "{environment}"),
        keys.rule_request("{deployment}"),
    }
    places = {
        stack: "S",
        "2026-03-02T09:30:00.000000Z": "{time}",
        "2026-03-02": "{date}",
        "00000007": "{number}",
    }

    def named(text: str) -> str:
        for value, name in places.items():
            text = text.replace(value, name)
        return text

    assert shown == {(named(key.pk), named(key.sk)) for key in made}
    makers = [
        name for name, one in vars(keys).items() if getattr(one, "__annotations__", {}).get("return") == "Key"
    ]
    assert len(makers) == len(made), "a kind of item is on no line"


def test_items_are_kept_as_long_as_the_page_says() -> None:
    kept = {row[0]: row[3] for row in table("items")}
    assert kept["history of a stack"] == f"{items.EVENT_DAYS} days"
    assert kept["drift detection"] == kept["drifted resource"] == f"{items.DRIFT_DAYS} days"
    assert kept["refused event"] == f"{items.REFUSAL_DAYS} days"
    assert kept["what GitHub asked before a deployment"] == f"{items.RULE_REQUEST_DAYS} days"
    assert kept["alert"] == f"{items.ALERT_DAYS} days once resolved"


POLICIES = {
    "observer": ("agent", "ObserverPolicy"),
    "drift": ("agent", "DriftPolicy"),
    "tracker": ("tracker-access", "AccessPolicy"),
    "reconciler": ("reconciler-access", "AccessPolicy"),
    "announcer": ("announcer-access", "AccessPolicy"),
    "consistency": ("consistency-access", "AccessPolicy"),
    "receiver": ("receiver-access", "AccessPolicy"),
    "answerer": ("answerer-access", "AccessPolicy"),
}
"""Function to template and policy, in the order of the page."""


def test_the_page_names_every_function() -> None:
    assert [row[0] for row in table("functions")] == list(POLICIES)


@pytest.mark.parametrize("function", POLICIES)
def test_a_function_may_do_what_its_line_says_and_nothing_else(function: str) -> None:
    """The cell is what its policy allows, in order: paste what is expected here when a policy changes."""
    said = next(row[3] for row in table("functions") if row[0] == function)
    actions = sorted(one for one in allowed(*POLICIES[function]) if not EVERY_FUNCTION.match(one))
    assert said == ", ".join(f"`{one}`" for one in actions)


def test_every_alarm_has_its_line_and_its_runbook() -> None:
    """The page that the alarm's own description names."""
    wanted = []
    kind = "AWS::CloudWatch::Alarm"
    for _, alarm in (
        *read("control-monitoring").resources(kind),
        *read("gate-monitoring").resources(kind),
    ):
        properties = alarm["Properties"]
        name = re.fullmatch(
            r"\$\{NamePrefix\}alarm-([a-zA-Z-]+)\$\{NameSuffix\}",
            properties["AlarmName"]["Fn::Sub"].replace("${Environment}", "ENV"),
        )
        said = re.fullmatch(
            r"(.+) \(\$\{RunbooksUrl\}/([a-z-]+)\.md\)", properties["AlarmDescription"]["Fn::Sub"]
        )
        assert name is not None
        assert said is not None
        missing = {"breaching": "alarm", "notBreaching": "no alarm"}[properties["TreatMissingData"]]
        wanted.append([f"`{name[1]}`", said[1], missing, f"[{said[2]}](runbooks/{said[2]}.md)"])
    assert table("alarms") == wanted


def test_the_message_on_the_page_is_the_one_that_is_sent() -> None:
    report = DriftReport(
        stack_id=f"arn:aws:cloudformation:us-east-1:333333333333:stack/{KEY.stack}/0a1b",
        name=KEY.stack,
        tags={},
        detection_id="d1",
        status="drifted",
        started_at=AT,
        detected_at=AT,
        checked=2,
        findings=(
            Drifted(
                "Queue",
                "AWS::SQS::Queue",
                "prod-orders-queue",
                "MODIFIED",
                (PropertyDrift("/MessageRetentionPeriod", "1209600", "86400", "NOT_EQUAL"),),
            ),
        ),
    )
    pages = "https://github.com/example-org/lockstep/blob/main/docs/runbooks"
    said = message(drift_alert(KEY, report), pages)
    shown = PAGE.split("```text\n")[1].split("```")[0]
    assert shown == f"Subject: {said.subject}\n\n{json.loads(said.body)['default']}"
