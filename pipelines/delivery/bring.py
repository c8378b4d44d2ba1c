"""One run that brings an environment to a release: let in, deployed, confirmed, recorded. I/O and order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from pipelines.recording import Recording, begin
from validator.environments import SHARED
from validator.errors import FailureError
from validator.findings import Finding

if TYPE_CHECKING:
    from pipelines.delivery.data import Data
    from pipelines.deploy import Deployment, Reporter, Result
    from pipelines.holding import Clock, Hold
    from pipelines.home import Home
    from pipelines.release import Release as CheckedOut
    from pipelines.state.records import EnvironmentRelease, Release
    from pipelines.workspace import Workspace

NO_HOME = (
    "nobody records this deployment: the control plane is not there yet\n  mend: run `lockstep deploy shared`"
)


class Terms(Protocol):
    """What a run is held to, beside that every stack ends as rendered.

    `needs_home` tells whether nothing may be deployed where there is no home that could tell or keep anything.
    """

    needs_home: bool

    @property
    def data(self) -> Data:
        """What holds data there, and what of it may go."""

    def admit(self, home: Home, hold: Hold) -> str:
        """Let the release in once the environment's locks are held, or raise; return the digest of why."""

    def why(self, home: Home, releases: Iterable[Release]) -> str:
        """Keep why it begins where no decision let it in, before it does; return the digest of that, if any."""

    def confirm(self, recording: Recording) -> Sequence[Finding]:
        """Look at what was deployed before it counts as a success; what is found is why it does not."""

    def keep(self, recording: Recording, results: Sequence[Result], *, succeeded: bool) -> str:
        """Keep evidence of how the run ended, and return the digest of that."""

    def back_to(self, recording: Recording, *, failed: bool) -> str:
        """Return the release that has to come back after a run without success; empty for none.

        `failed` is false where somebody stopped the run. It is recorded with the end, so that whoever comes next knows.
        """


class Stage(Protocol):
    """Where a run is seen, and from where it is stopped."""

    def shown(self, stacks: Sequence[str]) -> AbstractContextManager[Reporter]:
        """Show how these stacks go."""

    def stoppable(self, deployment: Deployment) -> AbstractContextManager[None]:
        """Let somebody stop a deployment."""

    def tell(self, text: str) -> None:
        """Say what is being done."""

    def warn(self, text: str) -> None:
        """Say what went otherwise than one would think."""


@dataclass(frozen=True, slots=True)
class Brought:
    """How a run ended: each stack, what was recorded of it, and what was found wrong afterwards."""

    results: tuple[Result, ...]
    recorded: tuple[EnvironmentRelease, ...]
    findings: tuple[Finding, ...]
    passed_over: tuple[str, ...] = ()
    """Resources whose data may go, and of which nothing would have gone."""

    @property
    def succeeded(self) -> bool:
        """Whether every stack is as rendered, and nothing is wrong with it."""
        return is_done(self.results) and not self.findings

    @property
    def failed(self) -> bool:
        """Whether something is wrong with it, rather than that somebody stopped the run."""
        return has_failed(self.results, self.findings)


def has_failed(results: Iterable[Result], findings: Sequence[Finding]) -> bool:
    """Tell whether something is wrong with what was deployed, rather than that somebody stopped the run."""
    return bool(findings) or any(result.outcome == "failed" for result in results)


def is_done(results: Iterable[Result]) -> bool:
    """Tell whether every stack is as rendered."""
    return all(result.outcome in {"created", "updated", "unchanged"} for result in results)


def bring(
    workspace: Workspace,
    environment: str,
    release: CheckedOut,
    stage: Stage,
    clock: Clock,
    terms: Terms,
) -> Brought:
    """Deploy what is checked out in `workspace`, under the environment's locks, and record how it went.

    Raises FailureError where somebody has to let it in and there is no home that could tell, and where somebody stops
    it before or after its stacks; and what `pipelines.recording.begin` raises.
    """
    from pipelines.agents import OBSERVE, agents_of, ask
    from pipelines.aws import clear_errors
    from pipelines.deploy import Deployment

    project = workspace.deployable()
    found: Sequence[Finding] = ()
    told = _Told(environment, release.version)
    with told, _begin(workspace, environment, release, stage, clock, terms) or nullcontext() as recording:
        told.began = True
        with stage.shown([stack.name for stack in project.of(environment)]) as reporter:
            deployment = Deployment(workspace, environment, reporter)
            if recording is not None:
                recording.guard(deployment.stop)
                deployment.look = recording.hold.look
            data = terms.data
            deployment.objection = data.objection
            with stage.stoppable(deployment):
                results = deployment.run()
        told.is_in = is_done(results)
        if recording is not None and is_done(results):
            found = terms.confirm(recording)
        _end(recording, terms, results, found)
    if recording is None and environment == SHARED:
        # Home is where this very deployment made it, the first time.
        with _begin(workspace, environment, release, stage, clock, terms) or nullcontext() as recording:
            _end(recording, terms, results, ())
    if recording is not None:
        with clear_errors():
            # What an event lost, or happened before there was an agent, is known at once and not at its next turn.
            ask(agents_of(project, environment), OBSERVE)
    passed_over = data.passed_over if is_done(results) else ()
    return Brought(tuple(results), recording.begun if recording else (), tuple(found), passed_over)


@dataclass(slots=True)
class _Told:
    """Says how things stand where somebody stops a run that no deployment of stacks could stop in order.

    The locks are given back by then; a deployment that began has no end in the table, so that the next run carries on.
    """

    environment: str
    release: str
    began: bool = False
    is_in: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if not isinstance(error, KeyboardInterrupt):
            return
        where, release = self.environment, self.release
        if not self.began:
            raise FailureError(
                f"{where}: stopped at your request, before anything of {release} was deployed\n"
                "  mend: run the same command again"
            ) from None
        how = "its stacks stand, and nobody verified them" if self.is_in else "part of its stacks may stand"
        raise FailureError(
            f"{where}: stopped at your request, with {release} on its way: {how}; how it ended is not recorded\n"
            f"  mend: run the same command again, which carries on; `lockstep rollback TAG --env {where}` takes "
            "another release back"
        ) from None


def _begin(
    workspace: Workspace,
    environment: str,
    release: CheckedOut,
    stage: Stage,
    clock: Clock,
    terms: Terms,
) -> Recording | None:
    """Record that a deployment begins; say so where nothing can record it yet.

    A lost table stops every deployment but that of the home, which is part of bringing it back.
    """
    from pipelines.aws import clear_errors
    from pipelines.home import LostTableError

    try:
        with clear_errors():
            recording = begin(workspace, environment, release, clock, terms)
    except LostTableError as error:
        if environment != SHARED:
            raise
        stage.warn(str(error))
        return None
    if recording is None and terms.needs_home:
        raise FailureError(
            f"nobody can tell whether {release.version} may enter {environment}: the control plane is not there yet\n"
            "  mend: run `lockstep deploy shared`"
        )
    if recording is None and environment != SHARED:
        stage.warn(NO_HOME)
    return recording


def _end(
    recording: Recording | None, terms: Terms, results: Sequence[Result], found: Sequence[Finding]
) -> None:
    from pipelines.aws import clear_errors

    if recording is None:
        return
    succeeded = is_done(results) and not found
    with clear_errors():
        evidence = terms.keep(recording, results, succeeded=succeeded)
        back_to = "" if succeeded else terms.back_to(recording, failed=has_failed(results, found))
        recording.end(succeeded=succeeded, evidence=evidence, back_to=back_to)
