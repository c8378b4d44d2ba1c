"""Evidence that every gate likes, to be spoilt in one place, and the rules of the project's own policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.promotion.evidence import Approval, Checked, Evidence, Loss, Plan, Source, Tag, Target
from pipelines.promotion.policy import Policy, Rule
from pipelines.promotion.policy_file import read
from pipelines.state.records import Check, EnvironmentRelease, Lock, Release

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "pipelines" / "promotion.yaml").read_text(encoding="utf-8")
POLICY: Policy = read(TEXT)
PROD, STAGING, DEV = (POLICY.of(name) for name in ("prod", "staging", "dev"))

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SUCCESS = NOW - timedelta(minutes=90)
TAG, COMMIT = "v1.2.0", "a" * 40
DIGESTS = {name: f"sha256:{name}" for name in POLICY.order}


def ago(minutes: float) -> datetime:
    """Return the time so many minutes before the decision."""
    return NOW - timedelta(minutes=minutes)


def release(environment: str, workload: str = "orders", **given: Any) -> Release:
    """Return the record of the release in an environment."""
    return replace(Release(workload, environment, TAG, COMMIT, ago(300), DIGESTS), **given)


def deployment(environment: str, workload: str = "orders", **given: Any) -> EnvironmentRelease:
    """Return a deployment of the release that succeeded ninety minutes ago."""
    values: dict[str, Any] = {
        "number": 7,
        "tag": TAG,
        "manifest_digest": DIGESTS.get(environment, ""),
        "state": "succeeded",
        "started_at": SUCCESS - timedelta(minutes=5),
        "ended_at": SUCCESS,
        "by": "deployer",
        "soak_from": SUCCESS,
        "decision": "sha256:let-in",
    }
    return EnvironmentRelease(workload, environment, **{**values, **given})


def check(environment: str, workload: str = "orders", **given: Any) -> Check:
    """Return a consistency check of ten minutes ago that found nothing."""
    return replace(Check(workload, environment, ago(10), TAG, "consistent", ()), **given)


def source(environment: str = "staging", workload: str = "orders", **given: Any) -> Source:
    """Return what is recorded where the release comes from."""
    values: dict[str, Any] = {
        "release": release(environment, workload),
        "latest": deployment(environment, workload),
        "drifted": (),
        "unsure": (),
        "drift_changed_at": None,
        "touched_at": None,
        "check": check(environment, workload),
        "failed_at": None,
    }
    return Source(**{**values, **given})


def target(environment: str = "prod", **given: Any) -> Target:
    """Return what is known where the release would go."""
    values: dict[str, Any] = {
        "digest": DIGESTS[environment],
        "latest": None,
        "drifted": (),
        "unsure": (),
        "lock": None,
        "rejected": (),
    }
    return Target(**{**values, **given})


def lock(**given: Any) -> Lock:
    """Return a lock of prod that another run holds."""
    return replace(Lock("orders", "prod", "another-run", 4, ago(-10), ago(5)), **given)


def approval(
    by: str = "grace@example.com", at: datetime = NOW, environment: str = "prod", **given: Any
) -> Approval:
    """Return an approval of the release and its plan."""
    return replace(Approval(by, at, environment, TAG, "sha256:plan"), **given)


def plan(*losses: Loss, accepted: tuple[str, ...] = ()) -> Plan:
    """Return a plan that takes these away."""
    return Plan("prod", TAG, "sha256:plan", losses, frozenset(accepted))


def loss(name: str = "Table", resource_type: str = "AWS::DynamoDB::Table", action: str = "replaced") -> Loss:
    """Return a loss of one resource of the stack prod/orders/table."""
    return Loss("prod/orders/table", name, resource_type, action)


def evidence(environment: str = "prod", **given: Any) -> Evidence:
    """Return evidence of one workload that lets the release in, but for what is `given`."""
    before = POLICY.of(environment).source
    values: dict[str, Any] = {
        "environment": environment,
        "tag": TAG,
        "at": NOW,
        "workloads": ("orders",),
        "owner": "this-run",
        "git": Tag(TAG, COMMIT, frozenset({"ada@example.com"})),
        "branch": f"env/{environment}",
        "sources": {"orders": source(before)} if before else {},
        "targets": {"orders": target(environment)},
        "parity": 0,
        "checked": Checked(COMMIT, 0, 2),
        "approvals": (approval(environment=environment),),
        "plan": replace(plan(), environment=environment, tag=given.get("tag", TAG)),
        "people": None,
    }
    return Evidence(**{**values, **given})


def of_source(**given: Any) -> dict[str, Any]:
    """Return the evidence's `sources` with one of them spoilt."""
    return {"sources": {"orders": source(**given)}}


def of_target(**given: Any) -> dict[str, Any]:
    """Return the evidence's `targets` with one of them spoilt."""
    return {"targets": {"orders": target(**given)}}


def rule(base: Rule = PROD, **given: Any) -> Rule:
    """Return a rule with something changed."""
    return replace(base, **given)
