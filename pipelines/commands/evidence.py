"""`lockstep evidence RELEASE`: what is kept of a release, with every digest and link verified (REQ-G6)."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from validator.errors import ConfigurationError, PendingError
from validator.reports.escaping import harmless

from .common import echo_json, format_option, project_option

if TYPE_CHECKING:
    from pipelines.attestation.trail import Kept, Verified

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("release")
@project_option
@format_option
@click.option("--output", type=FOLDER, help="Save every statement here, and the records that name them.")
@click.option(
    "--offline", "saved", type=FOLDER, help="Verify this folder, which --output wrote; AWS is not asked."
)
def evidence(release: str, root: Path, style: str, output: Path | None, saved: Path | None) -> int:
    """Show what is kept of RELEASE: deployments with the decisions that let them begin, and those that kept it out.

    Exit code 1 where a statement was changed, is missing, or says something else than what was recorded; 4 where
    nothing is recorded of the release.
    """
    if output and saved:
        hint = "save what AWS keeps, then verify the folder"
        raise ConfigurationError.single(
            "--output and --offline exclude each other", key="--offline", hint=hint
        )
    found = _offline(release, saved) if saved else _online(release, root)
    trail = found.trail
    if not (trail.deployments or trail.promotions or trail.approvals or trail.decisions):
        raise PendingError(
            f"nothing is recorded of {release[:80]!r}\n  mend: name a release; `lockstep status` shows some"
        )
    if output:
        from pipelines.gathering.trail import save

        save(found, output)
    if style == "json":
        echo_json("evidence", document(found))
    else:
        from .evidence_text import show

        show(found)
    return 1 if found.flaws else 0


def _offline(release: str, folder: Path) -> Verified:
    from pipelines.attestation.trail import verify
    from pipelines.gathering.trail import filed, saved, strays

    found = verify(saved(folder, release), filed(folder))
    return replace(found, flaws=(*found.flaws, *strays(folder, found)))


def _online(release: str, root: Path) -> Verified:
    from pipelines.attestation.trail import verify
    from pipelines.aws import clear_errors
    from pipelines.gathering.trail import recorded, stored
    from pipelines.home import home_of
    from pipelines.workspace import Workspace

    project = Workspace(root.resolve()).project()
    with clear_errors():
        home = home_of(project)
        if home is None:
            raise PendingError("nothing is kept yet: there is no home\n  mend: run `lockstep deploy shared`")
        try:
            return verify(recorded(home, project, release, _warn), stored(home))
        except ValueError as error:
            raise ConfigurationError.single(
                str(error), key="RELEASE", hint="name a release: v1.2.3"
            ) from None


def document(found: Verified) -> dict[str, Any]:
    """Return `lockstep/evidence/v1`."""
    from pipelines.state.codec import encoded

    from .evidence_text import change_sets

    trail = found.trail
    return {
        "release": trail.release,
        "deployments": encoded(trail.deployments),
        "promotions": encoded(trail.promotions),
        "approvals": [{**encoded(one), "by": one.by} for one in trail.approvals],
        "decisions": encoded(trail.decisions),
        "statements": [
            {
                "environment": one.environment,
                "digest": one.digest,
                "type": one.statement.kind,
                "says": _says(one),
                "gates": one.statement.said.get("gates", []),
                "stacks": one.statement.said.get("stacks", []),
                "change_sets": change_sets(one),
                "policy": one.statement.said.get("policy"),
                "tools": one.statement.said.get("tools", {}),
            }
            for one in found.kept
        ],
        "findings": [asdict(flaw) for flaw in found.flaws],
    }


def _says(one: Kept) -> str:
    from pipelines.attestation.statement import DECISION

    return str(one.statement.said.get("decision" if one.statement.kind == DECISION else "outcome"))


def _warn(text: str) -> None:
    click.secho("warning: ", fg="yellow", nl=False, err=True)
    click.echo(harmless(text), err=True)
