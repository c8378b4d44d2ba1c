"""What a plan says of each stack before anybody is asked, and of those that may follow; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines import cli
from pipelines.commands.plan import exit_code
from pipelines.deployment import decide
from pipelines.live import LiveStack
from pipelines.plan.stages import begun, following
from pipelines.plan.templates import Sides, names_read, standing, wanted
from validator.model import Stack

from .values import REPLACED, plan, stack

BODY = """---
Parameters: {KeyArn: {Type: "AWS::SSM::Parameter::Value<String>"}, Name: {Type: String}}
Resources:
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Retain
    Properties: {TableName: !Ref Name, SSESpecification: {KMSMasterKeyId: !Ref KeyArn}}
"""
STACK = Stack(
    name="dev/orders/table",
    environment="dev",
    workload="orders",
    account="111111111111",
    region="us-east-1",
    role_arn="",
    external_name="lockstep-dev-orders-table",
    file="sceptre/stacks/orders/table.yaml",
    template="templates/table.yaml",
    body=BODY,
    parameters={"KeyArn": "/orders/dev/keys/DataKeyArn", "Name": "orders"},
    tags={"Environment": "dev"},
    dependencies=(),
)
LIVE = LiveStack(
    name=STACK.external_name,
    stack_id="arn:aws:cloudformation:us-east-1:111111111111:stack/lockstep-dev-orders-table/1",
    status="CREATE_COMPLETE",
    reason="",
    parameters={"KeyArn": "/orders/dev/keys/DataKeyArn", "Name": "old"},
    resolved={},
    tags={"Environment": "dev"},
    outputs={},
    changed_at=datetime(2026, 1, 1, tzinfo=UTC),
    body=STACK.sent,
)


def test_a_stack_in_review_counts_as_none() -> None:
    """It may be another plan's, asked at the same time: the digest is the same with it and without."""
    review = replace(LIVE, status="REVIEW_IN_PROGRESS")
    found = begun(STACK, review, decide(STACK, review, {}))
    assert (found.kind, found.live_id) == ("create", "")
    assert found.digest == begun(STACK, None, decide(STACK, None, {})).digest


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        ("CREATE_COMPLETE", "update", cli.SUCCESS),
        ("ROLLBACK_COMPLETE", "recreate", cli.SUCCESS),
        ("UPDATE_IN_PROGRESS", "wait", cli.PENDING),
        ("UPDATE_ROLLBACK_FAILED", "blocked", cli.FAILURE),
    ],
)
def test_what_cannot_be_planned_says_why(status: str, kind: str, code: int) -> None:
    """An operation under way is pending, what a deployment cannot touch is a failure; the worse of both counts."""
    live = replace(LIVE, status=status)
    found = begun(STACK, live, decide(STACK, live, {}))
    assert (found.kind, found.live_id, bool(found.problem)) == (kind, LIVE.stack_id, code != cli.SUCCESS)
    assert exit_code(plan(found)) == code
    assert exit_code(plan(found, replace(found, kind="blocked", problem="no"))) == cli.FAILURE


def test_who_reads_what_is_made_anew_may_follow() -> None:
    """An unchanged stack is told of, and its plan stays what it is; others need no note."""
    queue = replace(STACK, name="dev/orders/queue", parameters={"Name": "/orders/dev/table/TableName"})
    anew, reader = stack(REPLACED, name=STACK.name), stack(name=queue.name, kind="unchanged")
    first, second = following([STACK, queue], [anew, reader])
    assert (first, second.note) == (anew, "may follow: it reads what dev/orders/table publishes")
    assert second.digest == reader.digest
    assert list(following([STACK, queue], [stack(name=STACK.name), reader]))[1] == reader


def test_names_that_cloudformation_resolves() -> None:
    """Those of parameters with such a type alone."""
    assert names_read(STACK) == {"/orders/dev/keys/DataKeyArn"}


def test_both_directions_from_templates() -> None:
    """REQ-R5: what leads to the rendered stack, and what leads back from it to the live one."""
    sides = Sides(STACK.name, (standing(STACK, LIVE), lambda _: None), (wanted(STACK), lambda _: None))
    (ahead,) = sides.planned(stack(), "", {"Table": "old"}).changes
    (back,) = sides.turned.planned(stack(), "").changes
    assert (ahead.kind, ahead.physical_id) == (back.kind, "old") == ("replaced", "old")
    assert [(one.before, one.after) for one in (*ahead.properties, *back.properties)] == [
        ("old", "orders"),
        ("orders", "old"),
    ]
    assert standing(STACK, None) == {}


def test_what_is_expected_has_to_be_a_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A digest that is none and a file that is no plan are the user's mistake; nothing is asked."""
    file = tmp_path / "plan.json"
    file.write_text('{"schema": "lockstep/check/v1"}', encoding="utf-8")
    for given in ("sha256:1", str(file), str(tmp_path / "none.json")):
        assert cli.run(["plan", "dev", "--project", str(tmp_path), "--expect", given]) == cli.USAGE
        assert "is no plan" in capsys.readouterr().err
