"""A finding: one thing that is wrong, with its place and its mend (REQ-V9). Frozen, ordered, free of I/O."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Severity(StrEnum):
    """An error fails a run (exit code 1); a warning is shown and does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says about one place.

    `file` is relative to the project, `key` a dotted path inside it, `line` counts from 1; each is empty or None
    where the place has none. `environments` names those it was found in; empty means it belongs to none.
    """

    check: str
    severity: Severity
    file: str
    key: str
    line: int | None
    message: str
    remediation: str
    environments: tuple[str, ...] = ()

    @property
    def order(self) -> tuple[str, int, str, str, str]:
        """The order of a report: by file, then down the file."""
        return (self.file, self.line or 0, self.key, self.check, self.message)


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings sorted for a report, the same finding of several environments as one."""
    found: dict[Finding, list[str]] = {}
    for finding in findings:
        names = found.setdefault(replace(finding, environments=()), [])
        names.extend(name for name in finding.environments if name and name not in names)
    whole = (replace(finding, environments=tuple(names)) for finding, names in found.items())
    return tuple(sorted(whole, key=lambda finding: finding.order))
