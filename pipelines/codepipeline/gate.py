"""What the pipeline's machine asks, and what the gates answer: the same gates, of the same records. (REQ-G10, REQ-G6)

No GitHub is asked here. That the tag is this commit, and that the checks passed on it, is what the pipeline's own stage
Validate found; whoever may start the machine could say otherwise, so the deployment looks again at both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pipelines.deployment_rule.answer import LEFT, answer
from pipelines.deployment_rule.recorded import Records, Told, evidence_of
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Checked, Tag
from pipelines.promotion.verdicts import Decision

SOAK = "soak"
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]{0,200}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)

State = Literal["success", "pending", "failure"]


class UndecidedError(RuntimeError):
    """Nobody can tell whether the release may go on. Asked again; in the end that is no."""


@dataclass(frozen=True, slots=True)
class Question:
    """May a release, which was validated as a commit, enter an environment?"""

    environment: str
    release: str
    commit: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict. `soaking` tells that a soak is among what is waited for, `reason` names every gate."""

    state: State
    soaking: bool
    reason: str


def question_of(event: Mapping[str, Any]) -> Question:
    """Return the question of an event. Raises ValueError for what is none; quotes nothing of it."""
    texts = [event.get(name) for name in ("environment", "release", "commit")]
    environment, release, commit = (one if isinstance(one, str) else "" for one in texts)
    if set(event) != {"environment", "release", "commit"} or not environment:
        raise ValueError("a question has environment, release and commit, and nothing else")
    if not _TAG.fullmatch(release) or not _COMMIT.fullmatch(commit):
        raise ValueError("release is no name of a tag, or commit no id")
    return Question(environment, release, commit)


def ask(question: Question, records: Records, now: datetime) -> Answer:
    """Return what all gates say but those that only the deployment can ask, which need its plan.

    Raises UndecidedError where any of them is in error and none refuses, ValueError and KeyError for an environment
    that nothing is promoted to.
    """
    rule = records.policy.of(question.environment)
    told = Told(
        git=Tag(question.release, question.commit, frozenset()),
        branch=rule.branch,  # There are none; what is deployed is the release, in the order of the stages.
        checked=Checked(question.commit, errors=0, warnings=0),
        parity=0,
    )
    evidence = evidence_of(question.environment, question.release, told, records, now)
    return _answer(decide(evidence, rule), question)


def _answer(decision: Decision, question: Question) -> Answer:
    asked = Decision(tuple(one for one in decision.judged if one.gate not in LEFT))
    reason = answer(decision, question.environment, question.release).comment
    states = {one.verdict.state for one in asked.judged}
    # A refusal is one whatever else could not be found out: nothing that comes mends it.
    state = "failure" if "failure" in states else asked.state
    if state == "error":
        raise UndecidedError(reason)
    waited = {one.gate for one in asked.judged if one.verdict.state == "pending"}
    return Answer(state, SOAK in waited, reason)
