"""Walks through EventBridge: rules with their targets, and the policy of a bus."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.e2e.sandbox.stacks import Stack
from tests.e2e.sandbox.walks import Make, picked, refusal

RULES = """
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: compared-events}}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: compared-events}}
  Rule:
    Type: AWS::Events::Rule
    DependsOn: Bus
    Properties:
      Name: compared-events
      EventBusName: compared-events
      EventPattern: {source: [compared], detail: {count: [{numeric: [">", 1]}]}}
      Targets: [{Id: queue, Arn: !GetAtt Queue.Arn}]
Outputs: {Url: {Value: !Ref Queue}}
"""


def rules(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    """A rule of a bus and its target, and an event that does not match.

    What matches is not compared: moto wants a further package to deliver it.
    """
    events, sqs, stack = make("events"), make("sqs"), Stack(make("cloudformation"), "rules")
    yield "CreateStack", stack.create(RULES)
    yield (
        "DescribeRule",
        picked(
            events.describe_rule(Name="compared-events", EventBusName="compared-events"),
            "Name",
            "State",
            "EventBusName",
        ),
    )

    targets = events.list_targets_by_rule(Rule="compared-events", EventBusName="compared-events")["Targets"]
    yield "ListTargetsByRule", [(each["Id"], each["Arn"].rsplit(":", 1)[1]) for each in targets]
    entry = {"Source": "compared", "DetailType": "Compared", "EventBusName": "compared-events"}
    for name, detail in (("PutEvents", '{"count": 1}'), ("PutEvents of what is no JSON", "no JSON")):
        answer = events.put_events(Entries=[{**entry, "Detail": detail}])
        yield name, (answer["FailedEntryCount"], [each.get("ErrorCode", "") for each in answer["Entries"]])
    url = stack.outputs()["Url"]
    yield "ReceiveMessage", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages", [])
    yield "DeleteStack", stack.delete()
    yield "DescribeEventBus of none", refusal(events.describe_event_bus, Name="compared-events")


def permissions(make: Make, account: str) -> Iterator[tuple[str, Any]]:
    """A bus's policy statement by statement, and what of it is refused."""
    events = make("events")
    events.create_event_bus(Name="permitted")
    given = {"Action": "events:PutEvents", "Principal": "222222222222", "EventBusName": "permitted"}
    events.put_permission(**given, StatementId="one")
    events.put_permission(**{**given, "Principal": "333333333333"}, StatementId="two")
    policy = json.loads(events.describe_event_bus(Name="permitted")["Policy"])
    yield (
        "PutPermission",
        [(one["Sid"], one["Effect"], one["Action"], one["Principal"]) for one in policy["Statement"]],
    )
    events.remove_permission(EventBusName="permitted", StatementId="one")
    policy = json.loads(events.describe_event_bus(Name="permitted")["Policy"])
    yield "RemovePermission", [one["Sid"] for one in policy["Statement"]]
    yield (
        "RemovePermission of none",
        refusal(events.remove_permission, EventBusName="permitted", StatementId="three"),
    )
    events.remove_permission(EventBusName="permitted", RemoveAllPermissions=True)
    yield "RemovePermission of all", events.describe_event_bus(Name="permitted").get("Policy", "")
    yield (
        "PutPermission for no bus",
        refusal(events.put_permission, **{**given, "EventBusName": "missing"}, StatementId="one"),
    )
    yield "CreateEventBus of one that is there", refusal(events.create_event_bus, Name="permitted")
    yield (
        "CreateArchive of no bus",
        refusal(
            events.create_archive,
            ArchiveName="missing",
            EventSourceArn=f"arn:aws:events:us-east-1:{account}:event-bus/missing",
        ),
    )
