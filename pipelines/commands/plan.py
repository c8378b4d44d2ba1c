"""`lockstep plan ENV`: what a deployment would change, and what it could not undo (REQ-G7, REQ-R5)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.errors import ConfigurationError, FailureError, LockstepError

from .common import HERE, console, echo_json, environment_argument, project_option, warn

if TYPE_CHECKING:
    from pipelines.plan.losses import Irreversible
    from pipelines.plan.model import Plan, PlannedStack
    from pipelines.workspace import Workspace

PENDING = 4
KEPT = 50
"""Plans whose digests this machine remembers."""


@click.command()
@environment_argument(required=True)
@project_option
@click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    help="For people, for machines, or for a comment on a pull request.",
)
@click.option(
    "--expect",
    metavar="DIGEST|FILE",
    help="Fail unless this is the plan with that digest, or the one in a file that --format json wrote.",
)
@click.option("--release", "tag", metavar="TAG", help=f"The files of a release; {HERE}.")
@click.option(
    "--outputs", type=click.Path(path_type=Path), help="A file to add environment=, release= and digest= to."
)
@click.option("--reverse", "back", is_flag=True, help="The way back to what runs, computed from templates.")
def plan(
    environment: str,
    root: Path,
    style: str,
    expect: str | None,
    tag: str | None,
    outputs: Path | None,
    back: bool,
) -> int:
    """Plan a deployment of ENVIRONMENT: every resource that would be added, changed, replaced or removed.

    CloudFormation is asked by change sets, which are removed again. Exit code 1 where a stack cannot be planned, or
    --expect names another plan; 4 where an operation is still under way. Losing data is told, and is no failure here.
    Where nothing can be planned at all, --format markdown says so, in the place of the plan before.
    """
    from pipelines.workspace import Workspace

    with _said_in_a_comment(environment, back=back) if style == "markdown" else nullcontext():
        workspace = Workspace(files(root.resolve(), tag, environment))
        expected = _expected(workspace, expect) if expect else None
        found, lost, stateful = plan_environment(workspace, environment, back=back)
    if style == "json":
        from pipelines.plan.document import document

        echo_json("plan", document(found, stateful, lost))
    elif style == "markdown":
        from pipelines.plan.markdown import render

        click.echo(render(found, stateful, lost), nl=False)
    else:
        from .plan_text import print_plan

        print_plan(found, stateful, lost)
    _keep(workspace, found)
    if outputs is not None:
        with outputs.open("a", encoding="utf-8") as file:
            file.write(f"environment={environment}\nrelease={found.release}\ndigest={found.digest}\n")
    if expected is not None:
        expect_same(found, *expected)
    return exit_code(found)


@contextmanager
def _said_in_a_comment(environment: str, *, back: bool) -> Iterator[None]:
    """Print what takes the place of the last plan on a pull request where none can be made; the error goes on."""
    try:
        yield
    except Exception as error:
        from pipelines.plan.markdown import unplanned

        why = str(error) if isinstance(error, LockstepError) else "lockstep itself failed; its log has more"
        with suppress(OSError):  # The error that is told is the first one.
            click.echo(unplanned(environment, "reverse" if back else "forward", why), nl=False)
        raise


def files(root: Path, tag: str | None, environment: str) -> Path:
    """Return where the files to plan lie: what is checked out, or a release's own."""
    from pipelines.delivery.checkout import files_of
    from pipelines.delivery.named import named

    return root if tag is None else files_of(root, named(root, tag, environment))


def exit_code(found: Plan) -> int:
    """Return 1 where a stack cannot be planned, 4 where all that stops one is an operation under way, else 0."""
    kinds = {stack.kind == "wait" for stack in found.problems}
    return 1 if False in kinds else PENDING if kinds else 0


def plan_environment(
    workspace: Workspace, environment: str, *, back: bool = False
) -> tuple[Plan, tuple[Irreversible, ...], frozenset[str]]:
    """Plan one environment with live progress; return the plan, what cannot be undone, and the stateful types."""
    from pipelines.delivery.policy import policy_of
    from pipelines.plan.planning import Planning
    from pipelines.plan.reverse import reverse
    from pipelines.release import checked_out

    project = workspace.deployable()
    warn(project)
    stateful = policy_of(workspace.root, project.environments).rules[0].stateful
    release = checked_out(workspace.root).version
    with _progress(len(project.of(environment))) as reporter:
        planning = Planning(workspace, environment, release, reporter)
        with _stop_on_signal(planning.stop):
            if back:
                return *reverse(planning, stateful), stateful
            return planning.run(), (), stateful


def expect_same(found: Plan, digest: str, stacks: dict[str, str]) -> None:
    """Raise FailureError with the stacks that differ, unless this is the plan of that digest (REQ-G7)."""
    from pipelines.plan.model import differing

    if found.digest == digest:
        return
    named = [f"{name}: {why}" for name, why in differing(stacks, found).items()] if stacks else []
    if not stacks:
        named = ["which stacks differ is told where --expect names the file that `--format json` wrote"]
    raise FailureError(
        "\n".join(
            [
                f"{found.environment}: this is not the plan that was expected",
                f"expected {digest}, found {found.digest}",
                *named,
                "  mend: look at the new plan, and have that one approved",
            ]
        )
    )


def _expected(workspace: Workspace, given: str) -> tuple[str, dict[str, str]]:
    """Return the digest that is expected, and those of its stacks where they are known."""
    from pipelines.plan.document import DIGEST, approved

    if DIGEST.fullmatch(given):
        kept = _store(workspace).get(given.removeprefix("sha256:"))
        return given, kept if isinstance(kept, dict) else {}
    try:
        return approved(Path(given).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        hint = "give a digest (sha256: and 64 hex digits), or a file that `lockstep plan ENV --format json` wrote"
        raise ConfigurationError.single(f"{given[:120]} is no plan", key="--expect", hint=hint) from None


def _store(workspace: Workspace) -> Any:
    from pipelines.kept import Store

    return Store(workspace.cache("plans"), "lockstep/planned/v1", KEPT)


def _keep(workspace: Workspace, found: Plan) -> None:
    """Remember the digests of the stacks, so that a later --expect can name those that differ."""
    store = _store(workspace)
    store.put(found.digest.removeprefix("sha256:"), {one.name: one.digest for one in found.stacks})
    store.prune()


class _Progress:
    """A bar on a terminal; elsewhere a line a minute. Both on standard error: the output is the plan."""

    def __init__(self, bar: Any, task: Any) -> None:
        self._bar, self._task = bar, task

    def ended(self, stack: PlannedStack) -> None:
        self._bar.update(self._task, advance=1, description=stack.name)

    def still(self, stacks: Sequence[str], seconds: float) -> None:
        click.echo(f"{', '.join(stacks)}: still being planned after {seconds / 60:.0f} min", err=True)


@contextmanager
def _progress(count: int) -> Iterator[_Progress]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    out = console(stderr=True)
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        yield _Progress(bar, bar.add_task("", total=count))


@contextmanager
def _stop_on_signal(stop: threading.Event) -> Iterator[None]:
    """Let SIGINT and SIGTERM end the run after what was made is removed again; a second one changes nothing."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def on_signal(number: int, frame: Any) -> None:
        stop.set()
        click.echo("stopping: what was asked with is removed", err=True)

    for number in before:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
