"""One check of one environment: reads the table and the store, and records what it found (REQ-C3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from functions.consistency.words import alert_of, finding_json, fingerprint
from pipelines.configuration import ConfigurationStore, Manifest, ObjectMissingError
from pipelines.consistency import Actual, Judged, Reported, Running, between, by_stack, judged, unfit
from pipelines.consistency.actual import GONE
from pipelines.state.records import Check, CheckVerdict, EnvironmentRelease, Release
from pipelines.state.store import StateStore
from validator.errors import LockstepError
from validator.findings import Finding, merged
from validator.parity import read_policy

WAIT = (
    "wait for the agent's next report, within 15 minutes; where there is no agent yet, deploy its environment"
)


@dataclass(frozen=True, slots=True)
class Result:
    """What a check came to: the record, how many findings are differences between environments, and if it counted.

    `pending` says that what differs was not looked at since the deployment ended: no verdict, and no news.
    """

    check: Check
    between: int
    recorded: bool
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Checking:
    """Checks on one table; `store` gives what an environment's deployments wrote, `clock` the time."""

    table: StateStore
    store: Callable[[str], ConfigurationStore]
    clock: Callable[[], datetime]

    def check(self, workload: str, environment: str) -> Result:
        """Check an environment, record the result, and raise or resolve its alert.

        While its release is being deployed nothing is raised or resolved, nor while the agents have not looked since:
        the verdict is `unknown` then, with what is waited for. What makes the question unanswerable (no release
        recorded, an object of the store missing or changed) is a finding. Raises botocore's errors where AWS does not
        answer, so that the batch is tried again.
        """
        at = self.clock()
        latest = self._latest(workload, environment)
        if latest is not None and latest.state == "deploying":
            check = Check(workload, environment, at, latest.tag, "deploying", ())
            return Result(check, 0, self.table.put_check(check))
        verdict: CheckVerdict = "unknown"
        differences = 0
        waiting: tuple[str, ...] = ()
        try:
            own, others = self._findings(workload, environment, latest)
            found, differences = merged((*own.counted, *others)), len(others)
            waiting = () if found else own.reasons
            verdict = "inconsistent" if found else "unknown" if waiting else "consistent"
        except LockstepError as error:
            found = (self._unanswerable(environment, error),)
        except _NothingRecorded as error:
            found = (
                unfit(environment, str(error), f"run `lockstep deploy {environment}`, which records it"),
            )
        if found and self._latest(workload, environment) != latest:
            return self.check(workload, environment)  # A deployment began or ended meanwhile.
        said = found or tuple(unfit(environment, reason, WAIT) for reason in waiting)
        rows = tuple(finding_json(finding) for finding in said)
        check = Check(workload, environment, at, latest.tag if latest else "", verdict, rows)
        recorded = self.table.put_check(check)
        if recorded and not waiting:
            self._tell(check, found)
        return Result(check, differences, recorded, bool(waiting))

    def _tell(self, check: Check, found: tuple[Finding, ...]) -> None:
        if check.verdict == "consistent":
            self.table.resolve_alert(fingerprint(check.workload, check.environment), check.at)
        else:
            self.table.raise_alert(alert_of(check, found))

    def places_in(self, account: str, region: str) -> list[tuple[str, str]]:
        """Return workload and environment of every stack of ours that a region has, or had."""
        keys = (state.key for state in self.table.states_in(account, region))
        return sorted({(key.workload, key.environment) for key in keys if key.is_ours})

    def _unanswerable(self, environment: str, error: LockstepError) -> Finding:
        message, _, mend = str(error).partition("\n  mend: ")
        return unfit(
            environment, message, mend or "see the consistency function's log", key=getattr(error, "key", "")
        )

    def _latest(self, workload: str, environment: str) -> EnvironmentRelease | None:
        """Return the last deployment that was not taken back."""
        known = self.table.environment_releases(workload, environment)
        return next((one for one in known if one.state != "rolled_back"), None)

    def _findings(
        self, workload: str, environment: str, latest: EnvironmentRelease | None
    ) -> tuple[Judged, list[Finding]]:
        """Return what differs from the release, and what differs from the other environments."""
        release = self.table.release(workload, latest.tag, environment) if latest else None
        if latest is None or release is None:
            what = f"release {latest.tag}, deployed last, is not" if latest else "no release is"
            raise _NothingRecorded(f"{environment}: {what} recorded, so that nothing says what should run")
        store = self.store(environment)
        manifest = store.manifest(workload, latest.tag, environment, latest.manifest_digest)
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
        texts |= _templates(store, running)
        return own, list(between(environment, running, texts, policy, self.clock().date()))

    def _reported(self, account: str, region: str) -> Reported | None:
        census = self.table.census(account, region)
        if census is None:
            return None
        states = self.table.states_in(account, region)
        there = {state.key.stack for state in states if state.status != GONE}
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
        """Return another environment: as it runs where it runs the same release, else as the release would be there."""
        digest = release.digests[environment]
        manifest = self.store(release.environment).manifest(
            release.workload, release.tag, environment, digest
        )
        latest = self._latest(release.workload, environment)
        if latest is None or latest.tag != release.tag or latest.state != "succeeded":
            return Running(manifest)
        actuals, ended_at = self._actuals(release.workload, environment), latest.ended_at or latest.started_at
        own = judged(by_stack(manifest, actuals), actuals, ended_at, cache(self._reported))
        return Running(manifest, _settled(actuals, own))


def _settled(actuals: tuple[Actual, ...], judged: Judged) -> tuple[Actual, ...]:
    """Return the stacks of which it is known what they are since the deployment."""
    return tuple(actual for actual in actuals if actual.place not in judged.pending)


def _templates(store: ConfigurationStore, running: Iterable[Running]) -> Iterator[tuple[str, str]]:
    manifests: list[Manifest] = []
    live: set[str] = set()
    for one in running:
        manifests.append(one.manifest)
        live |= {actual.template_digest for actual in one.actuals if actual.template_digest}
    wanted = {stack.template_digest for manifest in manifests for stack in manifest.stacks}
    yield from ((digest, store.template(digest)) for digest in sorted(wanted))
    for digest in sorted(live - wanted):
        try:
            yield digest, store.template(digest)
        except (ObjectMissingError, ValueError):
            continue  # It is in no release, which the check against the release says.


class _NothingRecorded(Exception):  # noqa: N818 - no error: an answer
    """Nothing says what should run in an environment."""
