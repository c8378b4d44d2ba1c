"""Proposing that the next environment runs what the one before it runs: when, and in which words (REQ-G1). I/O.

    the branch before -> its release -> every gate, as if the branches were merged -> pull request, or the merge itself

The pull request is of a branch of its own, whose merge has the files of the release and nothing else (`merging`).

A promotion may be proposed while it only waits: for time, or for somebody who approves. Whoever lets it in asks again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.delivery import branches
from pipelines.delivery.admission import refused
from pipelines.delivery.git import commit_of_tag, resolved
from pipelines.delivery.moved import refuse_unpublished
from pipelines.delivery.named import release_of
from pipelines.gathering.gather import Question
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Evidence, Plan
from pipelines.promotion.policy import Rule
from pipelines.promotion.verdicts import Decision, worst
from validator.errors import ConfigurationError, PendingError
from validator.reports.markdown import _code, _prose

if TYPE_CHECKING:
    from pipelines.promotion.policy import Policy

WAITS = frozenset({"soak", "approval", "freeze-window"})
"""Gates that open with time, or when somebody approves: the pull request may wait for them as well as anybody."""
SIGNS = {"success": "✅", "pending": "⏳", "failure": "❌", "error": "⛔"}

Ask = Callable[[str, str], tuple[Evidence, Decision, Rule]]
"""Gathers and decides: environment, tag. The rule is that of the release, which is what counts."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A release that may go on, and what the gates say of it now.

    `source` is the branch of the environment before, or the tag itself where there is none before.
    """

    environment: str
    tag: str
    source: str
    target: str
    evidence: Evidence
    decision: Decision

    @property
    def branch(self) -> str:
        """The branch of the pull request: what merges it gives the target the release's files, and no mixture."""
        return f"promote/{self.environment}"

    @property
    def title(self) -> str:
        """The title of the pull request."""
        return f"Promote {self.tag} to {self.environment}"


def proposal(root: Path, policy: Policy, environment: str, ask: Ask, named: str = "") -> Proposal | None:
    """Return what to promote into an environment; None where it has the files already.

    Into the first environment it is the release that is `named`, into another one what the environment before runs.
    Raises ConfigurationError for a name that is missing, that is no release or that has no place, and where nobody says
    which of several releases it is, PendingError where the branch before has no release, what `refuse_unpublished`
    raises, and what `refused` returns where a gate says no that does not only wait.
    """
    rule = policy.of(environment)
    if rule.source is None:
        source = _named(root, environment, named)
    elif named:
        hint = f"leave the option out: what goes on is what {rule.source} runs"
        raise ConfigurationError.single(f"{environment} takes no other release", key="--release", hint=hint)
    else:
        source = policy.of(rule.source).branch
        branches.refresh(root, source)
    branches.refresh(root, rule.branch)
    place = f"refs/heads/{source}" if rule.source else f"refs/tags/{source}"
    if resolved(root, f"{place}^{{tree}}") == resolved(root, f"refs/heads/{rule.branch}^{{tree}}"):
        return None
    tag = release_of(root, place, (rule.source,)) if rule.source else source
    if not tag:
        raise PendingError(
            f"{source} has the files of no release yet\n  mend: tag what {rule.source} runs, as v1.2.3, and push it; "
            f"where it took a release back, a plain merge left out what that brought: `lockstep promote {rule.source}`"
        )
    refuse_unpublished(root, tag)
    evidence, decision = _as_if_merged(rule.branch, *ask(environment, tag))
    blocking = [one for one in decision.judged if one.gate not in WAITS or one.verdict.state != "pending"]
    if worst(one.verdict.state for one in blocking) != "success":
        raise refused(Question(environment, tag), Decision(tuple(blocking)))
    return Proposal(environment, tag, source, rule.branch, evidence, decision)


def _as_if_merged(
    branch: str, evidence: Evidence, decision: Decision, rule: Rule
) -> tuple[Evidence, Decision]:
    """Return what would be decided once the environment's branch has the files, which is what is proposed."""
    merged = replace(evidence, branch=branch)
    return (evidence, decision) if merged == evidence else (merged, decide(merged, rule))


def _named(root: Path, environment: str, tag: str) -> str:
    if not tag:
        hint = f"`lockstep promote {environment} --release TAG`: no environment before it says which"
        raise ConfigurationError.single(
            f"a release enters {environment} by its name", key="--release", hint=hint
        )
    branches.refresh_tag(root, tag)
    if commit_of_tag(root, tag) is None:
        hint = "`git tag --list 'v*'` shows what there is; a new one is made and pushed first"
        raise ConfigurationError.single(f"{tag} is no tag", key="--release", hint=hint)
    return tag


def body(found: Proposal, link: str) -> str:
    """Return the text of the pull request; `link` leads to the run that wrote it, empty for none."""
    plan = found.evidence.plan
    lines = [
        f"{_code(found.tag)} goes from {_code(found.source)} to {_code(found.target)}: {found.decision.state}.",
        "",
        "| Gate | Verdict | Reason |",
        "| --- | --- | --- |",
    ]
    for one in found.decision.judged:
        state = one.verdict.state
        lines.append(f"| {one.gate} | {SIGNS[state]} {state} | {_prose(one.verdict.reason, 300)} |")
    lines += ["", f"Plan {_code(plan.digest)} as of now."] if isinstance(plan, Plan) else []
    lines += [f"Asked by [this run]({link})."] if link else []
    lines += ["", "The gates are asked again when it is deployed, and what they say then counts."]
    return "\n".join(lines) + "\n"
