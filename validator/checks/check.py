"""What a check is: its metadata first, then what it does (REQ-V9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..findings import Finding, Severity
from ..reports import CheckFacts
from .subject import Subject


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `id` is kebab-case, and the module's name with underscores.

    `summary` says in one line what holds where nothing is found, `why` what goes wrong otherwise, `before` and `after`
    show it mended, `source` is an address or a requirement id. `severity` is that of its findings, unless it says
    another. `house` checks hold Lockstep's own conventions, which another project need not share.
    """

    id: str
    severity: Severity
    summary: str
    remediation: str
    source: str
    why: str
    before: str
    after: str
    run: Callable[[Subject], Iterator[Finding]]
    house: bool = False

    @property
    def facts(self) -> CheckFacts:
        """What a report tells of this check."""
        return CheckFacts(self.id, self.summary, self.remediation, self.source)
