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
    """Return the trials of each region's agent: its functions, the rules that send home, what it is made from."""
    return [trial for each in (target, *target.others) for trial in _agent(each)]


def _agent(target: Target) -> list[Trial]:
    there = target.region
    asked = (
        ("artifacts", "artifacts/BucketName", _bucket),
        ("observer", "agent/ObserverFunctionName", _function),
        ("drift agent", "agent/DriftFunctionName", _function),
    )
    found = [target.tried(f"{name} in {there}", output, partial(ask, target)) for name, output, ask in asked]
    return [
        *found,
        target.asked(f"home bus from {there}", lambda: _sends_home(target)),
        target.tried(f"reports from {there}", "agent/BusName", partial(_sends_home, target)),
    ]


def _function(target: Target, name: str) -> str:
    """Ask Lambda whether the function could be invoked (API reference, Invoke: DryRun answers 204); nothing runs."""
    status = target.client("lambda").invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"]
    return "" if status == HTTPStatus.NO_CONTENT else f"the function {name} answers {status}"


def _sends_home(target: Target, bus: str = "default") -> str:
    """Say what is wrong where no rule of a bus of the region that is on hands events to the home bus."""
    events, home, of_bus = target.client("events"), target.home_bus, {"EventBusName": bus}
    rules = events.list_rule_names_by_target(TargetArn=home, **of_bus)["RuleNames"] if home else []
    if any(events.describe_rule(Name=rule, **of_bus)["State"] == "ENABLED" for rule in rules):
        return ""
    return f"no rule of the bus {bus} that is on sends to {home or 'the home bus'}, so home hears nothing"


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
