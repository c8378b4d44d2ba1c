"""Running checks: each gives its findings, or a finding that says it could not tell. Pure (REQ-V9)."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable

from ..errors import ConfigurationError, LockstepError, of_check
from ..findings import Finding, Severity, merged
from .check import Check
from .subject import Subject, of_problem

Progress = Callable[[Check], None]


def run(
    subject: Subject, checks: Iterable[Check], progress: Progress = lambda check: None
) -> tuple[Finding, ...]:
    """Return the findings of the checks that concern the project, sorted for a report.

    A check that fails is a finding of severity error, never silence. `progress` is told of each check before it runs.
    """
    found: list[Finding] = []
    for check in checks:
        if check.house and not subject.house:
            continue
        progress(check)
        found += _findings(check, subject)
    return merged(found)


def _findings(check: Check, subject: Subject) -> list[Finding]:
    """Return what a check finds; one that fails half way keeps what it found, and says that this is not all."""
    found: list[Finding] = []
    try:
        found += check.run(subject)
    except ConfigurationError as error:
        found += map(of_problem, of_check(check.id, error.problems))
    except LockstepError as error:
        message, _, mend = str(error).partition("\n  mend: ")
        found.append(_unanswered(check, message, mend or "see the message"))
    except Exception as error:  # noqa: BLE001 - whatever a check does wrong, the others still run
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"
        message = f"the check failed with {type(error).__name__}: {error} ({place})"
        mend = "report it; until then nothing is known of what this check looks for"
        found.append(_unanswered(check, message, mend))
    return found


def _unanswered(check: Check, message: str, mend: str) -> Finding:
    return Finding(check.id, Severity.ERROR, "", "", None, message, mend)
