"""The key of an SNS topic.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-topic.html
"""

from __future__ import annotations

from sandbox.extension.claims import Extension, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Properties, complete

TOPICS = Name("services.sns", "_topics")
_ATTRIBUTES = ("KmsMasterKeyId", "TracingConfig", "SignatureVersion")


def _apply(arn: str, old: Properties, new: Properties) -> None:
    attributes = TOPICS.get()[arn]["attributes"]
    for name in _ATTRIBUTES:
        if name in new:
            attributes[name] = str(new[name])
        else:
            attributes.pop(name, None)


EXTENSION = Extension(
    name="sns_topics",
    claims=(
        recorded(
            "AWS::SNS::Topic KmsMasterKeyId, TracingConfig, SignatureVersion", "shown by GetTopicAttributes"
        ),
    ),
    names=(*NAMES, TOPICS),
    install=lambda: complete("AWS::SNS::Topic", _apply),
)
