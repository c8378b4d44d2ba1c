"""One check of one environment: reads the table and the store, and records what it found (REQ-C3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from functions.consistency.words import alert_of, finding_json, fingerprint
from pipelines.configuration import ConfigurationStore, Manifest, ObjectMissingError
from pipelines.consistency import Actual, Running, against_release, between, unfit
from pipelines.state.records import Check, CheckVerdict, EnvironmentRelease, Release
from pipelines.state.store import StateStore
from validator.errors import LockstepError
from validator.findings import Finding, merged
from validator.parity import read_policy


@dataclass(frozen=True, slots=True)
class Result:
    """What a check came to: the record, how many findings are differences between environments, and if it counted."""

    check: Check
    between: int
    recorded: bool


@dataclass(frozen=True, slots=True)
class Checking:
    """Checks on one table and one store; `clock` gives the time."""

    table: StateStore
    store: ConfigurationStore
    clock: Callable[[], datetime]

    def check(self, workload: str, environment: str) -> Result:
        """Check an environment, record the result, and raise or resolve its alert.

        While its release is being deployed nothing is raised or resolved. What makes the question unanswerable (no
        release recorded, an object of the store missing or changed) is a finding. Raises botocore's errors where AWS
        does not answer, so that the batch is tried again.
        """
        at = self.clock()
        latest = self._latest(workload, environment)
        if latest is not None and latest.state == "deploying":
            return self._recorded(Check(workload, environment, at, latest.tag, "deploying", ()), (), 0)
        verdict: CheckVerdict = "unknown"
        differences = 0
        try:
            own, others = self._findings(workload, environment, latest)
            found, differences = merged((*own, *others)), len(others)
            verdict = "inconsistent" if found else "consistent"
        except LockstepError as error:
            found = (self._unanswerable(environment, error),)
        except _NothingRecorded as error:
            found = (
                unfit(environment, str(error), f"run `lockstep deploy {environment}`, which records it"),
            )
        rows = tuple(finding_json(finding) for finding in found)
        check = Check(workload, environment, at, latest.tag if latest else "", verdict, rows)
        return self._recorded(check, found, differences)

    def _recorded(self, check: Check, found: tuple[Finding, ...], differences: int) -> Result:
        recorded = self.table.put_check(check)
        if recorded and check.verdict in ("inconsistent", "unknown"):
            self.table.raise_alert(alert_of(check, found))
        elif recorded and check.verdict == "consistent":
            self.table.resolve_alert(fingerprint(check.workload, check.environment), check.at)
        return Result(check, differences, recorded)

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
    ) -> tuple[list[Finding], list[Finding]]:
        """Return what differs from the release, and what differs from the other environments."""
        release = self.table.release(workload, latest.tag) if latest else None
        if latest is None or release is None:
            what = f"release {latest.tag}, deployed last, is not" if latest else "no release is"
            raise _NothingRecorded(f"{environment}: {what} recorded, so that nothing says what should run")
        manifest = self.store.manifest(workload, latest.tag, environment, latest.manifest_digest)
        actuals = self._actuals(workload, environment)
        known = {version for version in {one.version for one in actuals} if self._is_known(workload, version)}
        own = list(against_release(manifest, actuals, known))
        running = [
            Running(manifest, actuals) if name == environment else self._other(release, name)
            for name in manifest.environments
            if name == environment or name in release.digests
        ]
        if environment not in manifest.environments:
            return own, []  # It belongs to none that it could differ from.
        policy = read_policy(
            self.store.policy(manifest.policy_digest), manifest.policy_file, manifest.environments
        )
        templates = dict(self._templates(running))
        return own, list(between(environment, running, templates, policy, self.clock().date()))

    def _is_known(self, workload: str, version: str) -> bool:
        try:
            return bool(version) and self.table.release(workload, version) is not None
        except ValueError:  # No key can hold it, so no release has it.
            return False

    def _actuals(self, workload: str, environment: str) -> tuple[Actual, ...]:
        states = self.table.states(environment, workload)
        return tuple(Actual.of_state(state) for state in states)

    def _other(self, release: Release, environment: str) -> Running:
        """Return another environment: as it runs where it runs the same release, else as the release would be there."""
        digest = release.digests[environment]
        manifest = self.store.manifest(release.workload, release.tag, environment, digest)
        latest = self._latest(release.workload, environment)
        same = latest is not None and latest.tag == release.tag and latest.state == "succeeded"
        return Running(manifest, self._actuals(release.workload, environment) if same else ())

    def _templates(self, running: Iterable[Running]) -> Iterator[tuple[str, str]]:
        manifests: list[Manifest] = []
        live: set[str] = set()
        for one in running:
            manifests.append(one.manifest)
            live |= {actual.template_digest for actual in one.actuals if actual.template_digest}
        wanted = {stack.template_digest for manifest in manifests for stack in manifest.stacks}
        yield from ((digest, self.store.template(digest)) for digest in sorted(wanted))
        for digest in sorted(live - wanted):
            try:
                yield digest, self.store.template(digest)
            except (ObjectMissingError, ValueError):
                continue  # It is in no release, which the check against the release says.


class _NothingRecorded(Exception):  # noqa: N818 - no error: an answer
    """Nothing says what should run in an environment."""
