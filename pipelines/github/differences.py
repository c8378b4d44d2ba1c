"""What differs between the file and GitHub, and the calls that mend it, no more than are needed. Pure (REQ-G8)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .protection import (
    ACTIONS,
    Environment,
    Live,
    LiveEnvironment,
    LiveRuleset,
    Named,
    Protection,
    Ruleset,
)

ABSENT = "not there"
NOT_TOLD = "not told"


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is on GitHub otherwise than the file wants it."""

    subject: str
    what: str
    wanted: str
    found: str


@dataclass(frozen=True, slots=True)
class Call:
    """A change to make: the segments below the repository, and what is sent."""

    method: str
    segments: tuple[str | int, ...]
    body: Mapping[str, object] | None
    says: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every difference, and the calls that end them, in an order in which nothing is ever more open than before."""

    differences: tuple[Difference, ...]
    calls: tuple[Call, ...]


def compare(wanted: Protection, live: Live, numbers: Mapping[Named, int]) -> Comparison:
    """Return how GitHub differs from the file; `numbers` has everything that the file names."""
    differences: list[Difference] = []
    calls: list[Call] = []
    for environment in wanted.environments:
        found, subject = live.environments.get(environment.name), f"environment {environment.name}"
        settings = list(_settings(environment, found, numbers, subject))
        if settings:
            body = _environment_body(environment, numbers)
            calls.append(Call("PUT", ("environments", environment.name), body, f"set {subject}"))
        patterns, changes = _patterns(environment, found, subject)
        asking, more = _gates(environment, found, numbers, subject)
        differences += [*settings, *patterns, *asking]
        calls += [*changes, *more]
    for ruleset in wanted.rulesets:
        there = live.rulesets.get((ruleset.target, ruleset.name))
        differing = list(_ruleset(ruleset, there, numbers))
        differences += differing
        if differing:
            body = _ruleset_body(ruleset, numbers)
            calls.append(
                Call("PUT", ("rulesets", there.id), body, f"set ruleset {ruleset.name}")
                if there
                else Call("POST", ("rulesets",), body, f"make ruleset {ruleset.name}")
            )
    return Comparison(tuple(differences), tuple(calls))


def _settings(
    wanted: Environment, found: LiveEnvironment | None, numbers: Mapping[Named, int], subject: str
) -> Iterator[Difference]:
    """Yield what one call sets."""
    if found is None:
        yield Difference(subject, "the environment", "there", ABSENT)
        return
    asked = {(one.kind, numbers[one]): str(one) for one in wanted.reviewers}
    there = {(one.kind, one.id): f"{one.kind.lower()} {one.name}" for one in found.reviewers}
    if asked.keys() != there.keys():
        yield Difference(subject, "reviewers", _listed(asked.values()), _listed(there.values()))
    # GitHub keeps it with the reviewers: without any there is nothing to prevent.
    if wanted.reviewers and wanted.prevent_self_review != found.prevent_self_review:
        words = {True: "prevented", False: "allowed"}
        yield Difference(
            subject, "self-review", words[wanted.prevent_self_review], words[found.prevent_self_review]
        )
    if wanted.wait_minutes != found.wait_minutes:
        yield Difference(
            subject, "wait timer", f"{wanted.wait_minutes} minutes", f"{found.wait_minutes} minutes"
        )
    if found.admins_bypass is not False:
        bypass = NOT_TOLD if found.admins_bypass is None else "on"
        yield Difference(subject, "administrators' bypass", "off", bypass)
    if found.deploys != "custom":
        deploys = {"any": "any branch or tag", "protected": "every protected branch"}[found.deploys]
        yield Difference(subject, "deploys from", _branches(wanted), deploys)


def _environment_body(wanted: Environment, numbers: Mapping[Named, int]) -> dict[str, object]:
    """Return everything that the call sets: what it left out might be reset, or kept."""
    reviewers = [{"type": one.kind, "id": numbers[one]} for one in wanted.reviewers]
    return {
        "wait_timer": wanted.wait_minutes,
        "prevent_self_review": wanted.prevent_self_review,
        "reviewers": reviewers or None,
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        "can_admins_bypass": False,
    }


def _patterns(
    wanted: Environment, found: LiveEnvironment | None, subject: str
) -> tuple[list[Difference], list[Call]]:
    """Return what differs in the patterns: the branches of the environment alone, and never a tag."""
    there = found.patterns if found is not None and found.deploys == "custom" else ()
    place = ("environments", wanted.name, "deployment-branch-policies")
    right = {one.name: one for one in there if one.target == "branch" and one.name in wanted.branches}
    extra = [one for one in there if one not in right.values()]
    calls = [
        Call("DELETE", (*place, one.id), None, f"keep {one.target} {one.name} out of {subject}")
        for one in extra
    ]
    for branch in wanted.branches:
        if branch not in right:
            body = {"name": branch, "type": "branch"}
            calls.append(Call("POST", place, body, f"let branch {branch} into {subject}"))
    if found is None or found.deploys != "custom" or not calls:
        return [], calls
    names = _listed(f"{one.target} {one.name}" for one in there)
    return [Difference(subject, "deploys from", _branches(wanted), names)], calls


def _branches(wanted: Environment) -> str:
    return _listed(f"branch {one}" for one in wanted.branches)


def _gates(
    wanted: Environment, found: LiveEnvironment | None, numbers: Mapping[Named, int], subject: str
) -> tuple[list[Difference], list[Call]]:
    """Return what differs in the apps that are asked. One that was switched off is taken away and made anew."""
    there = found.gates if found is not None else ()
    place = ("environments", wanted.name, "deployment_protection_rules")
    asked = {numbers[one]: one for one in wanted.gates}
    right = {one.app for one in there if one.is_enabled and one.app in asked}
    calls = [
        Call("DELETE", (*place, one.id), None, f"take app {one.name} off {subject}")
        for one in there
        if one.app not in right
    ]
    calls += [
        Call("POST", place, {"integration_id": app}, f"ask {one} in {subject}")
        for app, one in asked.items()
        if app not in right
    ]
    if found is None or not calls:
        return [], calls
    names = _listed(f"app {one.name}{'' if one.is_enabled else ' (off)'}" for one in there)
    return [Difference(subject, "gates", _listed(map(str, wanted.gates)), names)], calls


def _ruleset(
    wanted: Ruleset, found: LiveRuleset | None, numbers: Mapping[Named, int]
) -> Iterator[Difference]:
    subject = f"ruleset {wanted.name}"
    if found is None:
        yield Difference(subject, "the ruleset", "there", ABSENT)
        return
    if found.enforcement != "active":
        yield Difference(subject, "enforcement", "active", found.enforcement)
    for what, asked, there in (
        ("covers", wanted.include, found.include),
        ("leaves out", (), found.exclude),
        ("may be passed by", _bypass(wanted, numbers), found.bypass),
    ):
        if there is None:
            yield Difference(subject, what, _listed(asked), NOT_TOLD)
        elif sorted(asked) != sorted(there):
            yield Difference(subject, what, _listed(asked), _listed(there))
    asked_rules = _rules(wanted, numbers)
    for kind in sorted({*asked_rules, *found.rules}):
        if kind not in found.rules:
            yield Difference(subject, kind, "on", "off")
        elif kind not in asked_rules:
            yield Difference(subject, kind, "off", "on")
        else:
            for name, value in asked_rules[kind].items():
                texts = _text(value), _text(found.rules[kind].get(name))
                if texts[0] != texts[1]:
                    yield Difference(subject, f"{kind}.{name}", *texts)


def _rules(wanted: Ruleset, numbers: Mapping[Named, int]) -> dict[str, Mapping[str, Any]]:
    rules: dict[str, Mapping[str, Any]] = dict(wanted.rules)
    if wanted.checks:
        app = numbers[Named("App", ACTIONS)]
        checks = [{"context": name, "integration_id": app} for name in wanted.checks]
        rules["required_status_checks"] = {
            **rules.get("required_status_checks", {}),
            "required_status_checks": checks,
        }
    return rules


def _bypass(wanted: Ruleset, numbers: Mapping[Named, int]) -> tuple[str, ...]:
    return tuple(f"Integration:{numbers[one]}:always" for one in wanted.bypass)


def _ruleset_body(wanted: Ruleset, numbers: Mapping[Named, int]) -> dict[str, object]:
    rules = [
        {"type": kind, **({"parameters": dict(parameters)} if parameters else {})}
        for kind, parameters in _rules(wanted, numbers).items()
    ]
    actors = [
        {"actor_id": numbers[one], "actor_type": "Integration", "bypass_mode": "always"}
        for one in wanted.bypass
    ]
    return {
        "name": wanted.name,
        "target": wanted.target,
        "enforcement": "active",
        "bypass_actors": actors,
        "conditions": {"ref_name": {"include": list(wanted.include), "exclude": []}},
        "rules": rules,
    }


def _text(value: Any) -> str:
    """Return a parameter as a text in which the order of a list does not count."""
    if value is None:
        return "not set"
    if isinstance(value, list):
        return _listed(
            json.dumps(one, sort_keys=True) if isinstance(one, dict) else str(one) for one in value
        )
    return json.dumps(value, sort_keys=True)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
