"""Carrying on with a release whose run died on its way: every gate is asked again (REQ-G1, REQ-G3, REQ-G5). I/O.

What that run changed is half of the release. So what is left to do is another plan than somebody approved, and nobody
looked yet for drift in what it changed: that is excused, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipelines.attestation import read
from pipelines.delivery.returning import before
from pipelines.gathering.known import known
from pipelines.promotion.evidence import Begun, Missing
from pipelines.state.times import timestamp
from validator.errors import FailureError, PendingError, TechnicalError

if TYPE_CHECKING:
    from pipelines.delivery.places import Ordered
    from pipelines.gathering.gather import Places
    from pipelines.home import Home
    from pipelines.state.records import EnvironmentRelease
    from pipelines.state.store import StateStore


def begun(home: Home, order: Ordered, workloads: Sequence[str]) -> Begun | None:
    """Return what an earlier run left that began to deploy this release under a decision, and died; None for nothing.

    Raises StatementError where the decision that is kept is another.
    """
    for one in _under_way(home.table(), order, workloads):
        said = read(home.store(order.environment).evidence(one.decision), one.decision).said
        if said.get("decision") == "success":
            return Begun(one.decision, _plan_of(said), one.started_at)
    return None


def left_over(places: Places, order: Ordered) -> Begun | None:
    """Return what `begun` returns, for who only asks the gates; None too where nobody can tell, which is stricter."""
    home = places.home
    if isinstance(home, Missing):
        return None
    workloads = {stack.workload for stack in places.workspace.project().of(order.environment)}
    found = known(lambda: begun(home, order, sorted(workloads)))
    return None if isinstance(found, Missing) else found


def is_way_back(table: StateStore, order: Ordered, workloads: Sequence[str], found: Begun) -> bool:
    """Tell whether what died was on its way back to a release that was good there, so that no gate was asked of it.

    It stands under the decision that once let it in; every other deployment has a decision of its own.
    """
    return any(
        (past.tag, past.state, past.decision) == (order.tag, "succeeded", found.decision)
        for workload in workloads
        for past in table.environment_releases(workload, order.environment)
    )


@contextmanager
def half_there(table: StateStore, order: Ordered, workloads: Sequence[str], found: Begun) -> Iterator[None]:
    """Say of whatever keeps the rest of a release out that half of it may be there, and what can be done."""
    try:
        yield
    except (FailureError, PendingError, TechnicalError) as error:
        kinds: tuple[type[Exception], ...] = (FailureError, PendingError, TechnicalError)
        kind = next(each for each in kinds if isinstance(error, each))
        good = before(table, _under_way(table, order, workloads))
        back = f"; or go back with `lockstep rollback {good} --env {order.environment}`" if good else ""
        raise kind(
            f"{error}\nthe run that began to deploy {order.tag} into {order.environment} at {timestamp(found.at)} "
            f"died: half of it may be there, and this run changed nothing more\n"
            f"  mend: mend what keeps it out, then run the same command again{back}"
        ) from None


def _under_way(table: StateStore, order: Ordered, workloads: Sequence[str]) -> list[EnvironmentRelease]:
    latest = (table.latest_environment_release(workload, order.environment) for workload in workloads)
    wanted = (order.tag, "deploying")
    return [one for one in latest if one is not None and (one.tag, one.state) == wanted and one.decision]


def _plan_of(said: Any) -> str:
    """Return the digest of the plan that a decision was about; empty where it names none."""
    for name in ("evidence", "plan", "digest"):
        said = said.get(name) if isinstance(said, dict) else None
    return said if isinstance(said, str) else ""
