"""One check of one environment: reads the table and the store, and records what it found (REQ-C3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.consistency.reading import AWS_ERRORS, NothingRecorded, Reading
from functions.consistency.words import alert_of, finding_json, fingerprint
from pipelines.configuration import ConfigurationStore
from pipelines.consistency import deploy_again, unfit
from pipelines.state.records import Check, CheckVerdict, EnvironmentRelease
from pipelines.state.store import StateStore
from pipelines.state.times import timestamp
from pipelines.tracking.passes import OVERDUE
from validator.errors import LockstepError
from validator.findings import Finding, merged

WAIT = (
    "wait for the agent's next report, within 15 minutes; where there is no agent yet, deploy its environment"
)
GRACE = timedelta(minutes=3)
"""So long after its lock ended a deployment counts as dead: clocks differ, and a run may just be taking the lock."""
LATE = "it should have reported every 15 minutes: see docs/runbooks/silence.md, and `lockstep verify {}` until then"


@dataclass(frozen=True, slots=True)
class Result:
    """What a check came to: the record, how many findings are differences between environments, and if it counted.

    `pending` says that what differs was not looked at since the deployment ended, and that there is time for it: no
    verdict, and no news.
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

        While its release is being deployed nothing is raised or resolved, unless that run died; nor is it while the
        agents have not looked since: the verdict is `unknown` then, with what is waited for, which is an alert itself
        once they are late. What makes the question unanswerable (no release recorded, an object of the store missing
        or changed, a record or an object that nobody can read) is a finding. Raises AWS_ERRORS where AWS does not
        answer, so that the batch is tried again.
        """
        try:
            return self._check(workload, environment)
        except AWS_ERRORS:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong, the last verdict stands no longer
            return self._failed(workload, environment, error)

    def _check(self, workload: str, environment: str) -> Result:
        reading = Reading(self.table, self.store, self.clock)
        at, latest = self.clock(), reading.latest(workload, environment)
        if latest is not None and latest.state == "deploying":
            lock = self.table.lock(workload, environment, latest.started_at)
            died_at = lock.expires_at if lock is not None else latest.started_at
            if at - died_at > GRACE:
                # Its end is recorded before the lock is given back.
                if reading.latest(workload, environment) != latest:
                    return self._check(workload, environment)
                return self._cannot(workload, environment, latest.tag, _died(latest, died_at))
            check = Check(workload, environment, at, latest.tag, "deploying", ())
            return Result(check, 0, self.table.put_check(check))
        read = self._read(reading, workload, environment, latest)
        pending = bool(read.waiting) and not _is_late(latest, at)
        wrong = read.found or (read.waiting and not pending)
        if wrong and reading.latest(workload, environment) != latest:
            return self._check(workload, environment)  # A deployment began or ended meanwhile.
        mend = WAIT if pending else LATE.format(environment)
        said = read.found or tuple(unfit(environment, reason, mend) for reason in read.waiting)
        rows = tuple(finding_json(finding) for finding in said)
        check = Check(workload, environment, at, latest.tag if latest else "", read.verdict, rows)
        recorded = self.table.put_check(check)
        if recorded and not pending:
            self._tell(check, said)
        return Result(check, read.between, recorded, pending)

    def _failed(self, workload: str, environment: str, error: Exception) -> Result:
        message = f"{environment} cannot be checked: {type(error).__name__}: {error}"
        mend = "see the consistency function's log: a record or an object of this environment cannot be read"
        return self._cannot(workload, environment, "", unfit(environment, message, mend))

    def _cannot(self, workload: str, environment: str, release: str, why: Finding) -> Result:
        check = Check(workload, environment, self.clock(), release, "unknown", (finding_json(why),))
        recorded = self.table.put_check(check)
        if recorded:
            self._tell(check, (why,))
        return Result(check, 0, recorded)

    def _read(
        self, reading: Reading, workload: str, environment: str, latest: EnvironmentRelease | None
    ) -> _Read:
        try:
            own, others = reading.findings(workload, environment, latest)
        except LockstepError as error:
            return _Read("unknown", (self._unanswerable(environment, error),))
        except NothingRecorded as error:
            mend = f"run `lockstep deploy {environment}`, which records it"
            return _Read("unknown", (unfit(environment, str(error), mend),))
        if found := merged((*own.counted, *others)):
            return _Read("inconsistent", found, between=len(others))
        return _Read("unknown" if own.reasons else "consistent", (), own.reasons)

    def _tell(self, check: Check, said: tuple[Finding, ...]) -> None:
        if check.verdict == "consistent":
            self.table.resolve_alert(fingerprint(check.workload, check.environment), check.at)
        else:
            self.table.raise_alert(alert_of(check, said))

    def places_in(self, account: str, region: str) -> list[tuple[str, str]]:
        """Return workload and environment of every stack of ours that a region has, or had."""
        keys = (state.key for state in self.table.states_in(account, region))
        return sorted({(key.workload, key.environment) for key in keys if key.is_ours})

    def _unanswerable(self, environment: str, error: LockstepError) -> Finding:
        message, _, mend = str(error).partition("\n  mend: ")
        return unfit(
            environment, message, mend or "see the consistency function's log", key=getattr(error, "key", "")
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """What was found, and what is waited for where nothing was."""

    verdict: CheckVerdict
    found: tuple[Finding, ...]
    waiting: tuple[str, ...] = ()
    between: int = 0


def _is_late(latest: EnvironmentRelease | None, now: datetime) -> bool:
    return latest is not None and latest.ended_at is not None and now - latest.ended_at > OVERDUE


def _died(latest: EnvironmentRelease, at: datetime) -> Finding:
    message = f"the deployment of {latest.tag} by {latest.by} died at {timestamp(at)}: no run holds its lock any more"
    mend = f"{deploy_again(latest.environment, latest.tag)}; it carries on"
    return unfit(latest.environment, message, mend)
