"""Requests and templates that the tests of cfn-lint share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.linting import LintRequest
from pipelines.linting.engine import lint_one
from pipelines.linting.job import Job, Outcome

GOOD = """\
Parameters:
  Delay:
    Type: Number
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: !Ref Delay
      KmsMasterKeyId: alias/aws/sqs
"""
BAD = GOOD.replace("!Ref Delay", "many")
FINISHED = {"Delay": "10"}


def request(text: str = GOOD, **changes: Any) -> LintRequest:
    given: dict[str, Any] = {"file": "templates/queue.yaml", "text": text, "region": "us-east-1"}
    given |= {"parameters": FINISHED, "environments": ("dev",)}
    return LintRequest(**(given | changes))


def outcome(
    text: str,
    parameters: Mapping[str, str | Sequence[str]] | None = None,
    *,
    deferred: frozenset[str] = frozenset(),
    region: str = "us-east-1",
    settings: Mapping[str, Any] | None = None,
) -> Outcome:
    """Return what the engine says of a template in this process."""
    return lint_one(Job(text, region, parameters or {}, deferred, settings or {}))


def rules_of(found: Outcome) -> set[str]:
    return {finding.message.split()[0] for finding in found.findings}


def queues(count: int, mark: str = "") -> str:
    """Return a good template with this many queues: about a hundredth of a second of work for each."""
    resource = "    Type: AWS::SQS::Queue\n    Properties: {DelaySeconds: 1, KmsMasterKeyId: alias/aws/sqs}\n"
    return "Resources:\n" + "".join(f"  Queue{mark}{number}:\n{resource}" for number in range(count))
