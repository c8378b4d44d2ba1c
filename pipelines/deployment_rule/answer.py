"""What the rule answers: approved, rejected, or word of what it waits for. Pure (REQ-G9).

https://docs.github.com/en/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipelines.promotion.verdicts import Decision, Judged, State

LEFT = ("approval", "data-loss")
"""Gates that only `lockstep deploy` can ask: both need the plan, which is made of live change sets in the job."""
MOST = 1024
"""Characters of a comment that GitHub takes."""
REASON = 200
"""Characters of one gate's reason."""

Word = Literal["approved", "rejected", "waiting"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell GitHub of an environment. `waiting` is told as a comment alone, and asked again.

    `gates` are those that are not content, with their states: what is waited for, whatever the minute.
    """

    environment: str
    word: Word
    comment: str
    gates: str = ""

    @property
    def body(self) -> dict[str, str]:
        """The body of the review: without a state it is a status report, which decides nothing."""
        found = {"environment_name": self.environment, "comment": self.comment}
        return found if self.word == "waiting" else {**found, "state": self.word}


def answer(decision: Decision, environment: str, tag: str) -> Answer:
    """Return what follows from a decision, but for the gates that are LEFT.

    All of them content is approved, and one failure is rejected: waiting does not mend it. What is pending, or could
    not be found out, is waited for. A decision of no gate at all is never approved.
    """
    asked = [one for one in decision.judged if one.gate not in LEFT]
    states = {one.verdict.state for one in asked}
    word: Word = "approved" if states == {"success"} else "rejected" if "failure" in states else "waiting"
    gates = ", ".join(f"{one.gate} {one.verdict.state}" for one in asked if one.verdict.state != "success")
    return Answer(environment, word, comment(word, asked, environment, tag), gates)


def given_up(last: Answer, days: int) -> Answer:
    """Return the end of waiting: rejected, with what stood in the way last."""
    text = f"Rejected: nothing changed for {days} days.\n{last.comment}"
    return Answer(last.environment, "rejected", text[:MOST])


def comment(word: Word, asked: Iterable[Judged], environment: str, tag: str) -> str:
    """Return every gate's verdict, and the reason of each that is not content, in at most MOST characters."""
    judged = list(asked)
    head = f"Lockstep: {word}, {_code(tag)} into {_code(environment)}."
    content = [one.gate for one in judged if one.verdict.state == "success"]
    tail = [f"success: {', '.join(content) or 'none'}", f"asked again by the deployment: {', '.join(LEFT)}"]
    harm: tuple[State, ...] = ("failure", "error", "pending")
    lines = [
        f"{one.verdict.state}: {one.gate}: {{reason}}"
        for state in harm
        for one in judged
        if one.verdict.state == state
    ]
    reasons = [one.verdict.reason for state in harm for one in judged if one.verdict.state == state]
    room = MOST - sum(len(line) + 4 for line in (head, *tail, *lines))
    each = max(0, min(REASON, room // len(lines))) if lines else 0
    told = [
        line.replace("{reason}", _code(reason, each)) for line, reason in zip(lines, reasons, strict=True)
    ]
    return "\n\n".join((head, *told, *tail))[:MOST]


def _code(text: str, most: int = 80) -> str:
    """Return a text as code, on one line, so that nothing in it is a link, a mention or a heading."""
    plain = re.sub(r"[\s`\x00-\x1f\x7f]+", " ", text).strip()
    return f"`{plain if len(plain) <= most else plain[: max(0, most - 3)] + '...'}`"
