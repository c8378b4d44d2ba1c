"""A check in words: findings as JSON, and the one alert of an environment. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from pipelines.state.records import Alert, Check
from validator.environments import ENVIRONMENTS
from validator.findings import Finding

SCHEMA = "lockstep/consistency/v1"
LONGEST = 1_000
"""Characters of a message that are kept: a template or a policy may put anything into one."""
SHOWN, DETAILED = 5, 100
"""Findings that an alert shows to people, and that it holds for machines."""


def fingerprint(workload: str, environment: str) -> str:
    """Return the fingerprint of the one alert of an environment."""
    return f"consistency/{workload}/{environment}"


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as `lockstep check` writes it."""
    return {
        "check": finding.check,
        "severity": str(finding.severity),
        "file": finding.file,
        "key": finding.key,
        "line": finding.line,
        "message": finding.message[:LONGEST],
        "remediation": finding.remediation[:LONGEST],
        "environments": list(finding.environments),
    }


def alert_of(check: Check, found: Sequence[Finding]) -> Alert:
    """Return the alert for a check that found something. Its digest is over what was found, so that news is news."""
    environment, workload = check.environment, check.workload
    what = "cannot be checked" if check.verdict == "unknown" else "is not what it should be"
    rows = [finding_json(finding) for finding in found]
    detail = {
        "schema": SCHEMA,
        "workload": workload,
        "environment": environment,
        "release": check.release,
        "verdict": check.verdict,
        "findings": rows[:DETAILED],
        "total": len(rows),
    }
    return Alert(
        fingerprint=fingerprint(workload, environment),
        kind="consistency",
        environment=environment,
        workload=workload,
        severity="critical" if environment == ENVIRONMENTS[-1] else "warning",
        state="found",
        generation=1,
        digest="sha256:"
        + hashlib.sha256(json.dumps([check.verdict, rows], sort_keys=True).encode()).hexdigest(),
        subject=f"{environment} {workload} {what}",
        text=_text(check, found),
        detail=json.dumps(detail),
        opened_at=check.at,
        changed_at=check.at,
    )


def _text(check: Check, found: Sequence[Finding]) -> str:
    lines = [
        f"- {finding.message[:LONGEST]}\n  mend: {finding.remediation[:LONGEST]}" for finding in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        lines.append(f"and {len(found) - SHOWN} more")
    lines.append(f"Run `lockstep verify {check.environment}` for all of it.")
    return "\n".join(lines)
