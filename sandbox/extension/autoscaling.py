"""Application Auto Scaling: ministack has no such service, so targets and policies are recorded.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalabletarget.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalingpolicy.html
"""

from __future__ import annotations

import uuid

from sandbox.extension import stubs
from sandbox.extension.claims import Extension, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Made, Properties

REGION = Name.function("core.responses", "get_region")
ACCOUNT = Name.function("core.responses", "get_account_id")


def _target(logical_id: str, properties: Properties, stack_name: str) -> Made:
    identity = [properties[name] for name in ("ResourceId", "ScalableDimension", "ServiceNamespace")]
    physical_id = "|".join(identity)
    return physical_id, {"Id": physical_id}


def _policy(logical_id: str, properties: Properties, stack_name: str) -> Made:
    name = properties["PolicyName"]
    target = properties.get("ScalingTargetId") or "|".join(
        properties[part] for part in ("ResourceId", "ScalableDimension", "ServiceNamespace")
    )
    identity = uuid.uuid5(uuid.NAMESPACE_URL, f"{ACCOUNT.get()()}/{REGION.get()()}/{target}/{name}")
    arn = (
        f"arn:aws:autoscaling:{REGION.get()()}:{ACCOUNT.get()()}:scalingPolicy:{identity}:"
        f"resource/{target.split('|')[-1]}/{target.split('|')[0]}:policyName/{name}"
    )
    return arn, {"Arn": arn}


def _install() -> None:
    stubs.define_stub("AWS::ApplicationAutoScaling::ScalableTarget", _target, tags=True)
    stubs.define_stub("AWS::ApplicationAutoScaling::ScalingPolicy", _policy)


EXTENSION = Extension(
    name="autoscaling",
    claims=(
        recorded(
            "AWS::ApplicationAutoScaling::ScalableTarget",
            "no service answers for it; capacity stays as it is",
        ),
        recorded("AWS::ApplicationAutoScaling::ScalingPolicy", "no service answers for it; nothing scales"),
    ),
    names=(*NAMES, *stubs.NAMES, REGION, ACCOUNT),
    install=_install,
)
