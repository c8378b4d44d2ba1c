"""What drift detection compares, beyond what ministack does: further properties, and types that it does not check.

A reader gives what the service holds now; only properties that the template sets are compared. Where a service adds
members of its own to a property, they are left out, since the template did not set them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.extension.claims import Extension, absent, emulated
from sandbox.extension.names import ChangedError, Name
from sandbox.extension.resources import Properties, wanted

READERS = Name("services.cloudformation.drift", "_DRIFT_READERS")
QUEUES = Name("services.sqs", "_queues")
TOPICS = Name("services.sns", "_topics")
FUNCTIONS = Name("services.lambda_svc", "_functions")
MAPPINGS = Name("services.lambda_svc", "_esms")
POLICIES = Name("services.iam", "_policies")
ROLES = Name("services.iam", "_roles")
TABLES = Name("services.dynamodb", "_tables")
EXPIRY = Name("services.dynamodb", "_ttl_settings")
RECOVERY = Name("services.dynamodb", "_pitr_settings")
RULES = Name("services.eventbridge", "_rules")
TARGETS = Name("services.eventbridge", "_targets")
BUSES = Name("services.eventbridge", "_event_buses")
RULE_KEY = Name.function("services.eventbridge", "_rule_key", "rule_name", "bus_name")

Read = Callable[[str, Properties], "Mapping[str, Any] | None"]
"""Takes physical id and the template's properties; gives what is there now, None when it is gone."""


def _like(properties: Properties, name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a structure that the template sets."""
    return wanted(found, *(properties.get(name) or ()))


def _queue(url: str, properties: Properties) -> Mapping[str, Any]:
    names = ("KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled")
    return wanted(QUEUES.get()[url]["attributes"], *names)


def _topic(arn: str, properties: Properties) -> Mapping[str, Any]:
    return wanted(TOPICS.get()[arn]["attributes"], "KmsMasterKeyId", "SignatureVersion", "TracingConfig")


def _function(name: str, properties: Properties) -> Mapping[str, Any]:
    function = FUNCTIONS.get()[name]
    config = function["config"]
    found = wanted(config, "DeadLetterConfig")
    found["VpcConfig"] = _like(properties, "VpcConfig", config.get("VpcConfig") or {})
    if config.get("KMSKeyArn"):
        found["KmsKeyArn"] = config["KMSKeyArn"]
    if function.get("concurrency") is not None:
        found["ReservedConcurrentExecutions"] = function["concurrency"]
    return found


def _table(name: str, properties: Properties) -> Mapping[str, Any]:
    table, expiry = TABLES.get()[name], EXPIRY.get().get(name) or {}
    encryption = table.get("SSEDescription") or {}
    recovery = RECOVERY.get().get(name)
    enabled = recovery.get("PointInTimeRecoveryEnabled") if isinstance(recovery, Mapping) else recovery
    expires = expiry.get("TimeToLiveStatus") == "ENABLED"
    return {
        "SSESpecification": _like(
            properties,
            "SSESpecification",
            {
                "SSEEnabled": encryption.get("Status") == "ENABLED",
                "SSEType": encryption.get("SSEType"),
                "KMSMasterKeyId": encryption.get("KMSMasterKeyArn"),
            },
        ),
        "TimeToLiveSpecification": {**wanted(expiry, "AttributeName"), "Enabled": expires},
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": bool(enabled)},
    }


def _role(name: str, properties: Properties) -> Mapping[str, Any]:
    role = ROLES.get()[name]
    inline = role.get("InlinePolicies") or {}
    return {
        **wanted(role, "PermissionsBoundary"),
        "ManagedPolicyArns": list(role.get("AttachedPolicies") or ()),
        "Policies": [{"PolicyName": key, "PolicyDocument": _parsed(inline[key])} for key in inline],
    }


def _parsed(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str) and document else document


def _managed_policy(arn: str, properties: Properties) -> Mapping[str, Any] | None:
    policy = POLICIES.get().get(arn)
    if policy is None:
        return None
    document = policy["Versions"][policy["DefaultVersionId"]]["Document"]
    return {
        "ManagedPolicyName": policy["PolicyName"],
        "PolicyDocument": _parsed(document),
        **wanted(policy, "Description", "Path"),
    }


def _rule(name: str, properties: Properties) -> Mapping[str, Any]:
    bus = str(properties.get("EventBusName", "default")).rpartition("/")[2]
    key = RULE_KEY.get()(name, bus)
    rule = RULES.get()[key]
    found = wanted(rule, "Name", "Description", "State", "ScheduleExpression")
    return {
        **found,
        "EventPattern": _parsed(rule["EventPattern"]),
        "Targets": list(TARGETS.get().get(key) or ()),
    }


def _bus(name: str, properties: Properties) -> Mapping[str, Any] | None:
    bus = BUSES.get().get(name)
    return None if bus is None else wanted(bus, "Name", "Description", "KmsKeyIdentifier", "DeadLetterConfig")


def _mapping(identity: str, properties: Properties) -> Mapping[str, Any] | None:
    mapping = MAPPINGS.get().get(identity)
    return None if mapping is None else wanted(mapping, *_MAPPING)


_MAPPING = (
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "Enabled",
    "FilterCriteria",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ScalingConfig",
)
_FURTHER: dict[str, tuple[Read, tuple[str, ...]]] = {
    "AWS::DynamoDB::Table": (
        _table,
        ("PointInTimeRecoverySpecification", "SSESpecification", "TimeToLiveSpecification"),
    ),
    "AWS::Events::Rule": (
        _rule,
        ("Name", "Description", "State", "ScheduleExpression", "EventPattern", "Targets"),
    ),
    "AWS::IAM::Role": (_role, ("ManagedPolicyArns", "PermissionsBoundary", "Policies")),
    "AWS::Lambda::Function": (
        _function,
        ("DeadLetterConfig", "KmsKeyArn", "ReservedConcurrentExecutions", "VpcConfig"),
    ),
    "AWS::SNS::Topic": (_topic, ("KmsMasterKeyId", "SignatureVersion", "TracingConfig")),
    "AWS::SQS::Queue": (_queue, ("KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "SqsManagedSseEnabled")),
}
"""Types that ministack reads in part: a reader for what exists, and the properties that it adds."""

_NEW: dict[str, tuple[Read, tuple[str, ...]]] = {
    "AWS::Events::EventBus": (_bus, ("Name", "Description", "KmsKeyIdentifier", "DeadLetterConfig")),
    "AWS::IAM::ManagedPolicy": (
        _managed_policy,
        ("ManagedPolicyName", "Description", "Path", "PolicyDocument"),
    ),
    "AWS::Lambda::EventSourceMapping": (_mapping, _MAPPING),
}
"""Types that ministack does not check."""


def _with(base: Read, further: Read) -> Read:
    def read(physical_id: str, properties: Properties) -> Mapping[str, Any] | None:
        found = base(physical_id, properties)
        return None if found is None else {**found, **(further(physical_id, properties) or {})}

    return read


def _install() -> None:
    readers = READERS.get()
    for resource_type, (further, names) in _FURTHER.items():
        base, known = readers[resource_type]
        readers[resource_type] = (_with(base, further), known | frozenset(names))
    for resource_type, (reader, names) in _NEW.items():
        if resource_type in readers:
            raise ChangedError(f"ministack reads {resource_type} for drift by itself now: drop the reader")
        readers[resource_type] = (reader, frozenset(names))


EXTENSION = Extension(
    name="drift_readers",
    claims=(
        emulated(
            "Drift of properties",
            "EventBus, EventSourceMapping, Function, LogGroup, ManagedPolicy, Parameter, Queue, Role, Rule, Secret, "
            "Table, Topic",
        ),
        emulated(
            "Drift of existence alone",
            "Repository, StateMachine, Stream, Subscription; of a Bucket also name and versioning",
        ),
        absent("Drift of other types", "NOT_CHECKED, as of a type that CloudFormation does not support"),
    ),
    names=(
        READERS,
        QUEUES,
        TOPICS,
        FUNCTIONS,
        MAPPINGS,
        POLICIES,
        ROLES,
        TABLES,
        EXPIRY,
        RECOVERY,
        RULES,
        TARGETS,
        BUSES,
        RULE_KEY,
    ),
    install=_install,
)
