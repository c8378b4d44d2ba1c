"""What runs where: a row for each stack, compared with what is checked out. Pure; reading is elsewhere (REQ-X3).

Two sources give the same rows: the state table, which agents keep up to date, and live stacks read one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pipelines.check_age import held
from pipelines.drift_age import Verdict, verdict
from pipelines.live import LiveStack
from pipelines.tracking.names import stack_set_of
from pipelines.tracking.passes import OVERDUE
from validator.environments import ENVIRONMENTS
from validator.model import Stack

if TYPE_CHECKING:
    from pipelines.state.records import Check, EnvironmentRelease, StackState

State = Literal["current", "differs", "missing", "failed", "in progress", "unexpected", "unknown"]
Drift = Literal["in sync", "drifted", "unknown", "not checked"]
Parity = Literal["as declared", "differs", "unknown"]

GONE = "DELETE_COMPLETE"
WORDS: dict[Verdict, Drift] = {
    "in_sync": "in sync",
    "drifted": "drifted",
    "unknown": "unknown",
    "started": "not checked",
    "not checked": "not checked",
}
COMPLETE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


@dataclass(frozen=True, slots=True)
class Row:
    """One stack of one environment. `age_seconds` counts from the last change of the live stack.

    `unknown` means that it could not be read, or that no agent has reported from its place; the reason is said once,
    beside the matrix. `unexpected` is a stack of ours that the project does not know. `drifted` counts resources that
    differ, `uncovered` those that drift detection could not judge.
    """

    environment: str
    workload: str
    stack: str
    account: str
    region: str
    state: State
    status: str = ""
    version: str = ""
    commit: str = ""
    released_at: str = ""
    age_seconds: int | None = None
    drift: Drift = "not checked"
    drifted: int = 0
    uncovered: int = 0
    parity: Parity = "unknown"


@dataclass(frozen=True, slots=True)
class Place:
    """An account and region with stacks, and how long ago its agent reported; None where it never did."""

    account: str
    region: str
    reported_seconds: int | None

    @property
    def is_silent(self) -> bool:
        """Whether what is known of it may be old: its agent's report is overdue."""
        return self.reported_seconds is None or self.reported_seconds > OVERDUE.total_seconds()


@dataclass(frozen=True, slots=True)
class Summary:
    """One workload in one environment: which release, since when, and how it stands.

    `skew` says that the environment before runs another release. `unchecked` counts stacks of which nobody knows
    whether they drifted. `synced_seconds` counts since the last deployment that succeeded, None where there was none.
    `awaits` is the release that has yet to come back after a failure, or on the way of a rollback; empty for none.
    """

    environment: str
    workload: str
    release: str = ""
    state: str = ""
    by: str = ""
    synced_seconds: int | None = None
    stacks: int = 0
    drifted: int = 0
    unchecked: int = 0
    parity: Parity = "unknown"
    differences: int = 0
    checked_seconds: int | None = None
    skew: bool = False
    awaits: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is out of the ordinary, in words."""
        state = self.state if self.state != "succeeded" else ""
        awaits = f"{self.awaits} has yet to come back" if self.awaits else ""
        return tuple(filter(None, (state, awaits, "skew" if self.skew else "")))


def row(stack: Stack, live: LiveStack | None, now: datetime) -> Row:
    """Return the row of one stack that was read from CloudFormation itself."""
    if live is None:
        return Row(*_place(stack), state="missing")
    tags = live.tags
    return Row(
        *_place(stack),
        state=_state(live.status, live.digest == stack.digest),
        status=live.status,
        version=tags.get("Version", ""),
        commit=tags.get("SourceCommit", ""),
        released_at=tags.get("DeployedAt", ""),
        age_seconds=_seconds(live.changed_at, now),
    )


def recorded_row(
    stack: Stack, recorded: StackState | None, check: Check | None, now: datetime, *, reported: bool = True
) -> Row:
    """Return the row of one stack of the project as the state table has it.

    Where no agent ever `reported` from its place, nobody knows whether a stack without a record is missing.
    """
    if recorded is None and not reported:
        return Row(*_place(stack), state="unknown")
    if recorded is None or recorded.status == GONE:
        return Row(*_place(stack), state="missing", parity=_parity(stack.name, check))
    return _recorded(
        _place(stack), recorded, _parity(stack.name, check), recorded.digest == stack.digest, now
    )


def further_row(recorded: StackState, now: datetime) -> Row:
    """Return the row of a recorded stack that is no stack of the project's: a StackSet's, or one that nobody knows."""
    key = recorded.key
    instance = stack_set_of(key.stack)
    name = f"{instance} (StackSet)" if instance else key.stack
    prefix = f"{key.environment}-{key.workload}-"
    place = (key.environment, key.workload, name.removeprefix(prefix), key.account, key.region)
    row = _recorded(place, recorded, "unknown", True, now)
    return row if instance else replace(row, state="unexpected")


def _recorded(
    place: tuple[str, str, str, str, str], recorded: StackState, parity: Parity, same: bool, now: datetime
) -> Row:
    drift = recorded.drift
    return Row(
        *place,
        state=_state(recorded.status, same),
        status=recorded.status,
        version=recorded.version,
        commit=recorded.commit,
        released_at=recorded.released_at,
        age_seconds=_seconds(recorded.operation_at, now),
        drift=WORDS[verdict(recorded, now)],
        drifted=drift.findings if drift and drift.status == "drifted" else 0,
        uncovered=len(drift.unsupported) + len(drift.failed) if drift else 0,
        parity=parity,
    )


def _parity(name: str, check: Check | None) -> Parity:
    if check is None or check.verdict in ("unknown", "deploying"):
        return "unknown"
    return "differs" if any(_speaks_of(name, finding) for finding in check.findings) else "as declared"


def _speaks_of(name: str, finding: Mapping[str, Any]) -> bool:
    """Tell whether a finding of a consistency check is about a stack: by its name, or by its path in the workload."""
    said = str(finding.get("message", ""))
    path = name.split("/", 1)[-1]
    return said.startswith((f"{name}:", f"{path}:", f"{name} ", f"{path} "))


def _place(stack: Stack) -> tuple[str, str, str, str, str]:
    return stack.environment, stack.workload, stack.short_name, stack.account, stack.region


def _seconds(since: datetime, now: datetime) -> int:
    return max(0, int((now - since).total_seconds()))


def _state(status: str, same: bool) -> State:
    if status.endswith("_IN_PROGRESS"):
        return "in progress"
    if same and (status in COMPLETE or status == "UPDATE_ROLLBACK_COMPLETE"):
        return "current"
    return "differs" if status in COMPLETE else "failed"


def matrix(rows: Iterable[Row]) -> dict[str, dict[str, list[Row]]]:
    """Return the rows by `workload/stack`, then by environment: one for each region that the stack is in."""
    found: dict[str, dict[str, list[Row]]] = {}
    for item in rows:
        found.setdefault(f"{item.workload}/{item.stack}", {}).setdefault(item.environment, []).append(item)
    return found


def rows_of(stacks: tuple[Stack, ...], lives: Mapping[str, LiveStack], now: datetime) -> list[Row]:
    """Return the rows of stacks; `lives` by Sceptre name."""
    return [row(stack, lives.get(stack.name), now) for stack in stacks]


def unknown(stacks: tuple[Stack, ...]) -> list[Row]:
    """Return the rows of stacks that could not be read."""
    return [Row(*_place(stack), state="unknown") for stack in stacks]


def summaries(
    rows: Sequence[Row],
    releases: Mapping[tuple[str, str], Sequence[EnvironmentRelease]],
    checks: Mapping[tuple[str, str], Check],
    now: datetime,
) -> list[Summary]:
    """Return a line for each environment and workload. `releases` and `checks` by workload and environment.

    The releases of a place are the newest first, as many as lead back to the last success.
    """
    found: list[Summary] = []
    before: dict[str, str] = {}
    for environment, workload in dict.fromkeys((item.environment, item.workload) for item in rows):
        here = [item for item in rows if (item.environment, item.workload) == (environment, workload)]
        line = _summary(
            here, releases.get((workload, environment), ()), checks.get((workload, environment)), now
        )
        in_order = bool(line.release) and environment in ENVIRONMENTS
        skew = in_order and before.get(workload, line.release) != line.release
        found.append(replace(line, skew=skew))
        if in_order:
            before[workload] = line.release
    return found


def _summary(
    rows: Sequence[Row], releases: Sequence[EnvironmentRelease], check: Check | None, now: datetime
) -> Summary:
    check = held(check, releases, now) if check else None
    success = next((one for one in releases if one.state == "succeeded"), None)
    latest = releases[0] if releases else None
    verdicts: dict[str, Parity] = {"consistent": "as declared", "inconsistent": "differs"}
    return Summary(
        environment=rows[0].environment,
        workload=rows[0].workload,
        release=success.tag if success else "",
        state=latest.state if latest else "",
        by=latest.by if latest else "",
        synced_seconds=_seconds(success.ended_at, now) if success and success.ended_at else None,
        stacks=sum(item.state != "missing" for item in rows),
        drifted=sum(item.drift == "drifted" for item in rows),
        unchecked=sum(item.drift in ("unknown", "not checked") and item.state != "missing" for item in rows),
        parity=verdicts.get(check.verdict, "unknown") if check else "unknown",
        differences=len(check.findings) if check and check.verdict == "inconsistent" else 0,
        checked_seconds=_seconds(check.at, now) if check else None,
        awaits=_awaited(releases),
    )


def _awaited(releases: Sequence[EnvironmentRelease]) -> str:
    """Return the release that has yet to come back, or is on its way; empty for none."""
    if not releases:
        return ""
    latest, before = releases[0], releases[1:2]
    on_its_way = latest.state == "deploying" and any(one.awaits == latest.tag for one in before)
    return latest.tag if on_its_way else latest.awaits
