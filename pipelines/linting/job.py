"""What a worker is given and what it gives back. Both are pickled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.linting.request import ParameterValues
from validator.findings import Finding, Severity

CHECK = "cfn-lint"


@dataclass(frozen=True, slots=True)
class Job:
    """One run of cfn-lint. `settings` are the keys of a cfn-lint configuration file that choose the rules."""

    text: str
    region: str
    parameters: ParameterValues
    deferred: frozenset[str]
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a job found, without file and environments; `whole` is false where some rule gave no answer."""

    findings: tuple[Finding, ...]
    whole: bool = True


def unanswered(region: str, reason: str, remediation: str) -> Outcome:
    """Return the outcome of a job that could not be done: an error, since nothing is known of the template."""
    message = f"cfn-lint gave no answer for {region}: {reason}"
    return Outcome((Finding(CHECK, Severity.ERROR, "", "", None, message, remediation),), whole=False)
