"""Smoke tests of `control`: what home keeps, and what each environment's agent stands on, answers (REQ-V10, REQ-C1)."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from pipelines.smoke.trial import Target, Trial

ON = frozenset({"Enabled", "Updating"})
"""The states of an event source mapping that delivers (Lambda API reference, GetEventSourceMapping)."""


def smoke_home(target: Target) -> list[Trial]:
    """Return a trial for each thing that records: the table, the bus, the queue, the store and the topics.

    And one for each function that the queue or the table's stream feeds: without its mapping nothing reaches it.
    """
    topics = ("Drift", "Validation", "Rollback", "Alarm")
    fed = {"tracker": "the queue", "announcer": "the stream", "consistency": "the stream"}
    return [
        target.tried("state table", "table/TableName", lambda name: _table(target, name)),
        target.tried("home bus", "bus/BusName", lambda name: _bus(target, name)),
        target.tried("tracker queue", "tracker-queue/QueueUrl", lambda url: _queue(target, url)),
        target.tried("configuration store", "configuration/BucketName", lambda name: _bucket(target, name)),
        *(
            target.tried(f"topic {topic}", f"topics/{topic}TopicArn", lambda arn: _topic(target, arn))
            for topic in topics
        ),
        *(
            target.tried(f"{name} of {source}", f"{name}/FunctionName", partial(_fed, target))
            for name, source in fed.items()
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
    return _fed(target, name) if status == HTTPStatus.NO_CONTENT else f"the function {name} answers {status}"


def _fed(target: Target, name: str) -> str:
    """Say what is wrong where a queue or stream hands a function nothing, and nobody would notice."""
    answer = target.client("lambda").list_event_source_mappings(FunctionName=name)
    mappings = answer["EventSourceMappings"]
    if not mappings:
        return f"the function {name} has no event source mapping, so nothing reaches it"
    off = [f"{one['UUID']} is {one['State']}" for one in mappings if one["State"] not in ON]
    return f"of the function {name} the event source mapping {', '.join(off)}" if off else ""


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
