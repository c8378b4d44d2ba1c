"""What the pipeline's machine asks, and what the gates answer: the same gates, of the same records. (REQ-G10, REQ-G6)

No GitHub is asked here. That the tag is this commit, and that the checks passed on it, is what the pipeline's own stage
Validate found; whoever may start the machine could say otherwise, so the deployment looks again at both.

Right before a deployment the approvals of its plan are counted too, by what the table has (REQ-G2): what comes then is
the release's own code with the role that deploys, so that its word alone is none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pipelines.deployment_rule.answer import LEFT, Word, comment
from pipelines.deployment_rule.recorded import Records, Told, evidence_of
from pipelines.gathering.approvals import of_table
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Checked, Tag
from pipelines.promotion.verdicts import Decision, Judged

from .approved import approved

APPROVAL, SOAK = "approval", "soak"
ENTER = "enter"
"""The step right before the deployment, which has a plan; the other one is the soak, which has none yet."""
_ASKED = ("plan", "release", "commit", "environment", "step")
_PLAN = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]{0,200}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}", re.ASCII)

State = Literal["success", "pending", "failure"]


class UndecidedError(RuntimeError):
    """Nobody can tell whether the release may go on. Asked again; in the end that is no."""


@dataclass(frozen=True, slots=True)
class Question:
    """May a release, which was validated as a commit, enter an environment?

    `plan` is the digest of what a deployment would do; empty where the soak is waited for, before anybody planned.
    """

    environment: str
    release: str
    commit: str
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict. `soaking` tells that a soak is among what is waited for, `reason` names every gate."""

    state: State
    soaking: bool
    reason: str


def question_of(event: Mapping[str, Any]) -> Question:
    """Return the question of an event. Raises ValueError for what is none; quotes nothing of it."""
    texts = [event.get(name) for name in _ASKED]
    plan, release, commit, environment, step = (one if isinstance(one, str) else "" for one in texts)
    if event.keys() != set(_ASKED) or not environment:
        raise ValueError(f"a question has {', '.join(_ASKED)}, and nothing else")
    if not _TAG.fullmatch(release) or not _COMMIT.fullmatch(commit):
        raise ValueError("release is no name of a tag, or commit no id")
    # A plan that is empty must not turn the question into the one that counts no approvals.
    if not (step == ENTER and _PLAN.fullmatch(plan)) and (step, event["plan"]) != (SOAK, ""):
        raise ValueError(
            f"step is neither {ENTER} with a plan's digest, nor {SOAK} without one: no such question"
        )
    return Question(environment, release, commit, plan)


def ask(question: Question, records: Records, now: datetime) -> Answer:
    """Return what all gates say but those that only the deployment can ask, and of a plan whether it is approved.

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
    judged = [one for one in decide(evidence, rule).judged if one.gate not in LEFT]
    if question.plan:
        given = of_table(records.table, question.release, question.environment)
        judged.append(Judged(APPROVAL, approved(question.plan, given, evidence, rule)))
    return _answer(Decision(tuple(judged)), question)


def _answer(asked: Decision, question: Question) -> Answer:
    states = {one.verdict.state for one in asked.judged}
    # A refusal is one whatever else could not be found out: nothing that comes mends it.
    state = "failure" if "failure" in states else asked.state
    word: Word = "approved" if state == "success" else "rejected" if state == "failure" else "waiting"
    reason = comment(word, asked.judged, question.environment, question.release)
    if state == "error":
        raise UndecidedError(reason)
    waited = {one.gate for one in asked.judged if one.verdict.state == "pending"}
    return Answer(state, SOAK in waited, reason)
