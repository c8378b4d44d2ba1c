"""Verification after a deployment: what runs against the release that is recorded for an environment (REQ-V10). I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pipelines.configuration import ConfigurationStore, Manifest, StoreError
from pipelines.consistency import Actual, against_release, deploy_again, instances, unfit
from pipelines.drift_age import verdict
from pipelines.home import Home
from pipelines.left_stacks import left_by
from pipelines.smoke import Trial
from pipelines.smoke.run import has_smoke, trials
from pipelines.standing import Stands, standing
from pipelines.state.keys import StackKey, joined
from pipelines.state.records import EnvironmentRelease, StackState
from pipelines.state.store import StateStore
from validator.errors import ConfigurationError, FailureError
from validator.findings import Finding, merged

DRIFT_MENDS = {
    "drifted": "see `lockstep drift {0}`: put the property back by hand, or change it in the repository and release "
    "that (a stack whose template and parameters stay as they were is not deployed); "
    "then run `lockstep drift {0} --detect`",
    "started": "wait for the detection to end, then verify again",
    "unknown": "run `lockstep drift {} --detect`, then verify again",
    "not checked": "run `lockstep drift {} --detect`, then verify again",
}

NAME_ANOTHER = "name a release that was deployed; `lockstep status` shows them"

UNSURE = {
    "started": "drift detection is under way",
    "unknown": "drift is not known",
    "not checked": "nobody looked for drift since the last change, or within two days",
}


@dataclass(frozen=True, slots=True)
class Verified:
    """One workload of an environment: the release it was held against, its smoke tests, and what is wrong.

    `release` is empty where none is recorded, so that nothing can be said of the workload.
    """

    workload: str
    release: str
    commit: str
    stacks: int
    trials: tuple[Trial, ...]
    findings: tuple[Finding, ...]


def verify(
    home: Home,
    environment: str,
    workloads: Iterable[str],
    tag: str | None,
    now: datetime,
    *,
    is_watched: bool = True,
    deployed: Iterable[EnvironmentRelease] = (),
) -> list[Verified]:
    """Verify each workload of an environment against the release recorded for it, or against `tag`.

    A workload without such a release hides no other, nor does an object of the configuration store that is not what was
    recorded, which is a finding. Where nothing in the project could look for drift, so that it `is_watched` by nobody,
    that nobody did is no finding. What was `deployed` just now is tried by a real order, where it takes some; nothing
    else is changed. Raises ConfigurationError where `tag` can name no release, FailureError where no workload has a
    release of that name, botocore's errors where AWS does not answer.
    """
    if tag is not None:
        _expect_name(tag)
    names = {one.workload: _name(one) for one in deployed}
    found = [
        _verify(home, workload, environment, tag, now, is_watched, names.get(workload, ""))
        for workload in workloads
    ]
    if tag is not None and not any(one.release for one in found):
        raise FailureError(f"there is no release {tag} for {environment}\n  mend: {NAME_ANOTHER}")
    return found


def _expect_name(tag: str) -> None:
    try:
        joined(tag)
    except ValueError:
        hint = f"{NAME_ANOTHER}; a name has 1 to 256 characters, and neither '#' nor control characters"
        raise ConfigurationError.single(
            f"{tag[:80]!r} names no release", key="--release", hint=hint
        ) from None


def _name(deployment: EnvironmentRelease) -> str:
    """Return the name of one deployment: the same however often a run of it dies, and of no other."""
    return f"{deployment.environment}-{deployment.number}-{deployment.started_at:%Y%m%dT%H%M%SZ}"


def _verify(
    home: Home,
    workload: str,
    environment: str,
    tag: str | None,
    now: datetime,
    is_watched: bool,
    deployment: str,
) -> Verified:
    table, store = home.table(), home.store(environment)
    recorded = _recorded(table, workload, environment, tag)
    if recorded is None:
        return Verified(workload, "", "", 0, (), ())
    release, digest = recorded
    try:
        manifest = store.manifest(workload, release, environment, digest)
        store.parameters(manifest)  # Changed by hand, it is not what was deployed.
        templates = {one: store.template(one) for one in {stack.template_digest for stack in manifest.stacks}}
    except StoreError as error:
        return _spoilt(table, workload, environment, release, error)
    those = standing(manifest, templates)
    states = {state.key: state for state in table.states(environment, workload)}
    found = [
        *_against(table, store, manifest, templates, those, states.values()),
        *_drift(manifest, those, states, now, is_watched),
    ]
    tried = tuple(trials(manifest, those, home.aws, deployment))
    found += [_of_trial(manifest, trial) for trial in tried if trial.reason]
    if not has_smoke(manifest):
        mend = "add `pipelines/smoke/<workload>.py` and its line in the registry"
        found.append(unfit(environment, f"{workload} has no smoke test", mend, key=workload))
    return Verified(workload, manifest.tag, manifest.commit, len(those), tried, merged(found))


def _spoilt(table: StateStore, workload: str, environment: str, tag: str, error: StoreError) -> Verified:
    """Return what is left to say where the store does not hold what was recorded: nothing else can be judged."""
    release = table.release(workload, tag, environment)
    message, _, mend = str(error).partition("\n  mend: ")
    found = unfit(environment, message, mend, key=error.key)
    return Verified(workload, tag, release.commit if release else "", 0, (), (found,))


def _recorded(table: StateStore, workload: str, environment: str, tag: str | None) -> tuple[str, str] | None:
    """Return name and manifest digest of the release that was deployed last, or of the named one; None for none."""
    if tag is None:
        deployed = table.environment_releases(workload, environment)
        latest = next((one for one in deployed if one.state != "rolled_back"), None)
        return (latest.tag, latest.manifest_digest) if latest else None
    release = table.release(workload, tag, environment)
    return (tag, release.digests[environment]) if release and environment in release.digests else None


def _against(
    table: StateStore,
    store: ConfigurationStore,
    manifest: Manifest,
    templates: Mapping[str, str],
    those: Iterable[Stands],
    states: Iterable[StackState],
) -> Iterator[Finding]:
    """Yield what differs from the manifest: live stacks as CloudFormation has them, others as the table knows them."""
    actuals = [one.actual for one in those]
    wanted = {(stack.account, stack.region, stack.external_name) for stack in manifest.stacks}
    sets = list(instances(manifest, templates))
    reached = [one for one in sets if one.account == one.owner.account]
    actuals += [
        actual
        for actual in map(Actual.of_state, states)
        if actual.place not in wanted and not any(one.has(actual.place) for one in reached)
    ]
    versions = {actual.version for actual in actuals if actual.version}
    known = {
        version
        for version in versions
        if table.release(manifest.workload, version, manifest.environment) is not None
    }
    odd = [
        actual
        for actual in actuals
        if actual.is_there and actual.place not in wanted and not any(one.has(actual.place) for one in sets)
    ]
    left = left_by(table, store, manifest, odd)
    yield from against_release(manifest, actuals, known, templates, left)
    for actual in actuals:
        if actual.is_moving:
            message = f"{actual.name}: is {actual.status}, so that nobody can tell yet"
            yield unfit(manifest.environment, message, "verify again when it has ended", key=actual.name)


def _drift(
    manifest: Manifest,
    those: Iterable[Stands],
    states: Mapping[StackKey, StackState],
    now: datetime,
    is_watched: bool = True,
) -> Iterator[Finding]:
    """Yield each stack that drifted, and once those of which that is not known: it is not being in sync (REQ-C4).

    Where nobody watches, that nobody looked is not said.
    """
    unsure: dict[str, list[str]] = {}
    for one in those:
        key = StackKey(manifest.workload, manifest.environment, one.account, one.region, one.live.name)
        state = states.get(key)
        status = verdict(state, now) if state is not None else "not checked"
        if status == "drifted":
            mend = DRIFT_MENDS[status].format(manifest.environment)
            yield unfit(manifest.environment, f"{one.name}: it drifted", mend, file=one.file, key="Drift")
        elif status != "in_sync" and (is_watched or status != "not checked"):
            unsure.setdefault(status, []).append(one.name)
    for kind, names in unsure.items():
        message = f"{UNSURE[kind]}: {', '.join(sorted(names))}"
        yield unfit(
            manifest.environment, message, DRIFT_MENDS[kind].format(manifest.environment), key="Drift"
        )


def _of_trial(manifest: Manifest, trial: Trial) -> Finding:
    message = f"{manifest.workload}: {trial.name} does not answer as it should: {trial.reason}"
    mend = f"look at that resource, then {deploy_again(manifest.environment, manifest.tag)}, and verify again"
    return unfit(manifest.environment, message, mend, key=f"smoke.{trial.name}")
