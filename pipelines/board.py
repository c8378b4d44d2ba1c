"""Reading what runs where, for `status`, `drift` and the page: from the state table, or from live stacks. I/O.

The state table answers for every account and region at once, and needs one role. Without a home, or on request, each
environment is read from CloudFormation itself; then nobody knows of drift, parity and releases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pipelines import status
from pipelines.aws import Aws, clear_errors
from pipelines.check_age import held
from pipelines.consistency.pending import Reported, lacking
from pipelines.live import read_stacks
from pipelines.state.keys import StackKey
from pipelines.status import Place, Row, Summary
from validator.errors import TechnicalError
from validator.model import Project, Stack

if TYPE_CHECKING:
    from pipelines.state.records import Alert, Census, Check, EnvironmentRelease, StackState
    from pipelines.state.store import StateStore

Source = Literal["table", "live"]


@dataclass(frozen=True, slots=True)
class Board:
    """Everything that `lockstep status` shows. `troubles` says by environment what could not be read."""

    source: Source
    at: datetime
    rows: tuple[Row, ...]
    summaries: tuple[Summary, ...] = ()
    alerts: tuple[Alert, ...] = ()
    foreign: int = 0
    """Stacks in our accounts that are not ours."""
    places: tuple[Place, ...] = ()
    troubles: tuple[tuple[str, str], ...] = ()


def _names(project: Project, environment: str | None) -> list[str]:
    """Return the places to show: one, or all, the environments first."""
    if environment is not None:
        return [environment]
    return sorted(project.places, key=lambda name: name not in project.environments)


def recorded_board(project: Project, store: StateStore, environment: str | None, now: datetime) -> Board:
    """Return the board as the state table has it; one read of the stacks, then one of each release and check."""
    with clear_errors():
        states = {state.key: state for state in store.states()}
        names = _names(project, environment)
        stacks = [stack for name in names for stack in project.of(name)]
        places = list(dict.fromkeys((stack.workload, stack.environment) for stack in stacks))
        checks = {place: check for place in places if (check := store.check(*place)) is not None}
        odd = {name: list[str]() for name in names}
        releases = {place: _back_to_success(store, *place, odd[place[1]].append) for place in places}
        alerts = tuple(sorted(store.alerts(), key=lambda alert: alert.opened_at))
        censuses = {(census.account, census.region): census for census in store.censuses()}
    standing = [state for state in states.values() if state.status != status.GONE]
    told = _told(censuses, standing)
    by_key = {_key(stack): stack for stack in stacks}
    rows = [
        status.recorded_row(
            stack,
            states.get(key),
            _held(checks, releases, (stack.workload, stack.environment), now),
            now,
            reported=told(stack, releases[stack.workload, stack.environment]),
        )
        for key, stack in by_key.items()
    ]
    further = [state for state in standing if state.key.environment in names and state.key not in by_key]
    rows += [status.further_row(state, now) for state in further]
    return Board(
        "table",
        now,
        tuple(rows),
        tuple(status.summaries(rows, releases, checks, now)),
        tuple(alert for alert in alerts if environment in (None, alert.environment)),
        sum(not state.key.is_ours for state in standing),
        tuple(_places(rows, censuses, now)),
        tuple((name, _unreadable(found)) for name, found in odd.items() if found),
    )


def _told(
    censuses: Mapping[tuple[str, str], Census], standing: Iterable[StackState]
) -> Callable[[Stack, Sequence[EnvironmentRelease]], bool]:
    """Return what tells whether a stack would be recorded by now if it were there: all its region has is recorded, and
    its agent reported since the last deployment."""
    recorded = Counter((state.key.account, state.key.region) for state in standing)

    def told(stack: Stack, releases: Sequence[EnvironmentRelease]) -> bool:
        place = (stack.account, stack.region)
        census = censuses.get(place)
        if census is None:
            return False
        ended_at = releases[0].ended_at if releases else None
        if ended_at is None:
            return True
        reported = Reported(census.observed_at, census.stacks, recorded[place])
        return not lacking(*place, reported, ended_at)

    return told


def _held(
    checks: Mapping[tuple[str, str], Check],
    releases: Mapping[tuple[str, str], Sequence[EnvironmentRelease]],
    place: tuple[str, str],
    now: datetime,
) -> Check | None:
    check = checks.get(place)
    return held(check, releases[place], now) if check else None


def _places(
    rows: Iterable[Row], censuses: Mapping[tuple[str, str], Census], now: datetime
) -> Iterator[Place]:
    for account, region in dict.fromkeys((row.account, row.region) for row in rows):
        census = censuses.get((account, region))
        yield Place(
            account, region, max(0, int((now - census.observed_at).total_seconds())) if census else None
        )


def _key(stack: Stack) -> StackKey:
    return StackKey(stack.workload, stack.environment, stack.account, stack.region, stack.external_name)


def _unreadable(found: list[str]) -> str:
    return f"{len(found)} of the records of its deployments cannot be read, such as {found[0]}"


def _back_to_success(
    store: StateStore, workload: str, environment: str, odd: Callable[[str], None]
) -> list[EnvironmentRelease]:
    """Return the deployments of a workload into an environment, the newest first, up to the last success."""
    found: list[EnvironmentRelease] = []
    for release in store.environment_releases(workload, environment, odd):
        found.append(release)
        if release.state == "succeeded" or len(found) == 20:
            break
    return found


def live_board(project: Project, environment: str | None, now: datetime) -> Board:
    """Return the board as CloudFormation itself has it, environments side by side.

    One that cannot be read is `unknown`, with the reason in `troubles`. Raises ConfigurationError for what concerns
    every environment alike: no credentials, no endpoint.
    """
    names = _names(project, environment)
    with ThreadPoolExecutor(max_workers=len(names)) as pool:
        found = list(pool.map(lambda name: _live(project.of(name), now), names))
    rows = tuple(row for rows, _ in found for row in rows)
    troubles = tuple((name, trouble) for name, (_, trouble) in zip(names, found, strict=True) if trouble)
    return Board("live", now, rows, tuple(status.summaries(rows, {}, {}, now)), troubles=troubles)


def _live(stacks: tuple[Stack, ...], now: datetime) -> tuple[list[Row], str]:
    try:
        with clear_errors():
            return _live_rows(stacks, now), ""
    except TechnicalError as error:
        return status.unknown(stacks), str(error)


def _live_rows(stacks: tuple[Stack, ...], now: datetime) -> list[Row]:
    rows = []
    for region, role_arn in sorted({(stack.region, stack.role_arn) for stack in stacks}):
        here = tuple(stack for stack in stacks if (stack.region, stack.role_arn) == (region, role_arn))
        by_external = read_stacks(Aws(region, role_arn), [s.external_name for s in here], templates=True)
        lives = {s.name: by_external[s.external_name] for s in here if s.external_name in by_external}
        rows += status.rows_of(here, lives, now)
    return rows


def read_board(
    project: Project,
    environment: str | None,
    now: datetime,
    home: Callable[[], StateStore | None],
) -> Board:
    """Return the board from the state table where there is one, else from live stacks."""
    with clear_errors():
        store = home()
    if store is None:
        return live_board(project, environment, now)
    return recorded_board(project, store, environment, now)
