"""`lockstep verify ENV`: what runs in an environment against the release recorded for it (REQ-V10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validator.errors import PendingError
from validator.findings import Finding, Severity
from validator.reports.escaping import harmless

from .common import echo_json, environment_argument, format_option, project_option

if TYPE_CHECKING:
    from pipelines.verification import Verified

PENDING = 4


@click.command()
@environment_argument(required=True)
@project_option
@format_option
@click.option(
    "--release", "tag", metavar="TAG", help="Hold it against this release instead of the recorded one."
)
def verify(environment: str, root: Path, style: str, tag: str | None) -> int:
    """Verify the stacks of ENVIRONMENT: template, parameters, tags, drift, and a smoke test of each workload.

    Exit code 1 where anything is not as the release says, or is not known to be; 3 where AWS does not answer; 4 where
    all that could be judged is right, and a workload has no release recorded yet. A stack that another release left is
    a warning, which is shown and does not fail.
    """
    found = verify_environment(root, environment, tag)
    if style == "json":
        echo_json("verify", {"environment": environment, "workloads": [_row(one) for one in found]})
    else:
        _print(environment, found, tag)
    if any(finding.severity == Severity.ERROR for one in found for finding in one.findings):
        return 1
    return 0 if all(one.release for one in found) else PENDING


def verify_environment(root: Path, environment: str, tag: str | None = None) -> list[Verified]:
    """Verify every workload of an environment; raises PendingError where there is nothing that records releases."""
    from pipelines import verification
    from pipelines.aws import clear_errors
    from pipelines.home import home_of
    from pipelines.workspace import Workspace

    project = Workspace(root.resolve()).deployable()
    workloads = list(dict.fromkeys(stack.workload for stack in project.of(environment)))
    with clear_errors():
        home = home_of(project)
        if home is None:
            raise PendingError(
                "nothing is recorded to verify against: the control plane is not there yet\n"
                f"  mend: run `lockstep deploy shared`, then `lockstep deploy {environment}`"
            )
        return verification.verify(home, environment, workloads, tag, datetime.now(UTC))


def _row(one: Verified) -> dict[str, object]:
    return {
        "workload": one.workload,
        "release": one.release,
        "commit": one.commit,
        "stacks": one.stacks,
        "smoke": [
            {"name": trial.name, "ok": not trial.reason, "reason": trial.reason} for trial in one.trials
        ],
        "findings": [{**asdict(finding), "severity": str(finding.severity)} for finding in one.findings],
    }


def _print(environment: str, found: list[Verified], tag: str | None = None) -> None:
    from pipelines.verification import NAME_ANOTHER

    for one in found:
        if not one.release:
            click.echo(
                f"{environment}/{one.workload}: no release {f'{harmless(tag)} ' if tag else ''}recorded"
            )
            click.echo(
                f"    mend: {NAME_ANOTHER if tag else f'run `lockstep deploy {environment}`, which records it'}"
            )
            continue
        tried = sum(not trial.reason for trial in one.trials)
        line = (
            f"{environment}/{one.workload}: release {one.release}, {_counted(one.stacks, 'stack')}, "
            f"{tried} of {_counted(len(one.trials), 'smoke test')} passed, {_counted(len(one.findings), 'finding')}"
        )
        click.echo(harmless(line))
        for mend, findings in _by_mend(one.findings).items():
            for finding in findings:
                color = "red" if finding.severity == Severity.ERROR else "yellow"
                click.secho(f"  {finding.severity}: ", fg=color, nl=False)
                click.echo(harmless(finding.message))
            click.echo(f"    mend: {harmless(mend)}")


def _by_mend(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return the findings by their mend, in order: many stacks often have one cause."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.remediation, []).append(finding)
    return found


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
