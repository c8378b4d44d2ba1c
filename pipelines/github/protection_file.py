"""`.github/environments.yaml`: text to values, every mistake in one run with its line (REQ-G8). Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from pipelines.promotion.policy import Policy, Rule
from validator.errors import ConfigurationError, Problem
from validator.parity.policy import line_of
from validator.strict_yaml import Document, parse

from .protection import Environment, Kind, Named, Protection, Ruleset
from .protection_form import ChangesForm, EnvironmentForm, ProtectionForm, ReviewersForm

FILE = ".github/environments.yaml"
FORM = "see docs/github.md for the form of the file"
POLICY = "pipelines/promotion.yaml"
ROLLBACK = "-rollback"
"""What an environment's name ends in on GitHub for the way back: nothing may wait there."""
MOST_REVIEWERS = 6
"""People and teams that GitHub takes as reviewers of an environment."""
MOST_RULES = 6
"""Protection rules of an environment that GitHub takes: reviewers, wait timer, branches, and each app that is asked."""
PROTECTION, MAIN = "protection", "main"
"""The environment that keeps the key of the app which may change the protection, and the branch that runs there."""
DEPLOYED = "deployed/**/*"
"""The tags that say what was deployed (REQ-R2)."""
BRANCHES, TAGS = "Environment branches", "Release tags"
MAIN_BRANCH, DEPLOYED_TAGS = "Main branch", "Deployment tags"
"""The names of the rulesets on GitHub, by which they are found again."""
WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no key of this file",
    "model_type": "is no mapping",
    "list_type": "is no list",
    "bool_type": "is neither true nor false",
    "int_type": "is no whole number",
    "string_type": "is no text",
}


def read(text: str, policy: Policy, file: str = FILE) -> Protection:
    """Return the protection in `text`, for the environments and branches of the policy of promotions.

    Raises what `check` raises.
    """
    form, document = check(text, policy, file)
    return _protection(form, policy, document)


def check(text: str, policy: Policy | None, file: str = FILE) -> tuple[ProtectionForm, Document]:
    """Return the form of `text`, which contradicts no policy; without one nothing is known of that.

    Raises ConfigurationError with every mistake: keys that are none, values out of bounds, and what contradicts the
    policy, such as a wait that is shorter than the soak.
    """
    document = parse(text, file)
    try:
        form = ProtectionForm.model_validate(document.value)
    except ValidationError as error:
        raise ConfigurationError(_problems(error, document, file)) from None
    mistakes = (*(() if policy is None else _mistakes(form, policy)), *_loose(form))
    if mistakes:
        raise ConfigurationError(
            Problem(file, ".".join(key), message, hint, line_of(document, key) or 1)
            for key, message, hint in mistakes
        )
    return form, document


def schema() -> str:
    """Return the JSON schema of the file, which editors check it by while it is written."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **ProtectionForm.model_json_schema(),
    }
    return json.dumps(document, indent=2) + "\n"


def _problems(error: ValidationError, document: Document, file: str) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        path = tuple(map(str, detail["loc"]))
        message = WORDS.get(detail["type"]) or str(detail["msg"]).removeprefix("Value error, ")
        value = detail.get("input")
        if detail["type"] not in {*WORDS, "value_error"} and isinstance(value, str | int | float):
            message = f"is {value!r}: {message}"
        yield Problem(file, ".".join(path), message, FORM, line_of(document, path) or 1)


Mistake = tuple[tuple[str, ...], str, str]


def _mistakes(form: ProtectionForm, policy: Policy) -> Iterator[Mistake]:
    """Yield what contradicts the policy of promotions."""
    found = form.environments.by_name()
    for rule in policy.rules:
        back = f"{rule.environment}{ROLLBACK}"
        if rule.environment not in found:
            hint = f"add `{rule.environment}:`, since {POLICY} promotes into it"
            yield ("environments",), f"has no {rule.environment}", hint
        elif back not in found:
            # A workflow that names it makes it, and then it protects nothing.
            yield (
                ("environments",),
                f"has no {back}",
                f"add `{back}:`, since the workflow `rollback` runs there",
            )
    for name, one in found.items():
        environment = name.removesuffix(ROLLBACK)
        if environment not in policy.order:
            hint = f"remove it, or add it to `order` of {POLICY}"
            yield ("environments", name), "is no environment of the policy of promotions", hint
            continue
        rule, place = policy.of(environment), ("environments", name)
        yield from _against(rule, one) if name == environment else _in_the_way_back(place, rule, one)
        yield from _too_much(place, one)
    yield from _too_many(("protection", "reviewers"), form.protection.reviewers)
    most = max((rule.approvals for rule in policy.rules), default=0)
    if form.branches.approvals < most:
        hint = "raise it: GitHub asks only one reviewer of an environment, so the others have to approve here"
        yield ("branches", "approvals"), f"is {form.branches.approvals}, and {POLICY} asks for {most}", hint


def _against(rule: Rule, one: EnvironmentForm) -> Iterator[Mistake]:
    place = ("environments", rule.environment)
    users, teams = one.reviewers.users, one.reviewers.teams
    soak = int(rule.soak.total_seconds() // 60)
    if one.wait_minutes < soak:
        hint = f"write {soak} or more, or shorten the soak"
        yield (*place, "wait_minutes"), f"is {one.wait_minutes}, and the soak of {POLICY} is {soak}", hint
    if not teams and len(set(users)) < rule.approvals:
        hint = f"name a team, or {rule.approvals} people or more"
        message = f"are {len(set(users))} people, and {POLICY} asks for {rule.approvals} approvals"
        yield (*place, "reviewers"), message, hint
    if rule.approvals and not one.prevent_self_review:
        hint = "write true: an approval of one's own counts for nothing (REQ-G2)"
        yield (*place, "prevent_self_review"), "is false, and the policy asks for approvals", hint


def _in_the_way_back(place: tuple[str, ...], rule: Rule, one: EnvironmentForm) -> Iterator[Mistake]:
    """Yield what keeps a way back from being begun at once, and by few (REQ-R1)."""
    if one.wait_minutes:
        hint = "remove it: what is taken back was bad, and each minute counts"
        yield (*place, "wait_minutes"), f"is {one.wait_minutes}, and nothing waits on the way back", hint
    if one.gate_apps:
        hint = "remove them: the gates are about what comes in (REQ-G1)"
        yield (*place, "gate_apps"), "are asked, and no gate is on the way back", hint
    if rule.approvals and not (one.reviewers.users or one.reviewers.teams):
        hint = "name who is on call: else everybody who may push to the repository takes releases back"
        yield (*place, "reviewers"), f"are none, and {rule.environment} is one that people approve for", hint


def _too_much(place: tuple[str, ...], one: EnvironmentForm) -> Iterator[Mistake]:
    """Yield what GitHub would not take."""
    rules = bool(one.reviewers.users or one.reviewers.teams) + bool(one.wait_minutes) + 1 + len(one.gate_apps)
    if rules > MOST_RULES:
        message = (
            f"come to {rules} protection rules with reviewers, wait and branch, and GitHub takes {MOST_RULES}"
        )
        yield (*place, "gate_apps"), message, "name fewer apps"
    yield from _too_many((*place, "reviewers"), one.reviewers)
    yield from _repeated((*place, "gate_apps"), one.gate_apps)


def _too_many(place: tuple[str, ...], reviewers: ReviewersForm) -> Iterator[Mistake]:
    users, teams = reviewers.users, reviewers.teams
    if len(users) + len(teams) > MOST_REVIEWERS:
        message = f"are {len(users) + len(teams)}, and GitHub takes {MOST_REVIEWERS}"
        yield place, message, "name a team in place of people"
    for kind, names in (("users", users), ("teams", teams)):
        yield from _repeated((*place, kind), names)


def _loose(form: ProtectionForm) -> Iterator[Mistake]:
    """Yield what contradicts itself, or protects nothing."""
    changes: tuple[tuple[str, ChangesForm], ...] = (("main", form.main), ("branches", form.branches))
    for place, one in changes:
        if one.linear_history and one.merge_methods == ["merge"]:
            hint = "add squash or rebase to `merge_methods`, or write false"
            yield (place, "linear_history"), "is true, and nothing but merge commits may be made", hint
        for key in ("merge_methods", "checks"):
            yield from _repeated((place, key), getattr(one, key))
    yield from _repeated(("branches", "bypass_apps"), form.branches.bypass_apps)
    for key in ("fixed", "deployed_by_apps"):
        yield from _repeated(("tags", key), getattr(form.tags, key))
    for pattern in form.tags.fixed:
        # GitHub matches as Ruby's File.fnmatch with FNM_PATHNAME: a `**` at the end is a `*`, which stops at a slash.
        if pattern.endswith("/**"):
            hint = f"write {pattern}/*, which matches any number of slashes"
            yield ("tags", "fixed"), f"{pattern} stops at the next slash", hint


def _repeated(key: tuple[str, ...], names: Sequence[str]) -> Iterator[Mistake]:
    # GitHub tells no two names apart by their case.
    lower = [name.lower() for name in names]
    for name in sorted({name for name in lower if lower.count(name) > 1}):
        yield key, f"has {name} twice", "keep one of the two"


def _protection(form: ProtectionForm, policy: Policy, document: Document) -> Protection:
    found = form.environments.by_name()

    def named(kind: Kind, names: list[str], *key: str) -> tuple[Named, ...]:
        return tuple(Named(kind, name, ".".join(key), line_of(document, key)) for name in names)

    def reviewers(one: ReviewersForm, *key: str) -> tuple[Named, ...]:
        users = named("User", one.users, *key, "reviewers", "users")
        return (*users, *named("Team", one.teams, *key, "reviewers", "teams"))

    def branches_of(place: int, name: str) -> tuple[str, ...]:
        # All go back by one run of the last environment's branch, which has nothing that was not let in before.
        rules = policy.rules[place:] if name.endswith(ROLLBACK) else policy.rules[place : place + 1]
        return tuple(rule.branch for rule in rules)

    environments = tuple(
        Environment(
            name=name,
            branches=branches_of(place, name),
            reviewers=reviewers(one.reviewers, "environments", name),
            prevent_self_review=one.prevent_self_review,
            wait_minutes=one.wait_minutes,
            gates=named("App", one.gate_apps, "environments", name, "gate_apps"),
        )
        for place, rule in enumerate(policy.rules)
        for name in (rule.environment, f"{rule.environment}{ROLLBACK}")
        for one in [found[name]]
    )
    protecting = Environment(
        name=PROTECTION,
        branches=(MAIN,),
        reviewers=reviewers(form.protection.reviewers, "protection"),
        prevent_self_review=False,
        wait_minutes=0,
    )
    branches = Ruleset(
        name=BRANCHES,
        target="branch",
        include=tuple(f"refs/heads/{rule.branch}" for rule in policy.rules),
        rules=_changes(form.branches),
        bypass=named("App", form.branches.bypass_apps, "branches", "bypass_apps"),
        checks=tuple(form.branches.checks),
    )
    tags = Ruleset(
        name=TAGS,
        target="tag",
        include=tuple(f"refs/tags/{pattern}" for pattern in form.tags.fixed),
        rules={"update": {}, "deletion": {}, "non_fast_forward": {}},
    )
    main = Ruleset(
        name=MAIN_BRANCH,
        target="branch",
        include=(f"refs/heads/{MAIN}",),
        rules=_changes(form.main),
        checks=tuple(form.main.checks),
    )
    deployed = Ruleset(
        name=DEPLOYED_TAGS,
        target="tag",
        include=(f"refs/tags/{DEPLOYED}",),
        rules={"creation": {}},
        bypass=named("App", form.tags.deployed_by_apps, "tags", "deployed_by_apps"),
    )
    # Without an app nobody could make one, not even the workflow `deploy`.
    rulesets = (branches, tags, main, *((deployed,) if deployed.bypass else ()))
    return Protection((*environments, protecting), rulesets)


def _changes(form: ChangesForm) -> dict[str, dict[str, object]]:
    """Return the rules by type; the checks themselves are added where the number of their app is known."""
    rules: dict[str, dict[str, object]] = {
        "deletion": {},
        "non_fast_forward": {},
        "pull_request": {
            "allowed_merge_methods": list(form.merge_methods),
            "dismiss_stale_reviews_on_push": form.dismiss_stale_approvals,
            "require_code_owner_review": form.code_owners,
            "require_last_push_approval": form.last_push_approval,
            "required_approving_review_count": form.approvals,
            "required_review_thread_resolution": form.resolved_conversations,
        },
        "required_status_checks": {
            "do_not_enforce_on_create": False,
            "strict_required_status_checks_policy": form.up_to_date,
        },
    }
    return {**rules, "required_linear_history": {}} if form.linear_history else rules
