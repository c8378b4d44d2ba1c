"""The way in: requests to findings (REQ-V6, REQ-V9)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pipelines.linting.job import Job, Outcome
from pipelines.linting.kept import Kept, digest
from pipelines.linting.pool import run
from pipelines.linting.request import LintRequest
from pipelines.linting.settings import NO_SETTINGS, Settings
from pipelines.linting.worker import SECONDS
from validator.findings import Finding, merged
from validator.places import is_expanded


def lint(
    requests: Iterable[LintRequest],
    cache: Path | None,
    workers: int,
    settings: Settings = NO_SETTINGS,
    seconds: float = SECONDS,
) -> list[Finding]:
    """Return what cfn-lint finds, sorted for a report; the same finding of several environments is one.

    `cache` is the folder of kept results (`.lockstep/cache/lint` of a project), None for none. At most `workers`
    processes run, and none where every result is kept. A job has `seconds` of processor time. What cannot be linted
    is a finding of severity error. Raises TechnicalError where cfn-lint is not installed.
    """
    named: list[tuple[LintRequest, str]] = []
    jobs: dict[str, Job] = {}
    for request in requests:
        job = Job(request.text, request.region, request.parameters, request.deferred, settings.values)
        name = digest(job)
        named.append((request, name))
        jobs[name] = job
    kept = Kept.at(cache)
    outcomes = {name: outcome for name in jobs if (outcome := kept.get(name)) is not None}
    missing = {name: job for name, job in jobs.items() if name not in outcomes}

    def keep(name: str, outcome: Outcome) -> None:
        outcomes[name] = outcome
        kept.put(name, outcome)

    if missing:
        run(missing, workers, seconds, keep)
        kept.prune()
    placed = [_placed(finding, request) for request, name in named for finding in outcomes[name].findings]
    return list(merged([*settings.warnings, *placed]))


def _placed(finding: Finding, request: LintRequest) -> Finding:
    """Return a finding in the file of its request; in a template that Jinja made, without a line."""
    line = None if is_expanded(request.file) else finding.line
    return replace(finding, file=request.file, line=line, environments=request.environments)
