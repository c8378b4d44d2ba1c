"""What GitHub asks before deployments: taken once, answered once (REQ-G9)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .. import keys
from ..records import RuleRequest, RuleState
from ..times import timestamp
from .part import Part
from .writes import ABSENT, put, update

IS_OPEN = "#state = :open"


class RuleRequests(Part):
    """Questions of GitHub's."""

    def take_rule_request(self, request: RuleRequest) -> bool:
        """Keep a question; False where it was asked before, whatever became of it."""
        return self._table.write(put(request.to_item(), ABSENT)).done

    def rule_request(self, deployment: int) -> RuleRequest | None:
        """Return the question about a deployment."""
        item = self._table.get(keys.rule_request(deployment))
        return RuleRequest.from_item(item) if item else None

    def open_rule_requests(self) -> Iterator[RuleRequest]:
        """Yield what waits for an answer. An index finds it, which is behind for moments."""
        for item in self._table.listed("GSI3", keys.OPEN_RULE_REQUESTS, keys.OF_RULE_REQUEST):
            found = RuleRequest.from_item(item)
            if found.state == "open":
                yield found

    def note_rule_report(self, request: RuleRequest, told: str) -> bool:
        """Note what is told of a question that stays open; False where it was told already, or is open no more."""
        write = update(
            keys.rule_request(request.deployment),
            "SET #told = :told, #reports = :reports",
            f"{IS_OPEN} AND #reports = :before",
            told=told,
            reports=request.reports + 1,
            before=request.reports,
            open="open",
        )
        return self._table.write(write).done

    def end_rule_request(self, request: RuleRequest, state: RuleState, told: str, at: datetime) -> bool:
        """Note the answer; False where the question has one."""
        write = update(
            keys.rule_request(request.deployment),
            "SET #state = :state, #told = :told, #answered_at = :at REMOVE #gsi3pk, #gsi3sk",
            IS_OPEN,
            state=state,
            told=told,
            at=timestamp(at),
            open="open",
        )
        return self._table.write(write).done
