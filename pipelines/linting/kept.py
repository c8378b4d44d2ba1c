"""Results of cfn-lint on disk, by digest of everything that they depend on. A file that is not whole is a miss."""

from __future__ import annotations

import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipelines.kept import Store
from pipelines.linting.job import Job, Outcome
from validator.errors import TechnicalError
from validator.findings import Finding, Severity

SCHEMA = "lockstep/lint/v2"
_PACKAGES = ("cfn-lint", "PyYAML")
"""What decides the result: the rules, and the reading of the text."""


def digest(job: Job) -> str:
    """Return the name of a job: of its content, the rules' configuration, and the tools' versions."""
    content = [
        _tool(),
        job.text,
        job.region,
        {name: value if isinstance(value, str) else list(value) for name, value in job.parameters.items()},
        sorted(job.deferred),
        job.settings,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


@cache
def _tool() -> str:
    """Return the digest of this package and of the versions beneath it; raises TechnicalError without cfn-lint."""
    try:
        versions = [f"{name} {version(name)}" for name in _PACKAGES]
    except PackageNotFoundError as error:
        message = f"the package {error.name} is not installed\n  mend: install the packages of the lock"
        raise TechnicalError(message) from None
    whole = hashlib.sha256(json.dumps([SCHEMA, sys.version, *versions]).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        whole.update(path.read_bytes())
    return whole.hexdigest()


@dataclass(slots=True)
class Kept:
    """The outcomes of jobs in a store."""

    store: Store

    @classmethod
    def at(cls, folder: Path | None) -> Kept:
        """Return the outcomes kept in a folder; None keeps none."""
        return cls(Store(folder, SCHEMA))

    def get(self, name: str) -> Outcome | None:
        """Return the outcome of the job of this name; None where it is missing or not whole."""
        with suppress(ValueError, KeyError, TypeError):
            kept = self.store.get(name)
            return None if kept is None else Outcome(tuple(_finding(written) for written in kept))
        return None

    def put(self, name: str, outcome: Outcome) -> None:
        """Keep an outcome. One that could be different next time is not kept."""
        if outcome.whole:
            self.store.put(name, [asdict(finding) for finding in outcome.findings])

    def prune(self) -> None:
        """Drop the oldest results that the present run did not use."""
        self.store.prune()


def _finding(written: dict[str, Any]) -> Finding:
    """Return a finding that `asdict` wrote; raises TypeError or ValueError for anything else."""
    severity = Severity(written["severity"])
    environments = tuple(written["environments"])
    finding = Finding(**{**written, "severity": severity, "environments": environments})
    texts = (finding.check, finding.file, finding.key, finding.message, finding.remediation)
    if not all(isinstance(text, str) for text in texts) or not isinstance(finding.line, int | None):
        raise TypeError("a finding of another shape")
    return finding
