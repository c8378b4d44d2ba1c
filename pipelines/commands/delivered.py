"""What `lockstep deploy ENV --release TAG` says of how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.errors import FailureError
from validator.reports.escaping import harmless

from .common import echo_json
from .deploy import Terminal, conclude, now, rows

if TYPE_CHECKING:
    from pipelines.delivery.deliver import Delivered


def deliver_release(
    root: Path, environment: str, tag: str, options: Mapping[str, Any], *, quiet: bool
) -> int:
    """Deliver a release, and say how it ended; exit code 1 where it did not stay.

    `options` are what somebody accepts: `accepted` losses, `acknowledged` stacks, the `expected` plan.
    """
    from pipelines.aws import clear_errors
    from pipelines.delivery.deliver import deliver
    from pipelines.delivery.places import Ordered

    order = Ordered(environment, tag, frozenset(options["accepted"]), options["acknowledged"])
    stage = Terminal(quiet=quiet)
    with clear_errors():
        found = deliver(root.resolve(), order, stage, now, options["expected"])
    stage.passed_over(found.brought.passed_over)
    if quiet:
        echo_json("deploy", document(order.environment, tag, found))
        return 0 if found.brought.succeeded else 1
    show(environment, tag, found)
    return 0


def document(environment: str, tag: str, found: Delivered) -> dict[str, object]:
    """Return `lockstep/deploy/v1` of a release."""
    return {
        "environment": environment,
        "release": tag,
        "stacks": rows(found.brought.results),
        "findings": [one.message for one in found.brought.findings],
        "marked": found.marked or None,
        "back": found.back
        and {
            "release": found.back.tag,
            "succeeded": found.back.brought.succeeded,
            "marked": found.back.marked or None,
        },
    }


def show(environment: str, tag: str, found: Delivered) -> None:
    """Print how it ended. Raises FailureError where the release did not stay."""
    if found.brought.succeeded:
        what = "was there already" if not found.brought.results else "was verified"
        marked = f", {found.marked}" if found.marked else ""
        click.secho(f"{environment}: {tag} {what}{marked}", fg="green")
        return
    if not found.brought.failed:
        raise FailureError(
            f"{environment}: stopped at your request, with {tag} on its way\n"
            f"  mend: run `lockstep deploy {environment} --release {tag}` again; it carries on from here"
        )
    lines = [f"{tag} did not stay in {environment}"]
    lines += [harmless(one.message) for one in found.brought.findings]
    if found.back is None:
        lines.append(f"nothing came back: no release succeeded in {environment} before")
        lines.append(
            f"  mend: correct the cause, then run `lockstep deploy {environment} --release TAG` with another tag"
        )
    else:
        back, brought = found.back.tag, found.back.brought
        stands = "came back and was verified" if brought.succeeded else "did not come back whole"
        lines.append(f"{back} {stands}" + (f", {found.back.marked}" if found.back.marked else ""))
        mend = "mend what failed, and release that under a new tag"
        if not brought.succeeded:
            mend = f"see docs/runbooks/rollback.md; `lockstep verify {environment}` says what is wrong"
        lines.append(f"  mend: {mend}")
    try:
        conclude(environment, list(found.brought.results))
    except FailureError as error:
        lines.insert(1, str(error).partition("\n  mend: ")[0])
    raise FailureError("\n".join(lines))
