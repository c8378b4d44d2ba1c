"""Smoke tests of `control`: what home keeps, and what each environment's agent stands on, answers (REQ-V10, REQ-C1)."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from pipelines.smoke.trial import Target, Trial


def smoke_home(target: Target) -> list[Trial]:
    """Return a trial for each thing that records: the table, the bus, the queue, the store and the topics."""
    topics = ("Drift", "Validation", "Rollback")
    return [
        target.tried("state table", "table/TableName", lambda name: _table(target, name)),
        target.tried("home bus", "bus/BusName", lambda name: _bus(target, name)),
        target.tried("tracker queue", "tracker-queue/QueueUrl", lambda url: _queue(target, url)),
        target.tried("configuration store", "configuration/BucketName", lambda name: _bucket(target, name)),
        *(
            target.tried(f"topic {topic}", f"topics/{topic}TopicArn", lambda arn: _topic(target, arn))
            for topic in topics
        ),
    ]


def smoke_agent(target: Target) -> list[Trial]:
    """Return the trials of each region's agent: its functions, the rule that forwards events, what it is made from."""
    return [trial for each in (target, *target.others) for trial in _agent(each)]


def _agent(target: Target) -> list[Trial]:
    there = target.region
    asked = (
        ("artifacts", "artifacts/BucketName", _bucket),
        ("observer", "agent/ObserverFunctionName", _function),
        ("drift agent", "agent/DriftFunctionName", _function),
    )
    found = [target.tried(f"{name} in {there}", output, partial(ask, target)) for name, output, ask in asked]
    return [*found, target.asked(f"home bus from {there}", lambda: _forwards(target))]


def _function(target: Target, name: str) -> str:
    """Ask Lambda whether the function could be invoked (API reference, Invoke: DryRun answers 204); nothing runs."""
    status = target.client("lambda").invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"]
    return "" if status == HTTPStatus.NO_CONTENT else f"the function {name} answers {status}"


def _forwards(target: Target) -> str:
    """Say what is wrong where no rule of the region's own bus that is on hands events to the home bus."""
    events = target.client("events")
    rules = (
        events.list_rule_names_by_target(TargetArn=target.home_bus)["RuleNames"] if target.home_bus else []
    )
    on = [rule for rule in rules if events.describe_rule(Name=rule)["State"] == "ENABLED"]
    return (
        ""
        if on
        else f"no rule that is on sends to {target.home_bus or 'the home bus'}, so home hears nothing"
    )


def _table(target: Target, name: str) -> str:
    table = target.client("dynamodb").describe_table(TableName=name)["Table"]
    if table["TableStatus"] not in {"ACTIVE", "UPDATING"}:
        return f"the table {name} is {table['TableStatus']}"
    return "" if table.get("LatestStreamArn") else f"the table {name} has no stream, so nothing is announced"


def _bus(target: Target, name: str) -> str:
    target.client("events").describe_event_bus(Name=name)
    return ""


def _queue(target: Target, url: str) -> str:
    target.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return ""


def _bucket(target: Target, name: str) -> str:
    versioning = target.client("s3").get_bucket_versioning(Bucket=name).get("Status")
    return "" if versioning == "Enabled" else f"the bucket {name} keeps no versions"


def _topic(target: Target, arn: str) -> str:
    target.client("sns").get_topic_attributes(TopicArn=arn)
    return ""
