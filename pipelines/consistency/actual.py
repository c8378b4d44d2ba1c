"""A stack as it runs, whoever read it: from the state table, or from CloudFormation itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Self

from validator.digest import RELEASE_TAGS

if TYPE_CHECKING:
    from pipelines.state.records import StackState

NOT_THERE = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"})
"""Statuses of a stack that holds nothing: it is gone, or a change set was asked what it would make."""
STANDING = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
"""Statuses of a stack that is whole; whether it is what the release says is another question."""
HIDDEN = "****"
"""What CloudFormation shows of a parameter with NoEcho."""

Place = tuple[str, str, str]
"""Account, region and CloudFormation's name: where a stack is."""


@dataclass(frozen=True, slots=True)
class Actual:
    """A live stack. What could not be read is None; `tags` has no tag that names the release, `version` does.

    `observed_at` is when an agent looked; None where it was read just now.
    """

    account: str
    region: str
    name: str
    status: str
    reason: str
    version: str
    template_digest: str | None
    digest: str | None
    parameters: Mapping[str, str] | None
    tags: Mapping[str, str]
    observed_at: datetime | None = None

    @classmethod
    def of_state(cls, state: StackState) -> Self:
        """Return the stack that a record of the state table is of."""
        return cls(
            account=state.key.account,
            region=state.key.region,
            name=state.key.stack,
            status=state.status,
            reason=state.reason,
            version=state.version,
            template_digest=state.template_digest,
            digest=state.digest,
            parameters=state.parameters,
            tags={key: value for key, value in state.tags.items() if key not in RELEASE_TAGS},
            observed_at=state.observed_at,
        )

    @property
    def place(self) -> Place:
        """Where it is."""
        return self.account, self.region, self.name

    @property
    def is_there(self) -> bool:
        """Whether it exists at all."""
        return self.status not in NOT_THERE

    @property
    def is_moving(self) -> bool:
        """Whether an operation is under way: its end is looked at, not its course."""
        return self.status.endswith("_IN_PROGRESS")

    @property
    def stands(self) -> bool:
        """Whether it is whole."""
        return self.status in STANDING
