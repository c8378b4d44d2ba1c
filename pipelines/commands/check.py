"""`lockstep check`: everything that is wrong with the whole monorepo, in one run (REQ-V9)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .common import console, environments_option, project_option

if TYPE_CHECKING:
    from validator.reports import Report

FORMATS = ("text", "json", "sarif", "github", "junit", "markdown")


@click.command()
@click.argument("environments", nargs=-1, metavar="[ENV]...")
@project_option
@environments_option
@click.option("--format", "style", type=click.Choice(FORMATS), default="text", help="What to print.")
@click.option("--own", is_flag=True, help="Refuse a project that does not keep Lockstep's own conventions.")
@click.option(
    "--output",
    "outputs",
    multiple=True,
    metavar="FORMAT=FILE",
    help="Write a further report of the same run; may be given several times.",
)
def check(
    environments: tuple[str, ...],
    root: Path,
    folders: dict[str, str] | None,
    style: str,
    own: bool,
    outputs: tuple[str, ...],
) -> int:
    """Run every check over the project, and show what concerns ENV, or all.

    Offline: no network, no credentials, nothing of the project is run. Exit code 0 where nothing is an error, 1 for
    findings of severity error. docs/checks.md explains each check.
    """
    from validator.reports import FORMATS as RENDERERS

    files = _files(outputs)
    report = _report(root.resolve(), environments, folders, own=own)
    for name, path in files:
        _write(path, RENDERERS[name](report))
    text = RENDERERS[style](report)
    if style == "text" and sys.stdout.isatty():
        _print_coloured(text)
    else:
        click.echo(text, nl=False)
    return 1 if any(finding.severity == "error" for finding in report.findings) else 0


def _files(outputs: tuple[str, ...]) -> list[tuple[str, Path]]:
    """Return format and file of each `--output`; raises UsageError for one that is not of the form."""
    files = []
    for output in outputs:
        name, equals, path = output.partition("=")
        if not equals or name not in FORMATS or not path:
            message = f"--output {output}: write FORMAT=FILE, with a format of {', '.join(FORMATS)}"
            raise click.UsageError(message)
        files.append((name, Path(path)))
    return files


def _write(path: Path, text: str) -> None:
    from validator.errors import TechnicalError

    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{path} cannot be written: {error.strerror}\n  mend: name a file in a folder that exists"
        raise TechnicalError(message) from None


def _report(
    root: Path, environments: tuple[str, ...], folders: dict[str, str] | None, *, own: bool
) -> Report:
    import time
    from datetime import UTC, datetime

    from pipelines.check import check as run
    from pipelines.check import sources, workers
    from validator.checks import CHECKS
    from validator.reports import Report

    started = time.perf_counter()
    out = console(stderr=True)
    with out.status("reading the project") as status:
        checked = run(
            root,
            datetime.now(UTC).date(),
            environments=environments,
            folders=folders,
            workers=workers(),
            say=status.update,
            own=own,
        )
    return Report(
        findings=checked.findings,
        stacks=checked.stacks,
        seconds=time.perf_counter() - started,
        checks={name: one.facts for name, one in CHECKS.items()},
        sources=sources(root, checked.findings),
    )


def _print_coloured(text: str) -> None:
    """Print the report with severities and mends in colour."""
    from rich.text import Text

    shown = Text(text)
    shown.highlight_regex(r"(?m)^  (?:\d+:\d+ |\d+ )?error\b", "red")
    shown.highlight_regex(r"(?m)^  (?:\d+:\d+ |\d+ )?warning\b", "yellow")
    shown.highlight_regex(r"(?m)^ +mend:", "green")
    shown.highlight_regex(r"(?m)^(?! ).+$", "bold")
    console().print(shown, end="", soft_wrap=True)
