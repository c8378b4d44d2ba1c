"""The state machine that asks the gate, and waits as long as the policy says. Pure (REQ-G10, REQ-G3).

    Ask -> success: Passed; failure: Refused; pending: wait, and ask again; who cannot tell: tried again, then failed

How long is waited for a soak comes from the policy alone, and no input shortens it. That it is over is the gate's word.
"""

from __future__ import annotations

from typing import Any

from pipelines.promotion.policy import Policy

from .stages import title

AGAIN_SECONDS = 300
"""Between two questions where something else than a soak is waited for, as a lock or the end of a freeze."""
PATIENCE_SECONDS = 6 * 86_400
"""A pipeline's action ends after seven days; the machine ends before it, as a failure."""
TRIES = {"IntervalSeconds": 30, "MaxAttempts": 5, "BackoffRate": 2}
"""Of a question that could not be answered: for some quarter of an hour. Then nothing is let in."""


def definition(policy: Policy) -> dict[str, Any]:
    """Return the machine in Amazon States Language; the template replaces `${FunctionArn}` and names such as `${Prod}`.

    https://docs.aws.amazon.com/step-functions/latest/dg/concepts-amazon-states-language.html
    """
    soaks = [rule for rule in policy.rules if rule.source is not None and rule.soak]
    states: dict[str, Any] = {"Ask": _ask(), "Judge": _judge([rule.environment for rule in soaks])}
    for rule in soaks:
        states[_soak(rule.environment)] = _wait(int(rule.soak.total_seconds()))
    states |= {
        "AskAgain": _wait(AGAIN_SECONDS),
        "Passed": {"Type": "Succeed"},
        "Refused": {"Type": "Fail", "Error": "Refused", "CausePath": "$.answer.reason"},
        "NoAnswer": {"Type": "Fail", "Error": "NoAnswer", "Cause": "The gate gave no verdict that is known."},
    }
    return {
        "Comment": "Asks the gate of an environment until it lets a release in or refuses it",
        "StartAt": "Ask",
        "TimeoutSeconds": PATIENCE_SECONDS,
        "States": states,
    }


def _ask() -> dict[str, Any]:
    asked = {f"{name}.$": f"$.{name}" for name in ("plan", "release", "commit", "environment", "step")}
    told = {f"{name}.$": f"$.Payload.{name}" for name in ("state", "soaking", "reason")}
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": "${FunctionArn}", "Payload": asked},
        "ResultSelector": told,
        "ResultPath": "$.answer",
        "TimeoutSeconds": 120,
        "Retry": [{"ErrorEquals": ["States.ALL"], **TRIES}],
        "Next": "Judge",
    }


def _judge(soaking: list[str]) -> dict[str, Any]:
    pending = {"Variable": "$.answer.state", "StringEquals": "pending"}
    soaks = [
        {
            "And": [
                pending,
                {"Variable": "$.answer.soaking", "BooleanEquals": True},
                {"Variable": "$.environment", "StringEquals": f"${{{title(environment)}}}"},
            ],
            "Next": _soak(environment),
        }
        for environment in soaking
    ]
    return {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.answer.state", "StringEquals": "success", "Next": "Passed"},
            {"Variable": "$.answer.state", "StringEquals": "failure", "Next": "Refused"},
            *soaks,
            {**pending, "Next": "AskAgain"},
        ],
        "Default": "NoAnswer",
    }


def _soak(environment: str) -> str:
    return f"SoakBefore{title(environment)}"


def _wait(seconds: int) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds, "Next": "Ask"}
