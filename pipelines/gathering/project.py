"""What the project's own checks say of what is checked out. I/O (REQ-G7)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from pipelines.promotion.evidence import Checked
from validator.errors import FailureError

from .repository import head

PARITY = "parity"
"""The check whose findings are undeclared differences between environments."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The result of one run of all checks: errors without those of parity, and undeclared differences."""

    checked: Checked
    undeclared: int


def looked(root: Path, today: datetime.date) -> Looked:
    """Run every check over the project; a run over the same content on the same day is kept.

    Raises FailureError where files differ from the commit, or are in none: what was checked would be no release then.
    """
    from pipelines.check import check
    from validator.findings import Severity

    commit, is_dirty = head(root)
    if is_dirty:
        raise FailureError("files differ from the commit that is checked out, or are in none")
    findings = check(root, today, own=True).findings
    errors = [one for one in findings if one.severity is Severity.ERROR]
    undeclared = sum(one.check == PARITY for one in errors)
    return Looked(
        Checked(commit, len(errors) - undeclared, sum(one.severity is Severity.WARNING for one in findings)),
        undeclared,
    )
