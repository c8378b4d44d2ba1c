"""What `lockstep status` says of recorded stacks, and the page that it writes (REQ-X3)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines.board import Board
from pipelines.commands.status import as_json
from pipelines.commands.status_page import render_page
from pipelines.commands.status_text import age, drift_of, silences
from pipelines.state.records import Alert, Check, DriftSummary, EnvironmentRelease, StackState, Uncovered
from pipelines.state.records import StackKey as Key
from pipelines.status import (
    Place,
    further_row,
    matrix,
    recorded_row,
    summaries,
)
from validator.model import Stack

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "status.json").read_text(encoding="utf-8"))
INSTANCE = "StackSet-dev-control-agent-0f3c2a10-1111-4222-8333-123456789abc"


def stack(environment: str = "dev") -> Stack:
    return Stack(
        name=f"{environment}/orders/queue",
        environment=environment,
        workload="orders",
        account="111111111111",
        region="us-east-1",
        role_arn="",
        external_name=f"lockstep-{environment}-orders-queue",
        file="sceptre/stacks/orders/queue.yaml",
        template="templates/queue.yaml",
        body="Resources: {}",
        parameters={},
        tags={},
        dependencies=(),
    )


def state(**changes: Any) -> StackState:
    one = stack()
    found = StackState(
        key=Key("orders", "dev", "111111111111", "us-east-1", one.external_name),
        stack_id="arn:aws:cloudformation:us-east-1:111111111111:stack/lockstep-dev-orders-queue/1",
        status="CREATE_COMPLETE",
        reason="",
        version="v1.0.0",
        commit="a" * 40,
        released_at="2026-03-01T10:00:00+00:00",
        operation_at=NOW - timedelta(hours=2),
        observed_at=NOW - timedelta(hours=2),
        recorded_at=NOW - timedelta(hours=2),
        observed_seq="1",
        template_digest="sha256:1",
        digest=one.digest,
        parameters={},
        tags={},
    )
    return replace(found, **changes)


def summary(status: Any = "drifted", findings: int = 1) -> DriftSummary:
    unsupported = (Uncovered("Policy", "AWS::SQS::QueuePolicy"),)
    return DriftSummary("d1", status, 1, unsupported, (), findings, NOW, "sha256:2")


def check(verdict: Any, *messages: str) -> Check:
    return Check("orders", "dev", NOW, "v1.0.0", verdict, tuple({"message": message} for message in messages))


def release(number: int, tag: str, state: Any, environment: str = "dev") -> EnvironmentRelease:
    at = NOW - timedelta(minutes=60 - number)
    return EnvironmentRelease("orders", environment, number, tag, "sha256:3", state, at, at, "somebody")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "current"),
        ({"digest": "sha256:other"}, "differs"),
        ({"digest": None}, "differs"),
        ({"status": "UPDATE_ROLLBACK_COMPLETE"}, "current"),
        ({"status": "UPDATE_ROLLBACK_COMPLETE", "digest": "sha256:other"}, "failed"),
        ({"status": "ROLLBACK_FAILED"}, "failed"),
        ({"status": "UPDATE_IN_PROGRESS"}, "in progress"),
        ({"status": "DELETE_COMPLETE"}, "missing"),
    ],
)
def test_a_recorded_stack_is_compared_with_what_is_checked_out(changes: Any, expected: str) -> None:
    assert recorded_row(stack(), state(**changes), None, NOW).state == expected


def test_a_stack_that_nobody_recorded_is_missing() -> None:
    assert recorded_row(stack(), None, None, NOW).state == "missing"


@pytest.mark.parametrize(
    ("drift", "expected"),
    [
        (None, "not checked"),
        (summary("started"), "not checked"),
        (summary("in_sync", 0), "in sync"),
        (summary("drifted"), "drifted"),
        (summary("unknown", 0), "unknown"),
    ],
)
def test_drift_is_never_in_sync_without_a_detection(drift: Any, expected: str) -> None:
    """REQ-C4: what was not covered is unknown, and never in sync."""
    row = recorded_row(stack(), state(drift=drift), None, NOW)
    assert row.drift == expected
    assert row.uncovered == (1 if drift else 0)
    assert row.drifted == (1 if expected == "drifted" else 0)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, "unknown"),
        (check("unknown"), "unknown"),
        (check("deploying", "dev/orders/queue: differs"), "unknown"),
        (check("consistent"), "as declared"),
        (check("inconsistent", "dev/orders/queue: Parameters.X is 1"), "differs"),
        (check("inconsistent", "dev/orders/queue-two: Parameters.X is 1"), "as declared"),
    ],
)
def test_parity_of_a_stack_follows_from_the_last_check_of_its_environment(found: Any, expected: str) -> None:
    assert recorded_row(stack(), state(), found, NOW).parity == expected


def test_the_instance_of_a_stack_set_is_named_by_its_set() -> None:
    """REQ-C10: instances have a name of CloudFormation's own."""
    key = Key("control", "dev", "111111111111", "us-west-2", INSTANCE)
    row = further_row(state(key=key), NOW)
    assert (row.stack, row.region, row.state) == ("agent (StackSet)", "us-west-2", "current")
    other = further_row(state(key=Key("control", "dev", "111111111111", "us-west-2", "StackSet-notes")), NOW)
    assert (other.stack, other.state) == ("StackSet-notes", "unexpected")


def test_a_stack_without_a_record_is_unknown_where_no_agent_ever_reported() -> None:
    """REQ-X3: `missing` is a claim, and needs somebody who looked."""
    assert recorded_row(stack(), None, None, NOW, reported=False).state == "unknown"
    assert recorded_row(stack(), state(), None, NOW, reported=False).state == "current"


def test_a_stack_of_ours_that_the_project_does_not_know_is_no_good_sign() -> None:
    assert further_row(state(), NOW).state == "unexpected"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "no agent has reported from 1 here yet"), (3 * 3_600, "last reported 3h ago"), (2_000, "")],
)
def test_it_is_said_how_old_what_is_shown_may_be(seconds: int | None, said: str) -> None:
    """REQ-C9: silence is no good news."""
    lines = silences([Place("1", "here", seconds)])
    assert (said in lines[0]) if said else lines == []


def test_notes_of_a_check_that_waits_are_no_differences() -> None:
    waiting = check("unknown", "wait for the agent's next report")
    line = summaries(rows_of_both(), {}, {("orders", "dev"): waiting}, NOW)[0]
    assert (line.parity, line.differences) == ("unknown", 0)


@pytest.mark.parametrize(
    ("changes", "deployed", "expected"),
    [
        ({}, [], "as declared"),
        ({}, [release(1, "v1.0.0", "succeeded")], "as declared"),
        ({"at": NOW - timedelta(minutes=34)}, [], "as declared"),
        ({"at": NOW - timedelta(minutes=36)}, [], "unknown"),
        ({}, [release(2, "v1.1.0", "succeeded"), release(1, "v1.0.0", "succeeded")], "unknown"),
        ({}, [release(2, "v1.1.0", "rolled_back"), release(1, "v1.0.0", "succeeded")], "as declared"),
    ],
)
def test_a_check_that_is_old_or_of_another_release_is_unknown(
    changes: Any, deployed: Any, expected: str
) -> None:
    """REQ-C3: a consistency function that is dead must not look green."""
    found = replace(check("consistent"), **changes)
    line = summaries(rows_of_both(), {("orders", "dev"): deployed}, {("orders", "dev"): found}, NOW)[0]
    assert (line.parity, line.differences) == (expected, 0)


def test_a_stack_in_two_regions_has_two_cells() -> None:
    key = Key("control", "dev", "111111111111", "us-west-2", INSTANCE)
    rows = [further_row(state(key=replace(key, region=region)), NOW) for region in ("us-east-2", "us-west-2")]
    assert [row.region for row in matrix(rows)["control/agent (StackSet)"]["dev"]] == [
        "us-east-2",
        "us-west-2",
    ]


def rows_of_both() -> list[Any]:
    later = replace(recorded_row(stack("staging"), None, None, NOW))
    return [recorded_row(stack(), state(drift=summary()), None, NOW), later]


def test_skew_is_another_release_than_the_environment_before() -> None:
    releases = {
        ("orders", "dev"): [release(2, "v1.1.0", "succeeded")],
        ("orders", "staging"): [release(1, "v1.0.0", "succeeded", "staging")],
    }
    dev, staging = summaries(rows_of_both(), releases, {}, NOW)
    assert (dev.release, dev.skew, staging.release, staging.skew) == ("v1.1.0", False, "v1.0.0", True)
    releases["orders", "staging"] = [release(2, "v1.1.0", "succeeded", "staging")]
    assert [line.skew for line in summaries(rows_of_both(), releases, {}, NOW)] == [False, False]


def test_the_release_of_an_environment_is_its_last_success() -> None:
    """A failed or running deployment is said beside it, and does not take its place."""
    releases = {("orders", "dev"): [release(2, "v1.1.0", "failed"), release(1, "v1.0.0", "succeeded")]}
    found = replace(check("inconsistent", "x", "y"), release="v1.1.0")
    line = summaries(rows_of_both(), releases, {("orders", "dev"): found}, NOW)[0]
    assert (line.release, line.state, line.synced_seconds) == ("v1.0.0", "failed", 59 * 60)
    assert (line.drifted, line.differences, line.parity) == (1, 2, "differs")


def test_a_release_that_has_yet_to_come_back_is_said() -> None:
    """REQ-R4, REQ-X3: the environment is half of each until then."""
    failed = replace(release(2, "v1.1.0", "failed"), back_to="v1.0.0")
    before = release(1, "v1.0.0", "succeeded")
    line = summaries(rows_of_both(), {("orders", "dev"): [failed, before]}, {}, NOW)[0]
    assert (line.release, line.awaits) == ("v1.0.0", "v1.0.0")
    assert line.notes == ("failed", "v1.0.0 has yet to come back")
    going = release(3, "v1.0.0", "deploying")
    line = summaries(rows_of_both(), {("orders", "dev"): [going, failed, before]}, {}, NOW)[0]
    assert line.notes == ("deploying", "v1.0.0 has yet to come back")
    back = release(3, "v1.0.0", "succeeded")
    line = summaries(rows_of_both(), {("orders", "dev"): [back, failed, before]}, {}, NOW)[0]
    assert (line.awaits, line.notes) == ("", ())


def test_what_belongs_to_no_environment_is_in_no_order_and_so_has_no_skew() -> None:
    shared = replace(recorded_row(stack(), state(), None, NOW), environment="shared")
    releases = {
        ("orders", "dev"): [release(2, "v1.1.0", "succeeded")],
        ("orders", "shared"): [release(1, "v1.0.0", "succeeded", "shared")],
    }
    assert [line.skew for line in summaries([rows_of_both()[0], shared], releases, {}, NOW)] == [False, False]


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        (summary("in_sync", 0), "in sync"),
        (summary(), "1 drifted"),
        (None, "1 not known"),
        (summary("unknown", 0), "1 not known"),
    ],
)
def test_an_environment_is_in_sync_only_where_every_stack_was_judged(drift: Any, said: str) -> None:
    line = summaries([recorded_row(stack(), state(drift=drift), None, NOW)], {}, {}, NOW)[0]
    assert drift_of(line) == said


def board(**changes: Any) -> Board:
    rows = rows_of_both()
    alert = Alert(
        "drift|dev",
        "drift",
        "dev",
        "orders",
        "critical",
        "found",
        1,
        "d",
        "<b>dev drifted</b>",
        "",
        "{}",
        NOW,
        NOW,
    )
    lines = tuple(summaries(rows, {}, {}, NOW))
    found = Board("table", NOW, tuple(rows), lines, (alert,), foreign=3)
    return replace(found, **changes)


def test_the_json_follows_its_schema() -> None:
    document = {"schema": "lockstep/status/v1", **as_json(board(troubles=(("dev", "gone"),)))}
    jsonschema.validate(document, SCHEMA)
    assert document["foreign"] == 3


class Page(HTMLParser):
    """What a page would fetch or run, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.fetched += [value for name, value in attrs if name in ("src", "href", "action", "background")]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_no_network_and_runs_nothing() -> None:
    """REQ-X3: one self-contained page; what AWS says is text in it, whatever it holds."""
    text = render_page(board(rows=(replace(rows_of_both()[0], version="<script>alert(1)</script>"),)))
    page = Page(text)
    assert page.fetched == []
    assert not page.tags & {"script", "link", "img", "iframe", "b" if "<b>dev" in text else "script"}
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import", text)
    assert "<script>alert(1)</script>" in page.text
    assert "<b>dev drifted</b>" in page.text


def test_the_page_shows_every_stack_and_what_is_wrong_with_it() -> None:
    text = Page(render_page(board())).text
    for said in ("orders/queue", "1 drifted", "1 not covered", "missing", "3 further stacks", "v1.0.0"):
        assert said in text
    assert "CloudFormation itself" in Page(render_page(board(source="live"))).text


@pytest.mark.parametrize(
    ("seconds", "shown"), [(None, ""), (0, "0s"), (3_599, "59m"), (7_200, "2h"), (90_000, "1d")]
)
def test_an_age_is_said_as_people_say_it(seconds: Any, shown: str) -> None:
    assert age(seconds) == shown
