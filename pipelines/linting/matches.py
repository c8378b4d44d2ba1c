"""What cfn-lint says, as findings (REQ-V9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cfnlint.match import Match

from pipelines.linting.job import CHECK, Outcome
from validator.effective.template import dotted
from validator.findings import Finding, Severity

PROMOTED = frozenset({"W1030", "W1031"})
"""A Ref or Fn::Sub that resolves to a value the property does not take: a warning of cfn-lint, an error here (V6)."""
CRASHED = "E0002"
_SUPPLIED = "E2900"


def is_about(match: Match, deferred: frozenset[str]) -> bool:
    """Tell whether a match says that one of these parameters is missing; they get their value at deployment."""
    if match.rule.id != _SUPPLIED or list(getattr(match, "path", ())) != ["Parameters"]:
        return False
    return any(match.message == f"{name!r} is a required property" for name in deferred)


def outcome_of(matches: Sequence[Match]) -> Outcome:
    """Return the findings for matches; the outcome is not whole where a rule raised."""
    findings = {_finding(match) for match in matches}
    whole = not any(_is_crash(match) for match in matches)
    return Outcome(tuple(sorted(findings, key=lambda finding: finding.order)), whole)


def _is_crash(match: Match) -> bool:
    """Tell whether a rule raised: cfn-lint reports it as a rule of its own, or as a message of the rule around it."""
    message = match.message
    nested = message.startswith("Exception ") and " raised while validating " in message
    return match.rule.id == CRASHED or nested


def _finding(match: Match) -> Finding:
    rule = match.rule.id
    is_error = rule.startswith("E") or rule in PROMOTED or _is_crash(match)
    path = tuple(getattr(match, "path", None) or ())
    if path and (path[-1] == "Ref" or str(path[-1]).startswith("Fn::")):
        path = path[:-1]  # what is wrong is the value that the function gives, so the property is the place
    return Finding(
        CHECK,
        Severity.ERROR if is_error else Severity.WARNING,
        "",
        dotted(path),
        match.linenumber,
        f"{rule} {' '.join(match.message.split())}",
        "; ".join(_remediation(match)),
    )


def _remediation(match: Match) -> Iterator[str]:
    if match.rule.id in PROMOTED:
        yield "correct the value that the stack passes, or the template's use of it"
    elif match.rule.id == CRASHED:
        yield "correct what else is found in the template; if nothing is, report it to cfn-lint"
    else:
        yield (match.rule.description or match.rule.shortdesc).strip().rstrip(".")
    if match.rule.source_url:
        yield f"see {match.rule.source_url}"
