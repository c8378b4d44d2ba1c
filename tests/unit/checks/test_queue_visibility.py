"""A queue hides a message six times as long as its consumer may take, and the batch window: wherever both stand."""

from __future__ import annotations

import pytest

from validator.checks.queue_visibility import run

from .subjects import stack, subject_of

BOTH = """
Parameters: {{ Late: {{ Type: AWS::SSM::Parameter::Value<String>, Default: /late }} }}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties: {{ {queue} }}
  Function:
    Type: AWS::Lambda::Function
    Properties: {{ {function} }}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {{ EventSourceArn: {source}, FunctionName: {target}, {mapping} }}
"""


def found(
    queue: str = "",
    function: str = "",
    mapping: str = "",
    source: str = "!GetAtt Queue.Arn",
    target: str = "!Ref Function",
) -> list[str]:
    """Return the mends for one template with a queue, a function and what joins them."""
    body = BOTH.format(queue=queue, function=function, mapping=mapping, source=source, target=target)
    return [finding.remediation.split(":")[0] for finding in run(subject_of(stack(body)))]


@pytest.mark.parametrize(
    ("queue", "function", "mapping", "mends"),
    [
        ("", "", "", []),
        ("", "Timeout: 5", "", []),
        ("", "Timeout: 6", "", ["give at least 36 s"]),
        ("VisibilityTimeout: 18", "", "", []),
        ("VisibilityTimeout: 17", "", "", ["give at least 18 s"]),
        ("VisibilityTimeout: 60", "Timeout: 10", "", []),
        ("VisibilityTimeout: 60", "Timeout: 10", "MaximumBatchingWindowInSeconds: 1", ["give at least 61 s"]),
        ("VisibilityTimeout: 61", "Timeout: 10", "MaximumBatchingWindowInSeconds: 1", []),
        ('VisibilityTimeout: "59"', "Timeout: 10", "", ["give at least 60 s"]),
    ],
)
def test_six_times_the_timeout_and_the_window(
    queue: str, function: str, mapping: str, mends: list[str]
) -> None:
    """30 s and 3 s are what SQS and Lambda take where nothing is said."""
    assert found(queue, function, mapping) == mends


@pytest.mark.parametrize(
    ("queue", "function", "mapping"),
    [
        ("VisibilityTimeout: !Ref Late", "Timeout: 10", ""),
        ("", "Timeout: !Ref Late", ""),
        ("VisibilityTimeout: 60", "Timeout: 10", "MaximumBatchingWindowInSeconds: !Ref Late"),
    ],
)
def test_what_only_a_deployment_knows_is_not_judged(queue: str, function: str, mapping: str) -> None:
    """Whatever it may be."""
    assert found(queue, function, mapping) == []


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("arn:aws:sqs:us-east-1:111111111111:other", "!Ref Function"),
        ("!GetAtt Function.Arn", "!Ref Function"),
        ("!GetAtt Queue.Arn", "!Ref Queue"),
        ("!GetAtt Queue.Arn", "!Ref Late"),
    ],
)
def test_what_is_no_queue_with_a_function_is_not_judged(source: str, target: str) -> None:
    """A stream, a queue elsewhere, a function elsewhere."""
    assert found("VisibilityTimeout: 1", "Timeout: 10", "", source, target) == []


PUBLISHED = """
Resources:
  {name}:
    Type: {type}
    Properties: {{ {properties} }}
  Published:
    Type: AWS::SSM::Parameter
    Properties: {{ Type: String, Name: {place}, Value: !GetAtt {name}.Arn }}
"""
JOINED = """
Parameters:
  QueueArn: { Type: "AWS::SSM::Parameter::Value<String>", Default: /queue }
  FunctionArn: { Type: "AWS::SSM::Parameter::Value<String>", Default: /function }
Resources:
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { EventSourceArn: !Ref QueueArn, FunctionName: !Ref FunctionArn }
"""


@pytest.mark.parametrize(
    ("region", "account", "expected"),
    [("us-east-1", "111111111111", 1), ("us-east-2", "111111111111", 0), ("us-east-1", "222222222222", 0)],
)
def test_three_stacks_are_joined_by_the_parameter_store(region: str, account: str, expected: int) -> None:
    """Of one account and region: elsewhere the same name is another thing."""
    queue = PUBLISHED.format(
        name="Queue", type="AWS::SQS::Queue", properties="VisibilityTimeout: 59", place="/queue"
    )
    function = PUBLISHED.format(
        name="Function", type="AWS::Lambda::Function", properties="Timeout: 10", place="/function"
    )
    subject = subject_of(
        stack(queue, "dev/orders/queue", region=region, account=account),
        stack(function, "dev/orders/worker"),
        stack(JOINED, "dev/orders/joined"),
    )
    findings = list(run(subject))
    assert len(findings) == expected
    assert [finding.file for finding in findings] == ["templates/queue.yaml"] * expected
