"""Which names follow a pattern."""

from __future__ import annotations

import pytest

from validator.checks.naming import NAMES, run

from .subjects import stack, subject_of


def found(kind: str, properties: str, pattern: str = "dev-orders-*-blue") -> list[str]:
    """Return what is said of one resource."""
    body = f"Resources:\n  One:\n    Type: {kind}\n    Properties: {{ {properties} }}\n"
    return [finding.message for finding in run(subject_of(stack(body), naming=lambda one: pattern))]


@pytest.mark.parametrize(
    "name",
    [
        "dev-orders-queue-blue",
        "/aws/lambda/dev-orders-queue-blue",
        "alias/dev-orders-queue-blue",
        "API-Gateway-Execution-Logs_abc/live",
        "dev-orders-queue.fifo-blue",
    ],
)
def test_a_name_of_the_pattern(name: str) -> None:
    """With what its type wants before it."""
    assert found("AWS::SQS::Queue", f"QueueName: {name}") == []


@pytest.mark.parametrize(
    "name",
    [
        "queue",
        "dev-orders--blue",
        "dev-orders-queue",
        "prod-orders-queue-blue",
        "x/dev-orders-queue-blue",
        "dev-orders-queue-blue-2",
        "xdev-orders-queue-blue",
    ],
)
def test_a_name_of_another_form(name: str) -> None:
    """Without prefix, type or suffix, or with more around them."""
    (message,) = found("AWS::SQS::Queue", f"QueueName: {name}")
    assert message == f"One is named {name}, which is not of the form dev-orders-*-blue"


def test_a_symbol_is_told_by_its_text_and_an_invalid_one_not_at_all() -> None:
    """What could not be computed is the check `template`'s to say."""
    assert found("AWS::SQS::Queue", "QueueName: !Sub 'dev-orders-${AWS::StackId}'") == [
        "One is named dev-orders-${ref:AWS::StackId}, which is not of the form dev-orders-*-blue"
    ]
    assert found("AWS::SQS::Queue", "QueueName: !Sub 'dev-${Gone}'") == []


def test_without_a_pattern_nothing_is_asked() -> None:
    """As in a project that states none."""
    assert found("AWS::SQS::Queue", "DelaySeconds: 0", pattern="") == []
    assert found("AWS::SQS::Queue", "DelaySeconds: 0") == ["One has no QueueName"]
    assert found("AWS::SSM::Parameter", "Type: String") == []


@pytest.mark.parametrize(("kind", "key"), NAMES.items())
def test_every_type_that_carries_a_name_is_asked(kind: str, key: str) -> None:
    """At its own property."""
    assert found(kind, f"{key}: dev-orders-one-blue") == []
    assert found(kind, f"{key}: one") != []
