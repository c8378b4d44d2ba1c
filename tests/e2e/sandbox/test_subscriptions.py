"""Subscriptions of a topic: filters, and the dead letter queue of one whose queue refuses (REQ-C5)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.e2e.conftest import Client
from tests.e2e.sandbox.events import messages
from tests.e2e.sandbox.stacks import Stack
from validator.settings.notifications import Notifications, Subscription

TOPICS = Path(__file__).parents[3] / "templates" / "topics.yaml"

TEMPLATE = """
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Urgent: {Type: AWS::SQS::Queue}
  Closed: {Type: AWS::SQS::Queue}
  Dead: {Type: AWS::SQS::Queue}
  Allow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Urgent, !Ref Dead]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: sns.amazonaws.com}
            Action: "sqs:SendMessage"
            Resource: "*"
            Condition: {ArnEquals: {"aws:SourceArn": !Ref Topic}}
  Filtered:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Urgent.Arn
      RawMessageDelivery: true
      FilterPolicy: {environment: [prod], severity: [critical]}
  Refused:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Closed.Arn
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn}
Outputs: {Topic: {Value: !Ref Topic}, Urgent: {Value: !Ref Urgent}, Dead: {Value: !Ref Dead}}
"""


def test_filters_and_dead_letters(client: Client, account: str, stack: Stack) -> None:
    """A subscriber gets what its filter names; what a queue refuses is that subscription's dead letter."""
    assert stack.create(TEMPLATE) == "CREATE_COMPLETE", stack.reasons()
    outputs, sns, sqs = stack.outputs(), client("sns", account=account), client("sqs", account=account)
    for severity in ("critical", "info"):
        sns.publish(
            TopicArn=outputs["Topic"],
            Message=severity,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in (("environment", "prod"), ("severity", severity))
            },
        )
    assert [one["Body"] for one in messages(sqs, outputs["Urgent"], 2, 1)] == ["critical"]
    dead = [json.loads(one["Body"])["Message"] for one in messages(sqs, outputs["Dead"], 2)]
    assert sorted(dead) == ["critical", "info"]


def _published(sns: Any, topic: str, **attributes: str) -> None:
    """Publish a message that says what its attributes are."""
    sns.publish(
        TopicArn=topic,
        Message=" ".join(attributes.values()) or "alarm",
        MessageAttributes={
            name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        },
    )


def _mirror(sqs: Any, sns: Any, topic: str, subscription: str) -> str:
    """Subscribe a queue to a topic with the very same filter as a subscription has, and return its URL."""
    attributes = sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    url: str = sqs.create_queue(QueueName=f"mirror-{subscription.rpartition(':')[2]}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    same = {name: attributes[name] for name in ("FilterPolicy", "FilterPolicyScope") if name in attributes}
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn,
        Attributes={"RawMessageDelivery": "true", **same},
    )
    return url


def test_who_is_told_by_the_settings_gets_what_its_filter_names(
    client: Client, account: str, stack: Stack
) -> None:
    """An e-mail address and a webhook, as settings write them, of the template that home deploys (REQ-C5).

    The local AWS sends no mail, and calls no webhook that has not confirmed: a queue beside each, with the filter that
    the subscription has, shows what would be delivered. Whether it is delivered is AWS's word.
    """
    sns, sqs, ssm = (client(service, account=account) for service in ("sns", "sqs", "ssm"))
    key = client("kms", account=account).create_key()["KeyMetadata"]["Arn"]
    for name in ("DataKeyArn", "OperationsKeyArn"):
        ssm.put_parameter(Name=f"/control/shared/keys/{name}", Value=key, Type="String")
    told = Notifications(
        subscriptions=[
            Subscription(
                protocol="email", endpoint="a@example.com", environments=["prod"], severities=["critical"]
            ),
            Subscription(protocol="https", endpoint="https://localhost/hook", environments=["dev", "prod"]),
        ]
    )
    parameters = {
        "NamePrefix": "shared-control-",
        "NameSuffix": "",
        "ParameterPath": "/control/shared/topics",
        "Subscriptions": ",".join(told.entries),
        "RunbooksUrl": "https://example.com",
        "DataKeyArn": "/control/shared/keys/DataKeyArn",
        "OperationsKeyArn": "/control/shared/keys/OperationsKeyArn",
        "Lifecycle": "disposable",
    }
    assert stack.create(TOPICS.read_text(encoding="utf-8"), parameters) == "CREATE_COMPLETE", stack.reasons()
    outputs = stack.outputs()
    for topic in ("Drift", "Validation", "Rollback", "Alarm"):
        arn = outputs[f"{topic}TopicArn"]
        found = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        mirrors = {one["Protocol"]: _mirror(sqs, sns, arn, one["SubscriptionArn"]) for one in found}
        assert mirrors.keys() == {"email", "https"}
        for environment in ("dev", "prod"):
            for severity in ("info", "warning", "critical"):
                _published(sns, arn, environment=environment, severity=severity)
        _published(sns, arn, severity="critical")  # of no environment
        _published(sns, arn)  # as CloudWatch does
        got = {name: {one["Body"] for one in messages(sqs, url, 9, 0.2)} for name, url in mirrors.items()}
        every = {f"{e} {s}" for e in ("dev", "prod") for s in ("info", "warning", "critical")}
        if topic == "Alarm":
            assert got == dict.fromkeys(mirrors, every | {"critical", "alarm"})
        else:
            assert got["email"] == {"prod critical", "critical"}
            assert got["https"] == {one for one in every if "info" not in one} | {"critical"}
