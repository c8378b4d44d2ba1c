"""What an agent says of a stack and of its region: the contract between agent and home (REQ-C2).

`to_document` is what goes into an event's detail, `read_...` takes it apart again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pipelines.state.times import timestamp

from .document import Document, MalformedError
from .names import DIGEST, EVENT_ID, STACK_NAME, STATUS, parse_arn

SOURCE = "lockstep.agent"
STACK_OBSERVED, REGION_CENSUS = "Stack Observed", "Region Census"
OBSERVATION, CENSUS = "lockstep/observation/v1", "lockstep/census/v1"
REASON_LIMIT = 1024
"""Characters of a reason that are kept."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """The event of CloudFormation's that made an agent look: it becomes part of the stack's history."""

    event_id: str
    time: datetime
    status: str
    reason: str
    detail_type: str


@dataclass(frozen=True, slots=True)
class Observation:
    """A stack as an agent read it. `operation_at` is CloudFormation's time, `observed_at` the agent's.

    `parameters` is None where they are too large to send; digests are None where the template was not read.
    """

    stack_id: str
    name: str
    status: str
    reason: str
    operation_at: datetime
    created_at: datetime
    observed_at: datetime
    tags: Mapping[str, str]
    parameters: Mapping[str, str] | None
    template_digest: str | None = None
    digest: str | None = None
    trigger: Trigger | None = None

    def to_document(self) -> dict[str, Any]:
        """Return the event's detail."""
        trigger = self.trigger
        return {
            "schema": OBSERVATION,
            "stack_id": self.stack_id,
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "operation_at": timestamp(self.operation_at),
            "created_at": timestamp(self.created_at),
            "observed_at": timestamp(self.observed_at),
            "tags": dict(self.tags),
            "parameters": None if self.parameters is None else dict(self.parameters),
            "template_digest": self.template_digest,
            "digest": self.digest,
            "trigger": trigger
            and {
                "event_id": trigger.event_id,
                "time": timestamp(trigger.time),
                "status": trigger.status,
                "reason": trigger.reason,
                "detail_type": trigger.detail_type,
            },
        }

    def shortened(self) -> Observation:
        """Return the same without the parameters' values, which can be too large to send."""
        return replace(self, parameters=None)


@dataclass(frozen=True, slots=True)
class CensusPart:
    """Of the region's stacks whose name is over `after` and at most `upto`, exactly `names` exist.

    Empty is no limit. `observed_at` is when the agent began to list: what was seen before and is not named was gone.
    """

    part: int
    parts: int
    after: str
    upto: str
    names: tuple[str, ...]
    observed_at: datetime

    def to_document(self) -> dict[str, Any]:
        """Return the event's detail."""
        return {
            "schema": CENSUS,
            "part": self.part,
            "parts": self.parts,
            "after": self.after,
            "upto": self.upto,
            "names": list(self.names),
            "observed_at": timestamp(self.observed_at),
        }


def read_observation(detail: Document) -> Observation:
    """Return the observation of an event's detail. Raises MalformedError."""
    expect_schema(detail, OBSERVATION)
    observed = Observation(
        stack_id=detail.text("stack_id"),
        name=detail.text("name", limit=128, pattern=STACK_NAME),
        status=detail.text("status", pattern=STATUS),
        reason=detail.line("reason", limit=REASON_LIMIT),
        operation_at=detail.moment("operation_at"),
        created_at=detail.moment("created_at"),
        observed_at=detail.moment("observed_at"),
        tags=detail.texts_by_name("tags", limit=256),
        parameters=detail.texts_by_name("parameters", limit=4096) if detail.has("parameters") else None,
        template_digest=detail.optional_text("template_digest", pattern=DIGEST),
        digest=detail.optional_text("digest", pattern=DIGEST),
        trigger=_read_trigger(detail.object("trigger")) if detail.has("trigger") else None,
    )
    expect_name(observed.stack_id, observed.name)
    return observed


def _read_trigger(found: Document) -> Trigger:
    return Trigger(
        event_id=found.text("event_id", pattern=EVENT_ID),
        time=found.moment("time"),
        status=found.text("status", pattern=STATUS),
        reason=found.line("reason", limit=REASON_LIMIT),
        detail_type=found.line("detail_type", limit=128),
    )


def read_census(detail: Document) -> CensusPart:
    """Return the census part of an event's detail. Raises MalformedError."""
    expect_schema(detail, CENSUS)
    parts = detail.number("parts", least=1)
    found = CensusPart(
        part=detail.number("part", least=1, most=parts),
        parts=parts,
        after=_bound(detail, "after"),
        upto=_bound(detail, "upto"),
        names=detail.texts("names", pattern=STACK_NAME, most=5_000),
        observed_at=detail.moment("observed_at"),
    )
    if (found.part == 1) != (found.after == "") or (found.part == parts) != (found.upto == ""):
        raise MalformedError("the parts of the census leave names out")
    if not all(found.after < name and (not found.upto or name <= found.upto) for name in found.names):
        raise MalformedError("names holds one outside its part of the census")
    return found


def _bound(detail: Document, key: str) -> str:
    value = detail.text(key, limit=128)
    if value and not STACK_NAME.fullmatch(value):
        raise MalformedError(f"{key} is not a stack's name")
    return value


def expect_schema(detail: Document, schema: str) -> None:
    """Raise MalformedError unless the detail says that it follows `schema`."""
    if detail.text("schema", limit=64) != schema:
        raise MalformedError(f"the schema is not {schema}: the agent is older or newer than home")


def expect_name(stack_id: str, name: str) -> None:
    """Raise MalformedError unless the stack's ARN holds its name."""
    if parse_arn(stack_id, "stack").name != name:
        raise MalformedError("name is not the one in stack_id")
