"""Policies that the project does not have, made of the text of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from pipelines.promotion.policy import Policy
from tests.unit.promotion.good import DEV, POLICY, PROD, STAGING

QA = replace(
    STAGING, environment="qa", source="dev", branch="env/qa", approvals=0, soak=timedelta(minutes=15)
)
OTHER = Policy(
    (
        DEV,
        QA,
        replace(STAGING, source="qa", approvals=2),
        replace(PROD, soak=timedelta(minutes=240)),
    )
)
"""Another environment between, with a soak and without approvals; staging wants two people, prod four hours."""
TWO = Policy((replace(DEV, environment="test", branch="env/test"), replace(PROD, source="test")))
ONE = Policy((DEV,))
ALL = (POLICY, OTHER, TWO, ONE)
