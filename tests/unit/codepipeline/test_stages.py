"""The stages that follow from a policy: all of its environments, in its order, each behind the gate (REQ-G10)."""

from __future__ import annotations

import json

import pytest

from pipelines.codepipeline.builds import DEPLOY, DEPLOY_LAST, ENTER, PREPARE, SAME, builds
from pipelines.codepipeline.stages import Action, Stage, stages, title
from pipelines.promotion.policy import Policy
from tests.unit.promotion.good import POLICY

from .policies import ALL, ONE, OTHER, TWO


def names(policy: Policy) -> list[str]:
    return [stage.name for stage in stages(policy)]


def stage(policy: Policy, name: str) -> Stage:
    return next(one for one in stages(policy) if one.name == name)


def kinds(found: Stage) -> list[str]:
    return [f"{one.name} {one.kind}" for one in found.actions]


def deployments(policy: Policy) -> list[tuple[str, Action]]:
    """Return each build that deploys, with the stage that it is in."""
    return [
        (stage.name, action)
        for stage in stages(policy)
        for action in stage.actions
        if action.project.endswith("Deploy")
    ]


def test_the_projects_own_policy() -> None:
    """Deploy dev, validate, approve, staging, an hour, approve, prod, and back."""
    assert names(POLICY) == [
        "Dev",
        "Validate",
        "ApproveStaging",
        "Staging",
        "SoakProd",
        "ApproveProd",
        "Prod",
        "Rollback",
    ]


def test_another_policy_has_its_own_stages() -> None:
    """A soak where the policy has one, people where it asks for them."""
    assert names(OTHER) == [
        *("Dev", "Validate", "SoakQa", "ApproveQa", "Qa", "ApproveStaging", "Staging"),
        *("SoakProd", "ApproveProd", "Prod", "Rollback"),
    ]
    assert kinds(stage(OTHER, "ApproveQa")) == ["Plan build"]
    assert (
        stage(OTHER, "ApproveStaging")
        .actions[1]
        .text.startswith("Read the plan in the log of the action before. 2 besides the authors")
    )
    assert names(TWO) == ["Test", "Validate", "SoakProd", "ApproveProd", "Prod", "Rollback"]
    assert names(ONE) == ["Dev", "Validate"]


@pytest.mark.parametrize("policy", ALL)
def test_no_environment_is_skipped_or_comes_before_its_turn(policy: Policy) -> None:
    """REQ-G1: each is deployed once, in the order of the policy, in a stage that nothing skips."""
    assert [place for place, _ in deployments(policy)] == [title(name) for name in policy.order]
    assert [action.project for _, action in deployments(policy)] == [
        f"{title(name)}Deploy" for name in policy.order
    ]
    assert [one.name for one in stages(policy) if one.variable] == ["Rollback"] * (len(policy.order) > 1)


@pytest.mark.parametrize("policy", ALL)
def test_the_gate_stands_right_before_every_deployment_but_the_first(policy: Policy) -> None:
    """REQ-G10: an action of the same stage, of the environment itself, and of the release that was validated."""
    for name in policy.order[1:]:
        gate, deploy = stage(policy, title(name)).actions
        assert (gate.kind, deploy.project) == ("gate", f"{title(name)}Deploy")
        assert list(json.loads(gate.text).items()) == [
            ("plan", f"#{{Plan{title(name)}.PLAN}}"),
            ("release", "#{Validated.RELEASE}"),
            ("commit", "#{Validated.COMMIT}"),
            # Last, so that no text of a build takes their place.
            ("environment", f"${{{title(name)}}}"),
            ("step", "enter"),
        ]
        assert gate.names == (title(name),)


@pytest.mark.parametrize("policy", ALL)
def test_nobody_is_asked_before_the_soak_is_over(policy: Policy) -> None:
    """REQ-G3: the soak stands before the plan that people read, and is the same question but for that."""
    order = names(policy)
    for rule in policy.rules[1:]:
        name = title(rule.environment)
        if rule.soak:
            assert order.index(f"Soak{name}") + 1 == order.index(f"Approve{name}")
            (soak,) = stage(policy, f"Soak{name}").actions
            entering = json.loads(stage(policy, name).actions[0].text)
            assert json.loads(soak.text) == {**entering, "plan": "", "step": "soak"}


@pytest.mark.parametrize("policy", ALL)
def test_only_the_plan_that_people_saw_is_executed(policy: Policy) -> None:
    """REQ-G7: what the stage before planned, by its digest."""
    for name in policy.order[1:]:
        plan = stage(policy, f"Approve{title(name)}").actions[0]
        deploy = stage(policy, title(name)).actions[1]
        handed = dict(deploy.variables)
        assert handed["PLAN"] == f"#{{{plan.namespace}.PLAN}}"
        gate = json.loads(stage(policy, title(name)).actions[0].text)
        said = [handed[each] for each in ("PLAN", "ASKED_RELEASE", "ASKED_COMMIT")]
        assert said == [gate[each] for each in ("plan", "release", "commit")]
        text = " ".join(one.text for one in stage(policy, f"Approve{title(name)}").actions[1:])
        assert (handed["PLAN"] in text) == bool(policy.of(name).approvals)


def test_the_rollback_is_entered_where_something_is_half_done_alone() -> None:
    """By what the last deployment says of itself."""
    back, prod = stage(POLICY, "Rollback"), stage(POLICY, "Prod")
    assert back.variable == f"#{{{prod.actions[1].namespace}.OUTCOME}}"
    assert back.value == "failed"
    assert kinds(back) == ["Approve approval", "Rollback build"]


@pytest.mark.parametrize("policy", ALL)
def test_every_build_that_a_stage_starts_is_there_and_every_variable_is_exported(policy: Policy) -> None:
    """A name that nothing has is a stage that fails on AWS."""
    there = {one.id: one for one in builds(policy)}
    used = [action for one in stages(policy) for action in one.actions if action.kind == "build"]
    assert sorted(one.project for one in used) == sorted(there)
    exported = {
        f"#{{{one.namespace}.{name}}}"
        for one in used
        if one.namespace
        for name in there[one.project].exported
    }
    asked = {value for one in used for _, value in one.variables} | {
        one.variable for one in stages(policy) if one.variable
    }
    assert asked <= exported
    assert all(there[one.project].exported for one in used if one.namespace)


@pytest.mark.parametrize("policy", ALL)
def test_a_build_deploys_its_own_environment_and_the_release_that_it_was_given(policy: Policy) -> None:
    """REQ-G1: bare deployments are for people; only the first environment takes a release without a plan."""
    steps = {(one.environment, one.step): one.commands for one in builds(policy)}
    for name in policy.order:
        last = name == policy.order[-1] and name != policy.order[0]
        wanted = ENTER if name == policy.order[0] else DEPLOY_LAST if last else DEPLOY
        if name != policy.order[0]:
            wanted = (*SAME, PREPARE[-1], *wanted)
        assert steps[name, "deploy"][-len(wanted) :] == wanted
    for commands in (ENTER, DEPLOY, DEPLOY_LAST):
        assert 'lockstep deploy "$ENVIRONMENT" --release "$RELEASE"' in commands[0]
    for commands in (DEPLOY, DEPLOY_LAST):
        assert '--expect "$PLAN"' in commands[0]


def test_a_policy_of_no_environment_has_no_pipeline() -> None:
    """Nothing is rendered of nothing."""
    for of in (stages, builds):
        with pytest.raises(ValueError, match="no environment"):
            of(Policy(()))
