"""The tags of an event source mapping.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-eventsourcemapping.html
"""

from __future__ import annotations

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Properties, complete, tag_map

MAPPINGS = Name("services.lambda_svc", "_esms")


def _apply(physical_id: str, old: Properties, new: Properties) -> None:
    MAPPINGS.get()[physical_id]["Tags"] = tag_map(new)


EXTENSION = Extension(
    name="lambda_mappings",
    claims=(
        emulated(
            "AWS::Lambda::EventSourceMapping",
            "from SQS, with partial batch failures, filters and concurrency",
        ),
        recorded(
            "AWS::Lambda::EventSourceMapping MaximumBatchingWindowInSeconds of a queue",
            "a batch never waits for more messages",
        ),
    ),
    names=(*NAMES, MAPPINGS),
    install=lambda: complete("AWS::Lambda::EventSourceMapping", _apply, tags=True),
)
