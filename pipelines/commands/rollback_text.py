"""What `lockstep rollback` says: what would be done, and how each environment and region stands (REQ-R2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from validator.errors import FailureError
from validator.reports.escaping import harmless

from .common import cell, console
from .deploy import rows

if TYPE_CHECKING:
    from pipelines.delivery.rollback import Ended
    from pipelines.delivery.ways import Way, Ways
    from validator.errors import LockstepError

STYLES = {"there": "green", "back": "green", "failed": "red", "not begun": "yellow", "planned": ""}


def document(tag: str, ended: list[Ended], *, dry: bool) -> dict[str, Any]:
    """Return `lockstep/rollback/v1`."""
    return {"release": tag, "dry_run": dry, "environments": [_environment(one) for one in ended]}


def _environment(one: Ended) -> dict[str, Any]:
    brought = one.brought
    return {
        "environment": one.way.environment,
        "branch": one.way.branch,
        "state": one.state,
        "replaces": list(dict.fromkeys(each.tag for each in one.way.away)),
        "losses": [loss.name for loss in one.way.losses],
        "regions": [
            {"region": region, "back": done, "stacks": count}
            for region, (done, count) in one.regions().items()
        ],
        "stacks": rows(brought.results) if brought else [],
        "findings": [each.message for each in brought.findings] if brought else [],
        "marked": one.marked or None,
        "error": str(one.error) if one.error else None,
    }


def show_way(ways: Ways) -> None:
    """Print what will be done, an environment a line, with what each takes the place of and what it changes."""
    from rich.table import Table

    table = Table(title=f"back to {ways.tag}", title_justify="left", box=None, pad_edge=False)
    for name in ("environment", "branch", "takes the place of", "changes", "data that goes"):
        table.add_column(name)
    for way in ways.ways:
        lost = ", ".join(loss.name for loss in way.losses)
        cells = (way.environment, way.branch, way.replaced or "-", changes(way), lost or "none")
        table.add_row(*map(cell, cells))
    console().print(table)


def changes(way: Way) -> str:
    """Return in words what the way back changes."""
    from pipelines.plan.model import counts

    if way.plan is None:
        return "it is there already"
    staying = [stack.name for stack in way.plan.stacks if stack.kind == "stays"]
    of_release = [stack for stack in way.plan.stacks if stack.kind != "stays"]
    of_stacks = sum(stack.kind != "unchanged" for stack in of_release)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts(way.plan.changes).items())
    stays = f"; {', '.join(staying)} stays" if staying else ""
    return f"{of_stacks} of {len(of_release)} stacks" + (f": {kinds}" if kinds else "") + stays


def say_end(tag: str, ended: list[Ended]) -> None:
    """Print how each environment and region stands. Raises what stopped it, or FailureError where one failed."""
    _show(ended)
    failed = next((one for one in ended if one.is_last), None)
    if failed is not None:
        raise _failure(tag, failed)


def _show(ended: list[Ended]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("environment", "region", "state", "stacks as released", "marked"):
        table.add_column(name)
    for one in ended:
        for region, (done, count) in one.regions().items():
            state = cell(one.state, STYLES[one.state])
            table.add_row(
                cell(one.way.environment), cell(region), state, f"{done} of {count}", cell(one.marked or "-")
            )
    console().print(table)


def _failure(tag: str, failed: Ended) -> LockstepError:
    if failed.error is not None:
        return failed.error
    brought, where = failed.brought, failed.way.environment
    is_stopped = brought is not None and not brought.failed
    lines = [f"{tag} did not come back whole in {where}"]
    if is_stopped:
        lines = [f"{where}: stopped at your request, with {tag} on its way: part of its stacks may stand"]
    if brought is not None:
        bad = [one for one in brought.results if one.outcome in {"failed", "interrupted"}]
        lines += [f"{one.stack}: {one.outcome}: {one.reason}" for one in bad]
        lines += [harmless(one.message) for one in brought.findings]
    mend = "" if is_stopped else "see docs/runbooks/rollback.md; correct the cause, then "
    lines.append(f"  mend: {mend}run the same command again: it carries on")
    return FailureError("\n".join(lines))
