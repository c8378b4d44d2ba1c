"""Raw events: typed, or refused with a reason; nothing raises (REQ-C2)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.tracking.events import (
    CensusTaken,
    DriftReported,
    Refused,
    StackChanged,
    StackObserved,
    StackSetChanged,
    read_event,
)

from .cloud import DEV, REGION, START, TAGS, event

UNIQUE = "00000001-0000-4000-8000-000000000000"
STACK = f"arn:aws:cloudformation:{REGION}:{DEV}:stack/lockstep-dev-orders-queue/{UNIQUE}"
SET = f"arn:aws:cloudformation:{REGION}:{DEV}:stackset/dev-control-agent:{UNIQUE}"
AT = "2026-03-02T09:30:00.000000Z"


def stack_status(**status: Any) -> dict[str, Any]:
    details = {"status": "UPDATE_COMPLETE", "status-reason": "", **status}
    return event("CloudFormation Stack Status Change", {"stack-id": STACK, "status-details": details})


def observed(**changes: Any) -> dict[str, Any]:
    detail = {
        "schema": "lockstep/observation/v1",
        "stack_id": STACK,
        "name": "lockstep-dev-orders-queue",
        "status": "UPDATE_COMPLETE",
        "reason": "",
        "operation_at": AT,
        "created_at": AT,
        "observed_at": AT,
        "tags": TAGS,
        "parameters": {"NamePrefix": "dev-orders-"},
        "template_digest": "sha256:" + "0" * 64,
        "digest": None,
        "trigger": None,
        **changes,
    }
    return event("Stack Observed", detail, source="lockstep.agent")


def census(**changes: Any) -> dict[str, Any]:
    detail = {
        "schema": "lockstep/census/v1",
        "part": 1,
        "parts": 1,
        "after": "",
        "upto": "",
        "names": ["a", "b"],
        "observed_at": AT,
        **changes,
    }
    return event("Region Census", detail, source="lockstep.agent")


def drift(**changes: Any) -> dict[str, Any]:
    detail = {
        "schema": "lockstep/drift/v1",
        "stack_id": STACK,
        "name": "lockstep-dev-orders-queue",
        "tags": TAGS,
        "detection_id": UNIQUE,
        "status": "in_sync",
        "started_at": AT,
        "detected_at": AT,
        "coverage": {"checked": 3, "unsupported": [], "failed": []},
        "findings": [],
        "known": [],
        **changes,
    }
    return event("Stack Drift Observed", detail, source="lockstep.agent")


FINDING = {
    "logical_id": "Queue",
    "type": "AWS::SQS::Queue",
    "physical_id": "https://queue",
    "kind": "MODIFIED",
    "properties": [{"path": "/DelaySeconds", "expected": "0", "actual": "9", "kind": "NOT_EQUAL"}],
}


def read(raw: Any) -> Any:
    return read_event(raw if isinstance(raw, str) else json.dumps(raw))


def test_a_stack_status_is_read_from_the_arn_since_there_is_no_name() -> None:
    found = read(stack_status(**{"status-reason": "User Initiated"}))
    assert isinstance(found, StackChanged)
    assert (found.stack.name, found.status, found.reason) == (
        "lockstep-dev-orders-queue",
        "UPDATE_COMPLETE",
        "User Initiated",
    )
    assert (found.envelope.account, found.envelope.region, found.envelope.time) == (DEV, REGION, START)


def test_each_kind_is_read() -> None:
    detection = {
        "stack-id": STACK,
        "stack-drift-detection-id": UNIQUE,
        "status-details": {"stack-drift-status": "DRIFTED", "detection-status": "DETECTION_COMPLETE"},
        "drift-detection-details": {"drifted-stack-resource-count": 1},
    }
    found = read(event("CloudFormation Drift Detection Status Change", detection))
    assert isinstance(found, StackChanged)
    assert (found.detection_id, found.status) == (UNIQUE, "DETECTION_COMPLETE")
    operation = {
        "stack-set-arn": SET,
        "stack-set-operation-id": UNIQUE,
        "status-details": {"status": "FAILED"},
    }
    found = read(event("CloudFormation StackSet Operation Status Change", operation))
    assert isinstance(found, StackSetChanged)
    assert (found.stack_set.name, found.status, found.instance) == ("dev-control-agent", "FAILED", None)
    elsewhere = STACK.replace(REGION, "us-west-2")
    instance = {
        "stack-set-arn": SET,
        "stack-id": elsewhere,
        "action": "CREATE",
        "status-details": {"status": "OUTDATED", "status-reason": "no", "detailed-status": "FAILED"},
    }
    found = read(event("CloudFormation StackSet StackInstance Status Change", instance))
    assert isinstance(found, StackSetChanged)
    assert found.instance is not None
    assert (found.instance.region, found.detailed_status) == ("us-west-2", "FAILED")
    assert isinstance(read(observed()), StackObserved)
    assert isinstance(read(census()), CensusTaken)
    assert isinstance(read(drift()), DriftReported)
    assert isinstance(read(drift(status="drifted", findings=[FINDING])), DriftReported)


LATE = "2026-03-02T09:50:00Z"
REFUSED = {
    "no JSON": "no JSON",
    "a list": "[]",
    "NaN": '{"id": NaN}',
    "deep": "[" * 100_000,
    "a huge number": '{"id": ' + "1" * 10_000 + "}",
    "oversized": json.dumps(stack_status()) + " " * 300_000,
    "no id": {**stack_status(), "id": ""},
    "an account that is none": {**stack_status(), "account": "root"},
    "a region that is none": {**stack_status(), "region": "moon"},
    "a time that is none": {**stack_status(), "time": "yesterday"},
    "a time without a zone": {**stack_status(), "time": "2026-03-02T09:30:00"},
    "another source": {**stack_status(), "source": "aws.ec2"},
    "an unknown kind": {**stack_status(), "detail-type": "CloudFormation Resource Status Change"},
    "an agent's word under AWS' name": {**observed(), "source": "aws.cloudformation"},
    "no detail": {**stack_status(), "detail": None},
    "another account's stack": {**stack_status(), "account": "222222222222"},
    "another region's stack": {**stack_status(), "region": "us-west-2"},
    "another account's observation": {**observed(), "account": "222222222222"},
    "another account's drift": {**drift(), "account": "222222222222"},
    "a reason of 10 kB": stack_status(**{"status-reason": "x" * 10_000}),
    "markup for a status": stack_status(status="<b>DONE</b>"),
    "half a character": observed(tags={"Owner": "\ud800"}),
    "a name with markup": observed(name="<script>alert(1)</script>"),
    "a name with a newline": observed(name="queue\nqueue"),
    "a name that is not the ARN's": observed(name="other"),
    "an ARN with a newline": observed(stack_id=STACK + "\n"),
    "an unknown version": observed(schema="lockstep/observation/v2"),
    "tags that are a list": observed(tags=[]),
    "too many tags": observed(tags={f"t{n}": "" for n in range(300)}),
    "a digest that is none": observed(digest="sha256:zz"),
    "a clock ahead": observed(observed_at=LATE),
    "a clock behind": observed(observed_at="2026-03-02T09:10:00Z"),
    "an operation in the future": observed(operation_at="9998-01-01T00:00:00Z"),
    "a census of another clock": census(observed_at=LATE),
    "a census that leaves names out": census(part=1, parts=2, upto=""),
    "a census without a beginning": census(after="a"),
    "a name outside its part": census(parts=2, upto="a"),
    "a part beyond the parts": census(part=2),
    "a census of hostile names": census(names=["<b>"]),
    "drift in sync that checked nothing": drift(coverage={"checked": 0, "unsupported": [], "failed": []}),
    "drift in sync with findings": drift(findings=[FINDING]),
    "drift in sync with failures": drift(
        coverage={
            "checked": 1,
            "unsupported": [],
            "failed": [{"logical_id": "Q", "type": "AWS::SQS::Queue", "reason": ""}],
        }
    ),
    "drift without findings": drift(status="drifted"),
    "drift of a kind that is none": drift(status="drifted", findings=[{**FINDING, "kind": "ODD"}]),
    "a result under the start's name": {**drift(), "detail-type": "Stack Drift Started"},
    "a detection in the future": drift(detected_at=LATE),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_right_is_refused_with_a_reason(name: str) -> None:
    found = read(REFUSED[name])
    assert isinstance(found, Refused), found
    assert found.reason
    assert len(found.reason) <= 512
    assert len(found.excerpt) <= 2000
    assert found.reason.isprintable()
    assert "<" not in found.reason, "a reason quotes nothing of what it refuses"


def test_the_samples_are_right_but_for_what_each_names() -> None:
    """Each sample above is refused for its own reason: without the fault it is taken."""
    for raw in (stack_status(), observed(), census(), drift()):
        assert not isinstance(read(raw), Refused)


def test_long_reasons_and_line_ends_are_made_one_line() -> None:
    found = read(stack_status(**{"status-reason": "first\nsecond\x1b[31m\u2028third " + "x" * 5000}))
    assert isinstance(found, StackChanged)
    assert found.reason.startswith("first second [31m third")
    assert len(found.reason) == 1024


def test_an_event_late_by_a_day_is_taken_as_it_was() -> None:
    """A replay of the archive keeps the original time: an old event is no skewed clock."""
    raw = observed()
    raw["replay-name"] = "after-an-outage"
    assert isinstance(read(raw), StackObserved)
    late = {**raw, "time": f"{START + timedelta(minutes=10):%Y-%m-%dT%H:%M:%SZ}"}
    assert isinstance(read(late), StackObserved)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.sampled_from([stack_status, observed, census, drift]), st.data())
def test_no_value_anywhere_raises(make: Any, data: st.DataObject) -> None:
    raw = make()
    target = data.draw(st.sampled_from([raw, raw["detail"]]))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JSON)
    read(raw)


def test_what_commands_a_terminal_or_hides_text_is_taken_out_of_tags() -> None:
    """A tag is whatever somebody in that account wrote, and people read it on a terminal and in mails."""
    hostile = "v1\x1b]52;c;ZXZpbA==\x07\u202e\u200b2"
    found = read_event(json.dumps(observed(tags={**TAGS, "Version": hostile})))
    assert isinstance(found, StackObserved)
    assert found.observation.tags["Version"] == "v1 ]52;c;ZXZpbA==   2"
