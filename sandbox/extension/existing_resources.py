"""A creation under a name that is taken fails, as it does on AWS.

ministack puts the new resource in the place of the old one: a table that a deleted stack retained would lose its items
to the next stack without a word.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import ChangedError, Name
from sandbox.extension.resources import HANDLERS, Made, Properties, RefusedError

STORES = {
    "AWS::CloudWatch::Alarm": ("AlarmName", Name("services.cloudwatch", "_alarms")),
    "AWS::DynamoDB::Table": ("TableName", Name("services.dynamodb", "_tables")),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", Name("services.iam", "_policies")),
    "AWS::IAM::Role": ("RoleName", Name("services.iam", "_roles")),
    "AWS::Lambda::Function": ("FunctionName", Name("services.lambda_svc", "_functions")),
    "AWS::Logs::LogGroup": ("LogGroupName", Name("services.cloudwatch_logs", "_log_groups")),
    "AWS::SNS::Topic": ("TopicName", Name("services.sns", "_topics")),
    "AWS::SQS::Queue": ("QueueName", Name("services.sqs", "_queue_name_to_url")),
}
"""Resource type to the property that names it and ministack's store, by name or by ARN."""


def _is_taken(store: Any, name: str) -> bool:
    """Tell whether a store holds a name, as its key or at the end of an ARN."""
    keys = (str(key) for key in store)
    return any(
        key == name or (key.startswith("arn:") and key.replace("/", ":").endswith(f":{name}")) for key in keys
    )


def _refusing(resource_type: str, create: Any) -> Any:
    named, store = STORES[resource_type]

    def refusing(logical_id: str, properties: Properties, stack_name: str) -> Made:
        name = properties.get(named)
        if name and _is_taken(store.get(), name):
            raise RefusedError(
                f"Resource of type '{resource_type}' with identifier '{name}' already exists. "
                "(RequestToken: none, HandlerErrorCode: AlreadyExists)"
            )
        made: Made = create(logical_id, properties, stack_name)
        return made

    return refusing


def _install() -> None:
    handlers = HANDLERS.get()
    for resource_type in STORES:
        if "create" not in handlers.get(resource_type, {}):
            raise ChangedError(f"ministack does not create {resource_type} any more")
        own = handlers[resource_type]
        handlers[resource_type] = {**own, "create": _refusing(resource_type, own["create"])}


EXTENSION = Extension(
    name="existing_resources",
    claims=(emulated("Names that are taken", "the creation of a named resource fails when there is one"),),
    names=(HANDLERS, *(store for _, store in STORES.values())),
    install=_install,
)
