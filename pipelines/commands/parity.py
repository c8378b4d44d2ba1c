"""`lockstep parity`: what differs between environments, what caused it, and who declared it (REQ-V3, REQ-V4)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import console, echo_json, format_option, project_option

if TYPE_CHECKING:
    from pipelines.variances import Judged
    from validator.parity import Difference


@click.command()
@project_option
@format_option
def parity(root: Path, style: str) -> int:
    """Compare each environment with the next, and judge what differs by pipelines/variance.yaml.

    Offline. Exit code 1 when a difference is not declared, or a declaration is broken, expired or not needed.
    """
    from datetime import UTC, datetime

    from pipelines.variances import judge_project
    from pipelines.workspace import Workspace

    judged = judge_project(root.resolve(), Workspace(root.resolve()).loaded(), datetime.now(UTC).date())
    if style == "json":
        echo_json(
            "parity", {"differences": [_row(d) for d in judged.differences], "findings": _findings(judged)}
        )
    else:
        _print(judged)
    return 1 if judged.findings else 0


def _row(difference: Difference) -> dict[str, Any]:
    from validator.effective import to_json
    from validator.parity import ABSENT

    sides = zip(difference.environments, (difference.left, difference.right), strict=True)
    return {
        "stack": difference.stack,
        "key": difference.key,
        "values": {name: to_json(value) for name, value in sides if value is not ABSENT},
        "environments": list(difference.environments),
        "causes": [{"parameter": cause.parameter, "setting": cause.setting} for cause in difference.causes],
        "file": difference.template,
        "line": difference.line,
    }


def _findings(judged: Judged) -> list[dict[str, Any]]:
    names = ("check", "severity", "file", "key", "line", "message", "remediation")
    return [
        {**{name: getattr(finding, name) for name in names}, "environments": list(finding.environments)}
        for finding in judged.findings
    ]


def _print(judged: Judged) -> None:
    """Print the values that differ with their owners, then what is wrong."""
    from rich.table import Table

    from validator.environments import ENVIRONMENTS

    table = Table("value", *ENVIRONMENTS, "owner", "reason", box=None, pad_edge=False)
    for (workload, path), declared in judged.settings().items():
        values = judged.values.get((workload, path), {})
        cells = ["null" if values.get(name) is None else str(values[name]) for name in ENVIRONMENTS]
        owner = (
            (declared.declaration.owner, declared.declaration.reason)
            if declared
            else ("NOBODY", "not declared")
        )
        table.add_row(f"{workload}:settings.{path}", *cells, *owner)
    out = console()
    out.print(table)
    out.print(
        f"\n{len(judged.differences)} places differ because of these values; {len(judged.findings)} findings"
    )
    for finding in judged.findings:
        place = finding.file + (f":{finding.line}" if finding.line else "")
        click.secho("error: ", fg="red", nl=False, err=True)
        click.echo(f"{place}: {finding.key}: {finding.message}\n  mend: {finding.remediation}", err=True)
