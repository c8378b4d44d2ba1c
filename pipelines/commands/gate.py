"""`lockstep gate ENV --release TAG`: whether a release may enter an environment now (REQ-G1 to REQ-G6)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from validator.environments import ENVIRONMENTS
from validator.reports.escaping import harmless

from .common import HERE, acknowledge_option, echo_json, format_option, loss_option, project_option

if TYPE_CHECKING:
    from pipelines.promotion.evidence import Evidence
    from pipelines.promotion.policy import Rule
    from pipelines.promotion.verdicts import Decision

CODES = {"success": 0, "failure": 1, "error": 3, "pending": 4}
MARKS = {
    "success": ("+", "green"),
    "pending": (".", "yellow"),
    "failure": ("x", "red"),
    "error": ("!", "red"),
}


@click.command()
@click.argument("environment", type=click.Choice(ENVIRONMENTS))
@click.option(
    "--release", "tag", metavar="TAG", required=True, help=f"The release: a tag such as v1.2.3; {HERE}."
)
@loss_option
@acknowledge_option
@project_option
@format_option
def gate(
    environment: str,
    tag: str,
    accepted: tuple[str, ...],
    acknowledged: tuple[str, ...],
    root: Path,
    style: str,
) -> int:
    """Ask every gate whether a release may enter ENVIRONMENT now. Nothing is deployed, and nothing recorded.

    The worst verdict counts: exit code 0 where it may, 1 where it may not, 4 where it may not yet, 3 where nobody can
    tell.
    """
    from pipelines.delivery.named import named

    root = root.resolve()
    evidence, decision, _ = ask(root, environment, named(root, tag, environment), accepted, acknowledged)
    if style == "json":
        echo_json("gate", document(evidence, decision))
    else:
        show(evidence, decision)
    return CODES[decision.state]


def ask(
    root: Path, environment: str, tag: str, accepted: tuple[str, ...] = (), acknowledged: tuple[str, ...] = ()
) -> tuple[Evidence, Decision, Rule]:
    """Gather all evidence of a release before an environment, and decide by the rule that is returned with it."""
    from pipelines.aws import clear_errors
    from pipelines.delivery.carrying import left_over
    from pipelines.delivery.places import Ordered, places_of
    from pipelines.gathering.gather import Question, gather
    from pipelines.promotion.decide import decide

    order = Ordered(environment, tag, frozenset(accepted), acknowledged)
    with clear_errors():
        places = places_of(root, order)
        begun = left_over(places, order)
        question = Question(environment, tag, acknowledged=acknowledged, begun=begun)
        evidence = gather(question, places, datetime.now(UTC))
    rule = places.policy.of(environment)
    return evidence, decide(evidence, rule), rule


def document(evidence: Evidence, decision: Decision) -> dict[str, object]:
    """Return `lockstep/gate/v1`."""
    from pipelines.promotion.evidence import Plan

    gates = [
        {
            "gate": one.gate,
            "verdict": one.verdict.state,
            "reason": one.verdict.reason,
            "mend": one.verdict.mend,
            "inputs": dict(one.verdict.inputs),
        }
        for one in decision.judged
    ]
    return {
        "environment": evidence.environment,
        "release": evidence.tag,
        "at": evidence.at.isoformat(),
        "plan": evidence.plan.digest if isinstance(evidence.plan, Plan) else None,
        "decision": decision.state,
        "gates": gates,
    }


def show(evidence: Evidence, decision: Decision) -> None:
    """Print the decision, the plan that it is of, and a line a gate; the mend below each that is no success."""
    from pipelines.promotion.evidence import Plan

    click.secho(f"{evidence.tag} -> {evidence.environment}: {decision.state}", bold=True)
    if isinstance(evidence.plan, Plan):
        click.echo(f"  plan {evidence.plan.digest}")
    width = max(len(one.gate) for one in decision.judged)
    for one in decision.judged:
        mark, colour = MARKS[one.verdict.state]
        click.secho(f"  {mark} {one.gate:<{width}}  ", fg=colour, nl=False)
        click.echo(harmless(one.verdict.reason))
        if one.verdict.mend and one.verdict.state != "success":
            click.echo(f"    {'':<{width}}  mend: {harmless(one.verdict.mend)}")
