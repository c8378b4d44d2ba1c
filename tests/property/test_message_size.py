"""No alert is too large for SNS, whatever somebody wrote into a resource (REQ-C5)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import jsonschema
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.state.keys import StackKey
from pipelines.state.records import Alert, AlertKind
from pipelines.tracking.alerts import alert_on
from pipelines.tracking.messages import least, message
from tests.unit.tracking.test_messages import SCHEMA

KEY = StackKey("orders", "dev", "111111111111", "us-east-1", "lockstep-dev-orders-" + "q" * 108)
HOSTILE = st.builds(
    lambda piece, times: (piece * times)[:5_000],
    st.one_of(
        st.sampled_from(["\U0001f600", '"', "\\", "\n", "\x1b", "\u202e", "\ud83d", "a"]), st.text(min_size=1)
    ),
    st.integers(0, 5_000),
)


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    findings = [{"path": draw(HOSTILE), "actual": draw(HOSTILE)}] * draw(st.integers(0, 20))
    kind: AlertKind = draw(st.sampled_from(get_args(AlertKind)))
    alert = alert_on(
        kind=kind,
        key=KEY,
        severity="critical",
        at=datetime(2026, 3, 2, tzinfo=UTC),
        subject=draw(HOSTILE),
        text=draw(HOSTILE),
        digest_of="1",
        detail={"reason": draw(HOSTILE), "version": draw(HOSTILE), "findings": findings, "stack_id": "arn:x"},
    )
    state = draw(st.sampled_from(["found", "changed", "resolved"]))
    return replace(alert, state=state, generation=draw(st.integers(1, 3)))


@settings(deadline=None, max_examples=60)
@given(alerts())
def test_a_message_is_never_too_large_and_says_where_the_whole_is(alert: Alert) -> None:
    for made in (message(alert), least(alert)):
        assert len(made.body.encode()) <= 256_000
        said = json.loads(made.body)
        document = json.loads(said["https"])
        jsonschema.validate(document, SCHEMA)
        detail = document["detail"]
        assert detail["stack"] == KEY.stack
        before = detail.get("before", detail)
        if "findings" not in before:
            command = "lockstep drift dev" if alert.kind == "drift" else "lockstep status"
            assert (before["cut"], before["whole"]) == (True, command)
            assert f"(shortened; the whole: {command})" in (
                said["default"] if alert.is_open else before["text"]
            )
