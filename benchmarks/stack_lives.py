"""Lives of many stacks as the events that the tracker gets of them: out of order, and some of them twice.

Each operation gives four events, as on AWS: CloudFormation's own at its start and its end, forwarded home, and the
agent's observation after each.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.tracking.observation import SOURCE, STACK_OBSERVED, Observation, Trigger

ENVIRONMENTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}
REGIONS = ("us-east-1", "us-east-2", "us-west-2", "eu-west-1")
STACKS, OPERATIONS, REPEATED = 500, 5, 500
"""Stacks over all accounts and regions, operations on each, and events that come a second time."""

DISORDER = 200
"""So many places an event may come too early or too late."""

FAILS_EVERY = 50
"""Of so many operations one is rolled back."""

STATUS = "CloudFormation Stack Status Change"


@dataclass(frozen=True, slots=True)
class Life:
    """One stack: where it is, and what it is in the end."""

    name: str
    environment: str
    account: str
    region: str
    status: str
    version: str


def lives(
    stacks: int = STACKS, operations: int = OPERATIONS, repeated: int = REPEATED, seed: int = 7
) -> tuple[list[Life], list[str]]:
    """Return the stacks as they are in the end, and the bodies of the queue's messages in the order they come."""
    chance = random.Random(seed)  # noqa: S311 - no secret: the same disorder in every run
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    found, events = list[Life](), list[tuple[float, str]]()
    for number in range(stacks):
        environment = list(ENVIRONMENTS)[number % len(ENVIRONMENTS)]
        region = REGIONS[number // len(ENVIRONMENTS) % len(REGIONS)]
        life = Life(
            f"lockstep-{environment}-orders-{number:04}",
            environment,
            ENVIRONMENTS[environment],
            region,
            "",
            "",
        )
        for turn in range(operations):
            serial = number * operations + turn
            failed = serial % FAILS_EVERY == FAILS_EVERY - 1
            end = "UPDATE_ROLLBACK_COMPLETE" if failed else "UPDATE_COMPLETE"
            life = Life(life.name, environment, life.account, region, end, f"v1.{turn}.0")
            at = began + timedelta(seconds=turn)
            bodies = _operation(life, at, serial)
            events += [(turn * stacks * 4 + number * 4 + place, body) for place, body in enumerate(bodies)]
        found.append(life)
    events += chance.sample(events, repeated)
    ordered = sorted(events, key=lambda event: event[0] + chance.uniform(0, DISORDER))
    return found, [body for _, body in ordered]


def _operation(life: Life, at: datetime, serial: int) -> Iterator[str]:
    for step, status in enumerate(("UPDATE_IN_PROGRESS", life.status)):
        identity = f"{serial * 2 + step:08x}-0000-4000-8000-000000000000"
        arn = f"arn:aws:cloudformation:{life.region}:{life.account}:stack/{life.name}/0a1b"
        detail = {"stack-id": arn, "status-details": {"status": status, "status-reason": ""}}
        yield _event(life, identity, at, "aws.cloudformation", STATUS, detail)
        observation = Observation(
            stack_id=arn,
            name=life.name,
            status=status,
            reason="",
            operation_at=at,
            created_at=at - timedelta(days=1),
            observed_at=at + timedelta(seconds=1),
            tags={
                "Environment": life.environment,
                "Workload": "orders",
                "Version": life.version,
                "SourceCommit": "0" * 40,
                "DeployedAt": "2026-01-01T00:00:00+00:00",
                "ManagedBy": "lockstep",
            },
            parameters={"NamePrefix": f"{life.environment}-orders-", "RetentionSeconds": "345600"},
            template_digest="sha256:" + "0" * 64,
            digest="sha256:" + "1" * 64,
            trigger=Trigger(identity, at, status, "", STATUS),
        )
        seen = f"{serial * 2 + step:08x}-0000-4000-8000-000000000001"
        yield _event(life, seen, at + timedelta(seconds=1), SOURCE, STACK_OBSERVED, observation.to_document())


def _event(life: Life, identity: str, at: datetime, source: str, detail_type: str, detail: Any) -> str:
    return json.dumps(
        {
            "version": "0",
            "id": identity,
            "source": source,
            "account": life.account,
            "region": life.region,
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "detail-type": detail_type,
            "resources": [],
            "detail": detail,
        }
    )
