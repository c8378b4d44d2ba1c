"""Verification after a deployment: what runs against the release that is recorded for an environment (REQ-V10). I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipelines.aws import Aws
from pipelines.configuration import ConfigurationStore, Manifest, digest_of
from pipelines.configuration.manifest import ManifestStack
from pipelines.consistency import Actual, against_release, unfit
from pipelines.home import CONTROL, Home
from pipelines.live import LiveStack, read_parameters, read_stacks
from pipelines.smoke import SMOKE, Target, Trial
from pipelines.smoke.trial import of_outputs
from pipelines.state.keys import StackKey
from pipelines.state.records import StackState
from pipelines.state.store import StateStore
from validator.environments import SHARED
from validator.errors import FailureError
from validator.findings import Finding, merged
from validator.model import RELEASE_TAGS

DRIFT_MENDS = {
    "drifted": "see `lockstep drift {}`: take the change back, or make it in the repository and deploy it",
    "started": "wait for the detection to end, then verify again",
    "unknown": "run `lockstep drift {} --detect`, then verify again",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """One workload of an environment: the release it was held against, its smoke tests, and what is wrong."""

    workload: str
    release: str
    commit: str
    stacks: int
    trials: tuple[Trial, ...]
    findings: tuple[Finding, ...]


def verify(home: Home, environment: str, workloads: Iterable[str], tag: str | None) -> list[Verified]:
    """Verify each workload of an environment against the release recorded for it, or against `tag`.

    Raises FailureError where no such release is recorded or the store does not hold it, botocore's errors where AWS
    does not answer.
    """
    table, store = home.table(), home.store()
    return [_verify(table, store, workload, environment, tag) for workload in workloads]


def _verify(
    table: StateStore, store: ConfigurationStore, workload: str, environment: str, tag: str | None
) -> Verified:
    manifest = _recorded(table, store, workload, environment, tag)
    lives = dict(_live(manifest))
    states = {state.key: state for state in table.states(environment, workload)}
    found = [*_against(table, manifest, lives, states.values()), *_drift(manifest, lives, states)]
    trials = tuple(_trials(manifest, lives))
    found += [_of_trial(manifest, trial) for trial in trials if trial.reason]
    if _smoke_of(manifest) is None:
        mend = "add `pipelines/smoke/<workload>.py` and its line in the registry"
        found.append(unfit(environment, f"{workload} has no smoke test", mend, key=workload))
    return Verified(workload, manifest.tag, manifest.commit, len(manifest.stacks), trials, merged(found))


def _recorded(
    table: StateStore, store: ConfigurationStore, workload: str, environment: str, tag: str | None
) -> Manifest:
    """Return the manifest of the release that was deployed last, or of the one that is named."""
    if tag is None:
        latest = next(
            (one for one in table.environment_releases(workload, environment) if one.state != "rolled_back"),
            None,
        )
        if latest is None:
            raise FailureError(
                f"no release of {workload} is recorded for {environment}\n"
                f"  mend: run `lockstep deploy {environment}`, which records it"
            )
        return store.manifest(workload, latest.tag, environment, latest.manifest_digest)
    release = table.release(workload, tag)
    if release is None or environment not in release.digests:
        raise FailureError(
            f"there is no release {tag} of {workload} for {environment}\n"
            "  mend: name one that was deployed; `lockstep status` shows them"
        )
    return store.manifest(workload, tag, environment, release.digests[environment])


def _live(manifest: Manifest) -> Iterator[tuple[str, LiveStack]]:
    """Yield the live stacks of a manifest by their Sceptre names; stacks of one place are read together."""
    places: dict[tuple[str, str], list[ManifestStack]] = {}
    for stack in manifest.stacks:
        places.setdefault((stack.region, stack.role_arn), []).append(stack)
    for (region, role_arn), here in places.items():
        lives = read_stacks(Aws(region, role_arn), [stack.external_name for stack in here], templates=True)
        yield from ((s.name, lives[s.external_name]) for s in here if s.external_name in lives)


def _against(
    table: StateStore, manifest: Manifest, lives: dict[str, LiveStack], states: Iterable[StackState]
) -> Iterator[Finding]:
    """Yield what differs from the manifest: live stacks as CloudFormation has them, others as the table knows them."""
    actuals = [_actual(stack, lives[stack.name]) for stack in manifest.stacks if stack.name in lives]
    wanted = {(stack.account, stack.region, stack.external_name) for stack in manifest.stacks}
    actuals += [actual for actual in map(Actual.of_state, states) if actual.place not in wanted]
    versions = {actual.version for actual in actuals if actual.version}
    known = {version for version in versions if table.release(manifest.workload, version) is not None}
    yield from against_release(manifest, actuals, known)
    for actual in actuals:
        if actual.is_moving:
            message = f"{actual.name}: is {actual.status}, so that nobody can tell yet"
            yield unfit(manifest.environment, message, "verify again when it has ended", key=actual.name)


def _actual(stack: ManifestStack, live: LiveStack) -> Actual:
    return Actual(
        account=stack.account,
        region=stack.region,
        name=live.name,
        status=live.status,
        reason=live.reason,
        version=live.tags.get("Version", ""),
        template_digest=digest_of((live.body or "").encode()),
        digest=live.digest,
        parameters=live.parameters,
        tags={key: value for key, value in live.tags.items() if key not in RELEASE_TAGS},
    )


def _drift(
    manifest: Manifest, lives: dict[str, LiveStack], states: dict[StackKey, StackState]
) -> Iterator[Finding]:
    """Yield each stack that is not known to be in sync; not knowing is not being so (REQ-C4)."""
    for stack in manifest.stacks:
        if stack.name not in lives:
            continue
        key = StackKey(
            manifest.workload, manifest.environment, stack.account, stack.region, stack.external_name
        )
        state = states.get(key)
        status = state.drift.status if state is not None and state.drift is not None else "unknown"
        if status != "in_sync":
            message = f"{stack.name}: its drift is {status}"
            mend = DRIFT_MENDS[status].format(manifest.environment)
            yield unfit(manifest.environment, message, mend, file=stack.file, key="Drift")


def _smoke_of(manifest: Manifest) -> object:
    return SMOKE.get((manifest.workload, manifest.environment == SHARED))


def _trials(manifest: Manifest, lives: dict[str, LiveStack]) -> Iterator[Trial]:
    smoke = SMOKE.get((manifest.workload, manifest.environment == SHARED))
    if smoke is None or not manifest.stacks:
        return
    root = f"/{manifest.workload}/{manifest.environment}"
    first = manifest.stacks[0]
    aws = Aws(first.region, first.role_arn)
    outputs = {
        f"{name.rpartition('/')[2]}/{output}": value
        for name, live in lives.items()
        for output, value in live.outputs.items()
    }
    values = read_parameters(aws, (f"{root}/{name}" for name in outputs))
    published = {name.removeprefix(f"{root}/"): value for name, value in values.items()}
    target = Target(manifest.environment, root, aws.client, published)
    if (
        manifest.workload != CONTROL
    ):  # Its StackSets have outputs that are published in the regions they are for.
        yield from of_outputs(target, outputs)
    yield from smoke(target)


def _of_trial(manifest: Manifest, trial: Trial) -> Finding:
    message = f"{manifest.workload}: {trial.name} does not answer as it should: {trial.reason}"
    mend = f"look at that resource, then run `lockstep deploy {manifest.environment}`, and verify again"
    return unfit(manifest.environment, message, mend, key=f"smoke.{trial.name}")
