"""What is kept of a release, as text: deployments with their statements, then decisions that none of them names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from pipelines.attestation.statement import BEGUN
from pipelines.state.times import timestamp
from validator.reports.escaping import harmless

if TYPE_CHECKING:
    from pipelines.attestation.trail import Kept, Trail, Verified
    from pipelines.state.records import KeptDecision

    Statements = Mapping[tuple[str, str], Kept]


def show(found: Verified) -> None:
    """Print everything that is kept, and everything that is wrong with it."""
    trail = found.trail
    kept = {(one.environment, one.digest): one for one in found.kept}
    _show_deployments(trail, kept)
    for each in trail.promotions:
        _say(f"promotion of {each.workload} {each.source} -> {each.target}: approved by {each.approver}")
        _say(f"decision  {each.evidence_digest}", 2)
    for approval in trail.approvals:
        _say(f"approval for {approval.environment} by {approval.by}, of plan {approval.plan}")
    for (environment, digest), made in groupby(_others(found), key=_place):
        records = list(made)
        workloads = ", ".join(dict.fromkeys(one.workload for one in records))
        one = records[0]
        _title(f"{environment}/{workloads} decision of {timestamp(one.at)}: {one.decision}")
        _say(f"decision  {digest}", 2)
        _show_statement(kept, environment, digest)
    for flaw in found.flaws:
        click.secho("error: ", fg="red", nl=False)
        click.echo(harmless(flaw.message))
        _say(f"mend: {flaw.mend}", 2)
    _say(f"{len(found.kept)} statements verified, {len(found.flaws)} findings")


def change_sets(one: Kept) -> Mapping[str, str]:
    """Return the change sets that the plan of a decision was made with, by stack; what is no such plan has none."""
    found: Any = one.statement.said
    for key in ("evidence", "plan", "change_sets"):
        found = found.get(key) if isinstance(found, Mapping) else None
    return {str(name): str(arn) for name, arn in found.items()} if isinstance(found, Mapping) else {}


def _show_deployments(trail: Trail, kept: Statements) -> None:
    for one in trail.deployments:
        _title(f"{one.environment}/{one.workload} deployment {one.number}: {one.state}")
        _say(f"by        {one.by}", 2)
        _say(f"manifest  {one.manifest_digest}", 2)
        end = kept.get((one.environment, one.evidence))
        last = BEGUN if end and end.statement.said.get("outcome") == BEGUN else "ended"
        for name, digest in (("decision", one.decision), (last, one.evidence)):
            _say(f"{name:<8}  {digest or 'nothing is kept'}", 2)
            _show_statement(kept, one.environment, digest)


def _others(found: Verified) -> list[KeptDecision]:
    """Return the decisions that no deployment names, such as those that kept the release out, the oldest first."""
    shown = {(one.environment, one.decision) for one in found.trail.deployments}
    left = [one for one in found.trail.decisions if _place(one) not in shown]
    return sorted(left, key=lambda one: (one.at, *_place(one), one.workload))


def _place(one: KeptDecision) -> tuple[str, str]:
    return one.environment, one.evidence_digest


def _show_statement(kept: Statements, environment: str, digest: str) -> None:
    if one := kept.get((environment, digest)):
        for line in _lines(one):
            _say(line, 4)


def _lines(one: Kept) -> Iterator[str]:
    said = one.statement.said
    for gate in said.get("gates", []):
        yield f"{gate.get('verdict', ''):<8} {gate.get('gate', '')}: {gate.get('reason', '')}"
    for name, arn in sorted(change_sets(one).items()):
        yield f"planned   {name}: {arn}"
    for stack in said.get("stacks", []):
        asked = f"request {stack['request']}" if stack.get("request") else "nothing was asked"
        name = stack.get("stack", "")
        yield f"{stack.get('outcome', ''):<9} {name}: {asked}, {stack.get('stack_id') or 'no stack'}"
        if arn := stack.get("change_set"):
            yield f"executed  {name}: {arn}"
    if note := said.get("note"):
        yield str(note)
    if policy := said.get("policy"):
        yield f"policy {policy}"
    if tools := said.get("tools"):
        yield "by " + ", ".join(f"{name} {version}" for name, version in sorted(tools.items()))


def _title(text: str) -> None:
    click.secho(harmless(text), bold=True)


def _say(text: str, indent: int = 0) -> None:
    """Print what is quoted so that nothing in it is obeyed; what `harmless` leaves is indented after it."""
    for line in harmless(text).split("\n"):
        click.echo(" " * indent + line)
