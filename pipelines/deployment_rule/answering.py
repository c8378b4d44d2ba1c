"""Answering what GitHub waits for: each open question is judged at each pass until it has an answer. I/O (REQ-G9)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Evidence
from pipelines.promotion.policy import Policy
from pipelines.state.records import RuleRequest
from pipelines.state.store import ContentionError, StateStore

from .answer import Answer, answer, given_up
from .commits import of
from .github import GitHub, GitHubError

PATIENCE = timedelta(days=7)
"""How long is waited before the answer is no. GitHub itself ends a job that waits for 30 days."""
REPORTS = 9
"""What is told of one deployment while it waits; GitHub takes ten."""
UNPROCESSABLE = 422
"""What GitHub says of a deployment that waits for no answer any more: one that was cancelled, or answered."""
PASSING = (BotoCoreError, ClientError, ContentionError)

End = Literal["approved", "rejected", "waiting", "closed", "failed"]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a question in a pass; `reason` says what stood in the way of `failed` and `closed`."""

    request: RuleRequest
    end: End
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Answering:
    """The desk. `github` gives the API as the app of a question, `gather` the evidence at a time, `clock` the time."""

    table: StateStore
    policy: Policy
    github: Callable[[RuleRequest, datetime], GitHub]
    gather: Callable[[RuleRequest, GitHub, datetime], Evidence]
    clock: Callable[[], datetime]

    def run(self) -> Iterator[Done]:
        """Judge every open question. What fails is asked again at the next pass, and holds up no other."""
        for request in list(self.table.open_rule_requests()):
            try:
                yield self._judged(request, self.clock())
            except PASSING as error:
                yield Done(request, "failed", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - a record that is none must not keep others waiting
                yield Done(request, "failed", f"{type(error).__name__}: {error}"[:500])

    def _judged(self, request: RuleRequest, now: datetime) -> Done:
        late = now - request.received_at > PATIENCE
        try:
            github = self.github(request, now)
            evidence = self.gather(request, github, now)
        except GitHubError as error:
            return self._closed(request, str(error), now) if late else Done(request, "failed", str(error))
        decision = decide(evidence, self.policy.of(request.environment))
        found = answer(decision, request.environment, evidence.tag)
        if found.word == "waiting" and late:
            found = given_up(found, PATIENCE.days)
        if found.word == "waiting":
            return self._reported(request, github, found)
        return self._answered(request, github, found, now, late=late)

    def _reported(self, request: RuleRequest, github: GitHub, found: Answer) -> Done:
        """Say what is waited for, where that is another than what was said last."""
        is_news = found.gates != request.told and request.reports < REPORTS
        # Noted first: of two that tell at once one does, and GitHub takes ten.
        if is_news and self.table.note_rule_report(request, found.gates):
            self._post(request, github, found)
        return Done(request, "waiting", found.gates)

    def _answered(
        self, request: RuleRequest, github: GitHub, found: Answer, now: datetime, *, late: bool
    ) -> Done:
        """Tell the answer, then note it: who dies between the two tells it again, and GitHub says that it has one."""
        try:
            self._post(request, github, found)
        except GitHubError as error:
            if late or error.status == UNPROCESSABLE:
                return self._closed(request, str(error), now)
            return Done(request, "failed", str(error))
        end: Literal["approved", "rejected"] = "approved" if found.word == "approved" else "rejected"
        self.table.end_rule_request(request, end, found.comment, now)
        return Done(request, end)

    def _closed(self, request: RuleRequest, reason: str, now: datetime) -> Done:
        self.table.end_rule_request(request, "closed", reason, now)
        return Done(request, "closed", reason)

    def _post(self, request: RuleRequest, github: GitHub, found: Answer) -> None:
        place = (*of(request.repository), "actions", "runs", request.run, "deployment_protection_rule")
        github.post(*place, body=found.body)
