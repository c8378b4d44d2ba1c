"""Results of cfn-lint on disk, by digest of everything that they depend on. A file that is not whole is a miss."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipelines.linting.job import Job, Outcome
from validator.errors import TechnicalError
from validator.findings import Finding, Severity

SCHEMA = "lockstep/lint/v1"
KEPT = 4096
"""Results kept beside those of the present run: a few dozen branches of a small project."""
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
    """The results in `folder`; without a folder there are none, and none are kept."""

    folder: Path | None
    _used: set[str] = field(default_factory=set)

    def get(self, name: str) -> Outcome | None:
        """Return the result of the job of this name; None where it is missing or not whole."""
        if self.folder is None:
            return None
        with suppress(OSError, ValueError, KeyError, TypeError):
            document = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            if document["schema"] == SCHEMA and document["digest"] == name:
                outcome = Outcome(tuple(_finding(written) for written in document["findings"]))
                self._used.add(name)
                return outcome
        return None

    def put(self, name: str, outcome: Outcome) -> None:
        """Write a result whole or not at all. One that could be different next time is not kept."""
        if self.folder is None or not outcome.whole:
            return
        self._used.add(name)
        written = [asdict(finding) for finding in outcome.findings]
        with suppress(OSError):  # a project that cannot be written to has no results kept
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
            draft = self.folder / f"{name}.{os.getpid()}"
            draft.write_text(
                json.dumps({"schema": SCHEMA, "digest": name, "findings": written}), encoding="utf-8"
            )
            draft.replace(self.folder / f"{name}.json")

    def prune(self) -> None:
        """Drop the oldest results beyond `KEPT` that the present run did not use."""
        if self.folder is None:
            return
        with suppress(OSError):
            unused = [path for path in self.folder.iterdir() if path.stem not in self._used and path.suffix]
            unused.sort(key=lambda path: path.stat().st_mtime, reverse=True)
            for old in unused[KEPT:]:
                old.unlink(missing_ok=True)


def _finding(written: dict[str, Any]) -> Finding:
    """Return a finding that `asdict` wrote; raises TypeError or ValueError for anything else."""
    severity = Severity(written["severity"])
    environments = tuple(written["environments"])
    finding = Finding(**{**written, "severity": severity, "environments": environments})
    texts = (finding.check, finding.file, finding.key, finding.message, finding.remediation)
    if not all(isinstance(text, str) for text in texts) or not isinstance(finding.line, int | None):
        raise TypeError("a finding of another shape")
    return finding
