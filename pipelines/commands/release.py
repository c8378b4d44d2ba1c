"""`lockstep release TAG`: give a release to the pipeline (REQ-G10)."""

from __future__ import annotations

from pathlib import Path

import click

from validator.environments import SHARED
from validator.errors import TechnicalError

from .common import echo_json, format_option, project_option

HOME = "run `lockstep deploy shared`"


@click.command()
@click.argument("tag")
@project_option
@format_option
def release(tag: str, root: Path, style: str) -> None:
    """Write the source of the release TAG to the configuration store, where the pipeline takes it from.

    Run again, it changes nothing. The command that starts the pipeline is printed; whoever runs that needs
    codepipeline:StartPipelineExecution.
    """
    from pipelines.aws import clear_errors
    from pipelines.codepipeline.source import source
    from pipelines.home import CONTROL, home_of
    from pipelines.workspace import Workspace

    root = root.resolve()
    content = source(root, tag)
    project = Workspace(root).project()
    first = project.environments[0]
    with clear_errors():
        home = home_of(project, recording=first)
        if home is None:
            raise TechnicalError(f"there is no home to keep the release\n  mend: {HOME}")
        key = home.store(first).put_source(tag, content)
    stack = next(one for one in project.of(SHARED) if one.workload == CONTROL)
    pipeline = f"{stack.parameters['NamePrefix']}promotion{stack.parameters['NameSuffix']}"
    revision = f"actionName=Source,revisionType=S3_OBJECT_KEY,revisionValue={key}"
    start = f"aws codepipeline start-pipeline-execution --name {pipeline} --source-revisions {revision}"
    if style == "json":
        echo_json("release", {"release": tag, "key": key, "pipeline": pipeline, "bytes": len(content)})
        return
    click.echo(f"{tag}: {key}, {len(content)} bytes")
    click.echo(f"  start     {start}")
