"""Whose approval the pipeline's gate counts, over several workloads (REQ-G2, REQ-G10)."""

from __future__ import annotations

import pytest

from pipelines.codepipeline.approved import approved
from pipelines.promotion.evidence import Evidence
from tests.unit.promotion import good


def where_one_came(minutes: float) -> Evidence:
    """Return evidence of two workloads, of which one came to staging so many minutes ago."""
    later = good.deployment("staging", ended_at=good.ago(minutes))
    sources = {"orders": good.source(), "ledger": good.source(workload="ledger", latest=later)}
    return good.evidence(workloads=("orders", "ledger"), sources=sources)


@pytest.mark.parametrize(("minutes", "state"), [(90, "success"), (10, "pending")])
def test_an_approval_is_of_what_stands_in_every_workload(minutes: float, state: str) -> None:
    """Given before one of them came there again, it is of another state of the environment."""
    given = [good.approval(at=good.ago(30))]
    assert approved("sha256:plan", given, where_one_came(minutes), good.PROD).state == state
