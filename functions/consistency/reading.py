"""What one check reads of the table and the store, and what it finds in it (REQ-C3)."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from pipelines.configuration import ConfigurationStore, Manifest, ObjectMissingError
from pipelines.consistency import Actual, Judged, Reported, Running, between, by_stack, judged
from pipelines.consistency.actual import NOT_THERE
from pipelines.state.records import EnvironmentRelease, Release
from pipelines.state.store import ContentionError, StateStore
from validator.findings import Finding
from validator.parity import read_policy

AWS_ERRORS = (BotoCoreError, ClientError, ContentionError)
"""What passes by itself: the check is tried again."""


class NothingRecorded(Exception):  # noqa: N818 - no error: an answer
    """Nothing says what should run in an environment."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads one table; `store` gives what an environment's deployments wrote, `clock` the time."""

    table: StateStore
    store: Callable[[str], ConfigurationStore]
    clock: Callable[[], datetime]

    def latest(self, workload: str, environment: str) -> EnvironmentRelease | None:
        """Return the last deployment that was not taken back."""
        known = self.table.environment_releases(workload, environment)
        return next((one for one in known if one.state != "rolled_back"), None)

    def findings(
        self, workload: str, environment: str, latest: EnvironmentRelease | None
    ) -> tuple[Judged, list[Finding]]:
        """Return what differs from the release, and what differs from the other environments.

        Raises NothingRecorded, the configuration store's errors, and botocore's where AWS does not answer.
        """
        release = self.table.release(workload, latest.tag, environment) if latest else None
        if latest is None or release is None:
            what = f"release {latest.tag}, deployed last, is not" if latest else "no release is"
            raise NothingRecorded(f"{environment}: {what} recorded, so that nothing says what should run")
        store = self.store(environment)
        manifest = store.manifest(workload, latest.tag, environment, latest.manifest_digest)
        store.parameters(manifest)  # Nothing here rests on it; changed by hand, it is not what was deployed.
        actuals = self._actuals(workload, environment)
        known = self._known(workload, environment, actuals)
        texts = dict(_templates(store, [Running(manifest, actuals)]))
        ended_at, reports = latest.ended_at or latest.started_at, cache(self._reported)
        own = judged(by_stack(manifest, actuals, known, texts), actuals, ended_at, reports)
        if own.counted:
            # A stack may have been recorded between this reading and the count of its region: read after the count.
            actuals = self._actuals(workload, environment)
            known = self._known(workload, environment, actuals)
            own = judged(by_stack(manifest, actuals, known, texts), actuals, ended_at, reports)
        if environment not in manifest.environments:
            return own, []  # It belongs to none that it could differ from.
        running = [
            Running(manifest, _settled(actuals, own)) if name == environment else self._other(release, name)
            for name in manifest.environments
            if name == environment or name in release.digests
        ]
        policy = read_policy(
            store.policy(manifest.policy_digest), manifest.policy_file, manifest.environments
        )
        texts |= _templates(store, running, texts)
        return own, list(between(environment, running, texts, policy, self.clock().date()))

    def _reported(self, account: str, region: str) -> Reported | None:
        census = self.table.census(account, region)
        if census is None:
            return None
        states = self.table.states_in(account, region)
        there = {state.key.stack for state in states if state.status not in NOT_THERE}
        return Reported(census.observed_at, census.stacks, len(there))

    def _known(self, workload: str, environment: str, actuals: Iterable[Actual]) -> set[str]:
        """Return the versions that stacks carry and that are recorded as releases of their environment."""
        versions = {one.version for one in actuals}
        return {version for version in versions if self._is_known(workload, environment, version)}

    def _is_known(self, workload: str, environment: str, version: str) -> bool:
        try:
            return bool(version) and self.table.release(workload, version, environment) is not None
        except ValueError:  # No key can hold it, so no release has it.
            return False

    def _actuals(self, workload: str, environment: str) -> tuple[Actual, ...]:
        states = self.table.states(environment, workload)
        return tuple(Actual.of_state(state) for state in states)

    def _other(self, release: Release, environment: str) -> Running:
        """Return another environment: as it runs where it runs the same release, else by its manifest alone."""
        digest = release.digests[environment]
        manifest = self.store(release.environment).manifest(
            release.workload, release.tag, environment, digest
        )
        try:
            return self._as_it_runs(release, manifest)
        except AWS_ERRORS:
            raise
        except Exception:  # noqa: BLE001 - what nobody can read there is the other's own finding, and stops not this check
            return Running(manifest)

    def _as_it_runs(self, release: Release, manifest: Manifest) -> Running:
        environment = manifest.environment
        latest = self.latest(release.workload, environment)
        if latest is None or latest.tag != release.tag or latest.state != "succeeded":
            return Running(manifest)
        actuals, ended_at = self._actuals(release.workload, environment), latest.ended_at or latest.started_at
        own = judged(by_stack(manifest, actuals), actuals, ended_at, cache(self._reported))
        return Running(manifest, _settled(actuals, own))


def _settled(actuals: tuple[Actual, ...], judged: Judged) -> tuple[Actual, ...]:
    """Return the stacks of which it is known what they are since the deployment."""
    return tuple(actual for actual in actuals if actual.place not in judged.pending)


def _templates(
    store: ConfigurationStore, running: Iterable[Running], known: Container[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yield the text of each template by its digest, those that are known apart."""
    manifests: list[Manifest] = []
    live: set[str] = set()
    for one in running:
        manifests.append(one.manifest)
        live |= {actual.template_digest for actual in one.actuals if actual.template_digest}
    wanted = {stack.template_digest for manifest in manifests for stack in manifest.stacks}
    yield from ((digest, store.template(digest)) for digest in sorted(wanted) if digest not in known)
    for digest in sorted(live - wanted):
        if digest in known:
            continue
        try:
            yield digest, store.template(digest)
        except (ObjectMissingError, ValueError):
            continue  # It is in no release, which the check against the release says.
