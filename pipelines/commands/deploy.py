"""`lockstep deploy ENV`: bring an environment to what is checked out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.environments import SHARED
from validator.errors import FailureError

from .common import cell, console, echo_json, environment_argument, format_option, project_option, warn
from .progress import progress

if TYPE_CHECKING:
    from pipelines.deploy import Deployment, Result
    from pipelines.recording import Recording
    from pipelines.release import Release
    from pipelines.workspace import Workspace

NO_HOME = (
    "nobody records this deployment: the control plane is not there yet\n  mend: run `lockstep deploy shared`"
)


@click.command()
@environment_argument(required=True)
@project_option
@format_option
def deploy(environment: str, root: Path, style: str) -> int:
    """Deploy ENVIRONMENT batch by batch; stop at the first stack that does not end COMPLETE.

    A stack that already is as rendered is not touched. Run again after a failure or an interruption: it carries
    on from there. Needs AWS credentials, or the local AWS (`lockstep sandbox start`).
    """
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
    from pipelines.agents import OBSERVE, agents_of, ask
    from pipelines.aws import clear_errors
    from pipelines.deploy import Deployment
    from pipelines.release import checked_out
    from pipelines.workspace import Workspace

    workspace = Workspace(root.resolve())
    project = workspace.deployable()
    stacks = project.of(environment)
    release = checked_out(root.resolve())
    warn(project)
    if not quiet:
        text = cell(f"{environment}: {len(stacks)} stacks, release {release.version}")
        text.stylize("bold", 0, len(environment))
        console().print(text)
    with _begin(workspace, environment, release) or nullcontext() as recording:
        with progress([stack.name for stack in stacks], quiet=quiet) as reporter:
            deployment = Deployment(workspace, environment, reporter)
            if recording is not None:
                recording.guard(deployment.stop)
            with stop_on_signal(deployment):
                results = deployment.run()
        _end(recording, results)
    if recording is None and environment == SHARED:
        # Home is where this very deployment made it, the first time.
        with _begin(workspace, environment, release) or nullcontext() as recording:
            _end(recording, results)
    if recording is not None:
        with clear_errors():
            # What an event lost, or happened before there was an agent, is known at once and not at its next turn.
            ask(agents_of(project, environment), OBSERVE)
    return results


def _end(recording: Recording | None, results: list[Result]) -> None:
    from pipelines.aws import clear_errors

    if recording is not None:
        with clear_errors():
            recording.end(succeeded=is_done(results))


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


def _begin(workspace: Workspace, environment: str, release: Release) -> Recording | None:
    """Record that a deployment begins; say so where nothing can record it yet.

    A lost table stops every deployment but that of the home, which is part of bringing it back.
    """
    from pipelines.aws import clear_errors
    from pipelines.home import LostTableError
    from pipelines.recording import begin

    try:
        with clear_errors():
            recording = begin(workspace, environment, release, now)
    except LostTableError as error:
        if environment != SHARED:
            raise
        _warn(str(error))
        return None
    if recording is None and environment != SHARED:
        _warn(NO_HOME)
    return recording


def _warn(text: str) -> None:
    click.secho("warning: ", fg="yellow", nl=False, err=True)
    click.echo(text, err=True)


def is_done(results: list[Result]) -> bool:
    """Tell whether every stack is as rendered."""
    return all(result.outcome in {"created", "updated", "unchanged"} for result in results)


def conclude(environment: str, results: list[Result]) -> None:
    """Raise FailureError with what failed, why, and what stands, unless every stack is as rendered."""
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
