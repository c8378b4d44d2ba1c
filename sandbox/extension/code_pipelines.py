"""CodePipeline: ministack has no such service, so a pipeline is recorded, and never runs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codepipeline-pipeline.html
"""

from __future__ import annotations

from sandbox.extension import stubs
from sandbox.extension.claims import Extension, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Made, Properties

REGION = Name.function("core.responses", "get_region")
ACCOUNT = Name.function("core.responses", "get_account_id")


def _pipeline(logical_id: str, properties: Properties, stack_name: str) -> Made:
    name = properties.get("Name") or f"{stack_name}-{logical_id}"
    return name, {"Arn": f"arn:aws:codepipeline:{REGION.get()()}:{ACCOUNT.get()()}:{name}", "Version": "1"}


def _install() -> None:
    stubs.define_stub("AWS::CodePipeline::Pipeline", _pipeline, tags=True)


EXTENSION = Extension(
    name="code_pipelines",
    claims=(recorded("AWS::CodePipeline::Pipeline", "no service answers for it; no stage ever runs"),),
    names=(*NAMES, *stubs.NAMES, REGION, ACCOUNT),
    install=_install,
)
