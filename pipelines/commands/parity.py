"""`lockstep parity`: what differs between environments, what caused it, and who declared it (REQ-V3, REQ-V4)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .common import console, echo_json, environments_option, format_option, project_option

if TYPE_CHECKING:
    from pipelines.parity import Compared
    from validator.parity import Explained

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("left", required=False)
@click.argument("right", required=False)
@project_option
@environments_option
@format_option
@click.option(
    "--declare", is_flag=True, help="Add what nobody declared to the policy file, for you to fill in."
)
@click.option("--template", type=FILE, help="Compare one CloudFormation template with two parameter files.")
@click.option("--parameters", type=FILE, nargs=2, metavar="A B", help="The parameter files, as JSON or YAML.")
def parity(  # noqa: PLR0913, PLR0917 - an argument for each option
    left: str | None,
    right: str | None,
    root: Path,
    folders: dict[str, str] | None,
    style: str,
    declare: bool,
    template: Path | None,
    parameters: tuple[Path, Path] | None,
) -> int:
    """Compare LEFT with RIGHT, or each environment with the next, and judge what differs by the policy file.

    LEFT and RIGHT are environments (`staging prod`), or folders of them (`prod/ledger/primary prod/ledger/standby`).
    Offline. Exit code 1 when a difference is not declared, or a declaration is broken, expired or
    not needed; 2 when the policy file itself is wrong, such as an entry without a reason or an owner.
    """
    from datetime import UTC, datetime

    from pipelines.parity import compare_files, compare_project
    from pipelines.workspace import Workspace

    _refuse(left, right, template, parameters, declare=declare)
    today = datetime.now(UTC).date()
    if template and parameters:
        compared = compare_files(template, parameters, today)
    else:
        selectors = (left, right) if left and right else ()
        with console(stderr=True).status("reading the project") as status:
            compared = compare_project(
                Workspace(root.resolve(), folders),
                selectors,
                today,
                proposing=declare,
                progress=lambda count: status.update(f"comparing: {count:,} stacks evaluated"),
            )
    if declare:
        return _declare(root.resolve(), compared)
    if style == "json":
        echo_json(
            "parity",
            {
                "differences": [_row(one) for one in compared.explained()],
                "findings": [_finding(one) for one in compared.findings],
            },
        )
    else:
        from .parity_text import show

        show(compared, whole=not left and not template)
    return 1 if compared.findings else 0


def _refuse(left: Any, right: Any, template: Any, parameters: Any, *, declare: bool) -> None:
    """Raise UsageError for options that do not go together."""
    if bool(left) != bool(right):
        raise click.UsageError("name two sides, such as `lockstep parity staging prod`, or none")
    if bool(template) != bool(parameters):
        raise click.UsageError("--template and --parameters A B go together")
    if template and (left or declare):
        raise click.UsageError(
            "--template compares two parameter files; name no environment, and no --declare"
        )


def _declare(root: Path, compared: Compared) -> int:
    from pipelines.parity import declare
    from validator.reports.report import counted

    count = declare(root, compared)
    if count:
        click.echo(
            f"{compared.policy.file}: {counted(count, 'declaration')} proposed; fill in reason and owner of each"
        )
    else:
        click.echo(f"{compared.policy.file}: nothing to propose")
    stories = list(compared.explained())
    guarded = sum(one.guarded for one in stories)
    if guarded:
        text = f"security rests on {counted(guarded, 'difference')}, which cannot be declared (REQ-V5)"
        click.echo(text, err=True)
    left = [one.difference for one in stories if not (one.guarded or one.declared or one.is_boundable)]
    for one in left:
        click.echo(f"{one.stack}:{one.key} differs as a whole, for which no bound is proposed", err=True)
    return 1 if count or guarded or left else 0


def _row(one: Explained) -> dict[str, Any]:
    from validator.effective import to_json
    from validator.parity import ABSENT

    difference = one.difference
    return {
        "stack": difference.stack,
        "key": difference.key,
        "values": {name: to_json(value) for name, value in one.values.items() if value is not ABSENT},
        "environments": list(difference.environments),
        "causes": [
            {
                "parameter": origin.cause.parameter,
                "setting": origin.cause.setting,
                "written": {
                    label: {"file": file, "key": key, "line": line}
                    for label, (file, key, line) in origin.written.items()
                },
            }
            for origin in one.origins
        ],
        "declared": [
            {"path": d.declaration.path, "owner": d.declaration.owner, "reason": d.declaration.reason}
            for d in one.declared
        ],
        "guarded": one.guarded,
        "file": difference.template,
        "line": difference.line,
    }


def _finding(finding: Any) -> dict[str, Any]:
    names = ("check", "severity", "file", "key", "line", "message", "remediation")
    return {**{name: getattr(finding, name) for name in names}, "environments": list(finding.environments)}
