"""How a run ended: a success, a failure that takes the release back, or neither, since somebody stopped it (REQ-R4)."""

from __future__ import annotations

import os
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.commands.ending import ended_in_order
from pipelines.delivery.bring import Brought, _end, _Told
from pipelines.deploy import Outcome, Result
from pipelines.recording import Recording
from tests.state_table import START, lock_of
from validator.errors import FailureError
from validator.findings import Finding, Severity

from .records import deployed, made_table

FINDING = Finding("verify", Severity.ERROR, "", "Drift", None, "it drifted", "mend it")


@pytest.mark.parametrize(
    ("outcomes", "findings", "succeeded", "failed"),
    [
        (("created", "updated", "unchanged"), (), True, False),
        (("created", "unchanged"), (FINDING,), False, True),
        (("created", "failed", "not started"), (), False, True),
        (("created", "interrupted", "not started"), (), False, False),
        (("interrupted", "failed"), (), False, True),
        (("not started",), (), False, False),
    ],
)
def test_only_what_failed_is_taken_back(
    outcomes: tuple[Outcome, ...], findings: tuple[Finding, ...], succeeded: bool, failed: bool
) -> None:
    brought = Brought(tuple(Result("dev/orders/queue", one) for one in outcomes), (), findings)
    assert (brought.succeeded, brought.failed) == (succeeded, failed)


@pytest.mark.parametrize(("outcome", "awaits"), [("failed", "v1"), ("interrupted", ""), ("updated", "")])
def test_what_has_to_come_back_is_recorded_with_the_end(outcome: Outcome, awaits: str) -> None:
    """REQ-R4: a run may be killed right after; a stop by somebody takes nothing back."""
    table, nothing = made_table(), SimpleNamespace()
    begun = deployed(table, "v2")
    hold: Any = SimpleNamespace(locks={"orders": lock_of(table, "dev")})
    home: Any = nothing
    terms: Any = SimpleNamespace(
        keep=lambda *_, **__: "sha256:0", back_to=lambda _, *, failed: "v1" if failed else ""
    )
    recording = Recording(home, table, (begun,), lambda: START, hold)
    _end(recording, terms, [Result("dev/orders/queue", outcome)], ())
    latest = table.latest_environment_release("orders", "dev")
    assert latest is not None
    assert (latest.awaits, latest.evidence) == (awaits, "sha256:0")
    assert latest.state == ("succeeded" if outcome == "updated" else "failed")


@pytest.mark.parametrize(
    ("began", "is_in", "said"),
    [
        (False, False, "before anything of v2 was deployed"),
        (True, False, "with v2 on its way: part of its stacks may stand; how it ended is not recorded"),
        (True, True, "with v2 on its way: its stacks stand, and nobody verified them; how it ended is not"),
    ],
)
def test_who_stops_a_run_is_told_what_is_left_of_it(began: bool, is_in: bool, said: str) -> None:
    """Also by SIGTERM, which would end the process at once and leave its locks for their lease (REQ-G5)."""
    given_back = []
    before = signal.getsignal(signal.SIGTERM)
    with (
        pytest.raises(FailureError, match=said) as stopped,
        ended_in_order(),
        _Told("dev", "v2", began, is_in),
    ):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            given_back.append("lock")
    assert given_back == ["lock"]
    assert "mend: run the same command again" in str(stopped.value)
    assert signal.getsignal(signal.SIGTERM) == before
