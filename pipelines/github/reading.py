"""What is on GitHub: the environments and rulesets that the file names, and the numbers of names (REQ-G8)."""

from __future__ import annotations

from collections.abc import Iterator

from validator.errors import ConfigurationError, Problem

from .answers import (
    EnvironmentAnswer,
    Gates,
    Names,
    Numbered,
    Patterns,
    ReviewerAnswer,
    RulesetAnswer,
    Summary,
    read,
)
from .client import GitHub, path_of
from .protection import (
    Kind,
    Live,
    LiveEnvironment,
    LiveGate,
    LivePattern,
    LiveReviewer,
    LiveRuleset,
    Named,
    Protection,
    Ruleset,
)
from .protection_file import FILE
from .refusals import RefusedError

NOT_FOUND = 404


def numbers_of(github: GitHub, protection: Protection) -> dict[Named, int]:
    """Return the number of everybody and everything that the file names.

    Raises ConfigurationError for each name that GitHub does not know, or does not show to this token.
    """
    found: dict[Named, int] = {}
    unknown: set[Named] = set()
    problems = []
    for one in protection.named():
        if one not in found and one not in unknown:
            number = _number(github, one)
            if number is None:
                unknown.add(one)
            else:
                found[one] = number
        if one in unknown:
            problems.append(Problem(FILE, one.key, *_unknown(github, one), one.line))
    if problems:
        raise ConfigurationError(problems)
    return found


def _number(github: GitHub, one: Named) -> int | None:
    paths = {
        "User": ("users", one.name),
        "Team": ("orgs", github.where.owner, "teams", one.name),
        "App": ("apps", one.name),
    }
    try:
        return read(Numbered, github.get(path_of(*paths[one.kind]))).id
    except RefusedError as error:
        if error.status != NOT_FOUND:
            raise
        return None


def _unknown(github: GitHub, one: Named) -> tuple[str, str]:
    if one.kind == "Team":
        hint = "correct the slug; a token sees teams where it may read the members of the organization"
        return f"there is no team {one.name} in {github.where.owner}", hint
    return f"there is no {one} on GitHub", "correct the name"


def live(github: GitHub, protection: Protection) -> Live:
    """Return what is on GitHub of everything that the file names."""
    names: dict[tuple[str, str], Ruleset] = {(one.target, one.name): one for one in protection.rulesets}
    rulesets = {}
    for summary in _summaries(github):
        one = names.get((summary.target, summary.name))
        if one is not None and summary.source_type == "Repository":
            rulesets[one.target, one.name] = _ruleset(github, summary.id)
    environments = {}
    for environment in protection.environments:
        found = _environment(github, environment.name)
        if found is not None:
            environments[environment.name] = found
    return Live(environments, rulesets)


def _summaries(github: GitHub) -> Iterator[Summary]:
    path = path_of("repos", github.where.owner, github.where.name, "rulesets")
    for page in github.pages(path, {"includes_parents": "false", "targets": "branch,tag"}):
        yield from read(list[Summary], page)


def _ruleset(github: GitHub, number: int) -> LiveRuleset:
    found = read(
        RulesetAnswer,
        github.get(path_of("repos", github.where.owner, github.where.name, "rulesets", number)),
    )
    names = found.conditions.ref_name if found.conditions else Names()
    bypass = None
    if found.bypass_actors is not None:
        bypass = tuple(
            sorted(f"{one.actor_type}:{one.actor_id}:{one.bypass_mode}" for one in found.bypass_actors)
        )
    return LiveRuleset(
        id=found.id,
        enforcement=found.enforcement,
        include=tuple(names.include),
        exclude=tuple(names.exclude),
        rules={rule.type: rule.parameters or {} for rule in found.rules},
        bypass=bypass,
    )


def environment_path(github: GitHub, name: str, *more: str | int) -> str:
    """Return the path of an environment, or of something in it."""
    return path_of("repos", github.where.owner, github.where.name, "environments", name, *more)


def _environment(github: GitHub, name: str) -> LiveEnvironment | None:
    try:
        found = read(EnvironmentAnswer, github.get(environment_path(github, name)))
    except RefusedError as error:
        # The rulesets were read before, so the repository is there and may be seen: it is the environment that is not.
        if error.status != NOT_FOUND:
            raise
        return None
    reviewers = [rule for rule in found.protection_rules if rule.type == "required_reviewers"]
    policy = found.deployment_branch_policy
    is_custom = policy is not None and policy.custom_branch_policies
    return LiveEnvironment(
        reviewers=tuple(_reviewer(one) for rule in reviewers for one in rule.reviewers),
        prevent_self_review=any(rule.prevent_self_review for rule in reviewers),
        wait_minutes=max((rule.wait_timer for rule in found.protection_rules), default=0),
        admins_bypass=found.can_admins_bypass,
        deploys="any" if policy is None else "custom" if is_custom else "protected",
        patterns=tuple(_patterns(github, name)) if is_custom else (),
        gates=tuple(_gates(github, name)),
    )


def _reviewer(one: ReviewerAnswer) -> LiveReviewer:
    kind: Kind = one.type
    return LiveReviewer(
        kind, one.reviewer.id, one.reviewer.login or one.reviewer.slug or str(one.reviewer.id)
    )


def _patterns(github: GitHub, name: str) -> Iterator[LivePattern]:
    for page in github.pages(environment_path(github, name, "deployment-branch-policies")):
        for one in read(Patterns, page).branch_policies:
            yield LivePattern(one.id, one.type, one.name)


def _gates(github: GitHub, name: str) -> Iterator[LiveGate]:
    found = read(Gates, github.get(environment_path(github, name, "deployment_protection_rules")))
    for one in found.custom_deployment_protection_rules:
        yield LiveGate(one.id, one.app.id, one.app.slug or str(one.app.id), one.enabled)
