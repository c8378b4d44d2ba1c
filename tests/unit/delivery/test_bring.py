"""How a run ended: a success, a failure that takes the release back, or neither, since somebody stopped it (REQ-R4)."""

from __future__ import annotations

import pytest

from pipelines.delivery.bring import Brought
from pipelines.deploy import Outcome, Result
from validator.findings import Finding, Severity

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
