"""`lockstep deploy ENV`: bring an environment to what is checked out."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.errors import FailureError

from .common import cell, console, echo_json, environment_argument, format_option, project_option, warn
from .progress import Silent, progress

if TYPE_CHECKING:
    from pipelines.deploy import Deployment, Result


@click.command()
@environment_argument(required=True)
@project_option
@format_option
def deploy(environment: str, root: Path, style: str) -> int:
    """Deploy ENVIRONMENT batch by batch; stop at the first stack that does not end COMPLETE.

    A stack that already is as rendered is not touched. Run again after a failure or an interruption: it carries
    on from there. Needs AWS credentials, or the local AWS (`lockstep sandbox start`).
    """
    from pipelines.delivery.bring import is_done

    results = deploy_environment(root, environment, quiet=style == "json")
    if style == "json":
        fields = ("stack", "outcome", "reason", "seconds")
        rows = [{name: getattr(result, name) for name in fields} for result in results]
        echo_json("deploy", {"environment": environment, "stacks": rows})
        return 0 if is_done(results) else 1
    conclude(environment, results)
    return 0


def deploy_environment(root: Path, environment: str, *, quiet: bool = False) -> list[Result]:
    """Load, check and deploy one environment with live progress; return a result for each stack."""
    from pipelines.delivery.bring import bring
    from pipelines.release import checked_out
    from pipelines.workspace import Workspace

    workspace = Workspace(root.resolve())
    project = workspace.deployable()
    release = checked_out(root.resolve())
    warn(project)
    if not quiet:
        text = cell(f"{environment}: {len(project.of(environment))} stacks, release {release.version}")
        text.stylize("bold", 0, len(environment))
        console().print(text)
    return list(bring(workspace, environment, release, Terminal(quiet=quiet), now).results)


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Shows a run where it was started, unless `quiet`; signals stop it."""

    quiet: bool = False

    def shown(self, stacks: Sequence[str]) -> AbstractContextManager[Silent]:
        """Show a line for each stack that ended, and which ones are under way."""
        return progress(stacks, quiet=self.quiet)

    def stoppable(self, deployment: Deployment) -> AbstractContextManager[None]:
        """Let SIGINT and SIGTERM stop a deployment."""
        return stop_on_signal(deployment)

    def warn(self, text: str) -> None:
        """Write a warning to standard error."""
        click.secho("warning: ", fg="yellow", nl=False, err=True)
        click.echo(text, err=True)


def conclude(environment: str, results: list[Result]) -> None:
    """Raise FailureError with what failed, why, and what stands, unless every stack is as rendered."""
    from pipelines.delivery.bring import is_done

    if is_done(results):
        return
    bad = [result for result in results if result.outcome in {"failed", "interrupted"}]
    waiting = [result.stack for result in results if result.outcome == "not started"]
    stands = sum(result.outcome in {"created", "updated", "unchanged"} for result in results)
    failed = any(result.outcome == "failed" for result in results)
    lines = [f"{result.stack}: {result.outcome}: {result.reason}" for result in bad]
    if not failed:
        lines.insert(0, f"{environment}: stopped at your request")
    lines.append(
        f"{environment}: {stands} of {len(results)} stacks stand as rendered, {len(waiting)} not started"
    )
    mend = "correct the cause, then " if failed else ""
    if any("already exists" in result.reason.lower() for result in bad):
        mend = "see docs/failed-deployment.md for a name that is taken; then "
    lines.append(f"  mend: {mend}run `lockstep deploy {environment}` again; it carries on from here")
    raise FailureError("\n".join(lines))


@contextmanager
def stop_on_signal(deployment: Deployment) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM end the run after the calls under way; a second SIGINT ends it at once."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: Any) -> None:
        deployment.stop.set()
        click.echo("stopping: nothing new is started", err=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
