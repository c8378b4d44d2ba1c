"""`lockstep deploy ENV`: bring an environment to what is checked out."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.environments import ENVIRONMENTS, SHARED
from validator.errors import ConfigurationError, FailureError
from validator.reports.escaping import harmless

from .common import (
    HERE,
    acknowledge_option,
    cell,
    console,
    echo_json,
    environment_argument,
    expected_digest,
    format_option,
    loss_option,
    project_option,
    warn,
)
from .ending import ended_in_order
from .progress import Silent, progress

if TYPE_CHECKING:
    from pipelines.deploy import Deployment, Result


@click.command()
@environment_argument(required=True)
@click.option(
    "--release", "tag", metavar="TAG", help=f"The release: a tag such as v1.2.3; {HERE}. Every gate is asked."
)
@click.option(
    "--expect",
    "expected",
    metavar="DIGEST",
    callback=expected_digest,
    help="The only plan that may be executed.",
)
@loss_option
@acknowledge_option
@click.option(
    "--break-glass", "reason", metavar="REASON", default=None, help="Deploy without gates; it is recorded."
)
@project_option
@format_option
@ended_in_order()
def deploy(
    environment: str, root: Path, style: str, tag: str | None, reason: str | None, **accepted: Any
) -> int:
    """Deploy ENVIRONMENT batch by batch; stop at the first stack that does not end COMPLETE.

    A release passes every gate first, and is verified before it counts; where that fails, the release before comes
    back. Into dev, and what belongs to no environment, what is checked out can be deployed without one; data goes there
    only by name as well.

    A stack that already is as rendered is not touched. Run again after a failure or an interruption: it carries
    on from there. Needs AWS credentials, or the local AWS (`lockstep sandbox start`).
    """
    from pipelines.delivery.bring import is_done

    quiet, lost = style == "json", accepted["accepted"]
    refuse_options(environment, tag, any(accepted[name] for name in ("expected", "acknowledged")), reason)
    if tag is not None:
        from pipelines.delivery.named import named

        from .delivered import deliver_release

        return deliver_release(
            root, environment, named(root.resolve(), tag, environment), accepted, quiet=quiet
        )
    results = deploy_environment(root, environment, quiet=quiet, reason=reason or "", lost=lost)
    if quiet:
        echo_json("deploy", {"environment": environment, "stacks": rows(results)})
        return 0 if is_done(results) else 1
    conclude(environment, results)
    return 0


def refuse_options(environment: str, tag: str | None, accepts: bool, reason: str | None) -> None:
    """Raise ConfigurationError for options that do not belong together, and where a release has to be named.

    `accepts` is whether a plan or drift is accepted.
    """
    if tag is not None and environment == SHARED:
        raise _wrong("what belongs to no environment is no release", "--release", "leave the option out")
    if reason is not None and not any(letter.isalnum() for letter in reason):
        hint = "say why, with the number of the incident and who decided it"
        raise _wrong("a deployment without gates is kept with its reason", "--break-glass", hint)
    if tag is not None and reason:
        raise _wrong(
            "a release passes the gates, or nothing does", "--break-glass", "leave one of the two out"
        )
    if tag is None and accepts:
        hint = "name it with --release, or leave the option out"
        raise _wrong("a plan and drift are accepted of a release", "--release", hint)
    if tag is None and not reason and environment in ENVIRONMENTS[1:]:
        hint = f"`lockstep deploy {environment} --release TAG`; docs/runbooks/break-glass.md for an emergency"
        raise _wrong(f"only a release enters {environment} (REQ-G1)", "--release", hint)


def _wrong(message: str, key: str, hint: str) -> ConfigurationError:
    return ConfigurationError.single(message, key=key, hint=hint)


def rows(results: Iterable[Result]) -> list[dict[str, object]]:
    """Return the `stacks` of `lockstep/deploy/v1`."""
    fields = ("stack", "outcome", "reason", "seconds")
    return [{name: getattr(result, name) for name in fields} for result in results]


def deploy_environment(
    root: Path, environment: str, *, quiet: bool = False, reason: str = "", lost: Iterable[str] = ()
) -> list[Result]:
    """Load, check and deploy one environment with live progress; return a result for each stack.

    `reason` is why no gate is asked, where one would have to be; `lost` are the resources whose data may go.
    """
    from pipelines.delivery.break_glass import BreakGlass
    from pipelines.delivery.bring import Terms, bring
    from pipelines.delivery.data import Data
    from pipelines.delivery.evidence import policy_digest
    from pipelines.delivery.plain import Plain
    from pipelines.delivery.policy import stateful_here
    from pipelines.release import checked_out
    from pipelines.workspace import Workspace

    workspace = Workspace(root.resolve())
    project = workspace.deployable()
    release = checked_out(root.resolve())
    warn(project)
    stage, policy, may_go = Terminal(quiet=quiet), policy_digest(workspace.root), frozenset(lost)
    terms: Terms
    if reason:
        terms = BreakGlass(environment, release.version, reason, stage, policy, data=Data(accepted=may_go))
    else:
        stateful = stateful_here(workspace.root, project.environments, stage.warn)
        terms = Plain(environment, release.version, Data(stateful, may_go), policy)
    stage.begins(environment, len(project.of(environment)), release.version)
    brought = bring(workspace, environment, release, stage, now, terms)
    if not reason:  # Behind broken glass nothing says what holds data.
        stage.passed_over(brought.passed_over)
    return list(brought.results)


def now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Terminal:
    """Shows a run where it was started, unless `quiet`; signals stop it."""

    quiet: bool = False

    def begins(self, environment: str, stacks: int, release: str) -> None:
        """Say what is deployed where."""
        if not self.quiet:
            text = cell(f"{environment}: {stacks} stacks, release {release}")
            text.stylize("bold", 0, len(environment))
            console().print(text)

    def shown(self, stacks: Sequence[str]) -> AbstractContextManager[Silent]:
        """Show a line for each stack that ended, and which ones are under way."""
        return progress(stacks, quiet=self.quiet)

    def stoppable(self, deployment: Deployment) -> AbstractContextManager[None]:
        """Let SIGINT and SIGTERM stop a deployment."""
        return stop_on_signal(deployment)

    def tell(self, text: str) -> None:
        """Write what is being done to standard error, unless quiet."""
        if not self.quiet:
            click.echo(text, err=True)

    def passed_over(self, names: Iterable[str]) -> None:
        """Warn of resources whose data may go, where nothing of that name would have gone."""
        for name in names:
            self.warn(harmless(f"--accept-loss {name[:300]}: nothing of that name would have been lost"))

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
    lines.append(f"  mend: {mend}run the same command again; it carries on from here")
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
