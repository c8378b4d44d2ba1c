"""The templates are those of the policy, and state what AWS and the requirements ask for (REQ-G10, REQ-P8)."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.decode import decode_str
from yaml import safe_load

from pipelines.codepipeline.builds import builds
from pipelines.codepipeline.machine import definition
from pipelines.codepipeline.reference import made
from pipelines.codepipeline.stages import stages
from pipelines.codepipeline.template import TEMPLATES, render, yaml
from pipelines.promotion.policy import Policy
from tests.unit.promotion.good import POLICY, ROOT

from .policies import ALL, OTHER

GATE, PIPELINE = TEMPLATES


def parsed(policy: Policy, name: str) -> dict[str, Any]:
    body, matches = decode_str(render(policy)[name])
    assert body is not None and not matches
    return dict(body)


def resources(policy: Policy, name: str = PIPELINE) -> dict[str, Any]:
    return {key: body["Properties"] for key, body in parsed(policy, name)["Resources"].items()}


def test_the_templates_are_those_of_the_policy() -> None:
    """After a change of the policy, or of what renders it: `python -m pipelines.codepipeline.reference`."""
    for path, text in made(ROOT).items():
        assert (ROOT / path).read_text(encoding="utf-8") == text, path


def test_a_changed_policy_is_another_template() -> None:
    """So the test before sees it."""
    for name in TEMPLATES:
        assert render(POLICY)[name] != render(OTHER)[name]


@pytest.mark.parametrize("policy", ALL)
def test_the_stages_stand_behind_the_source_in_their_order(policy: Policy) -> None:
    """The first is a release in the configuration store; nothing starts by itself, and none is passed over."""
    pipeline = resources(policy)["Pipeline"]
    source, *others = pipeline["Stages"]
    assert [one["Name"] for one in others] == [one.name for one in stages(policy)]
    (action,) = source["Actions"]
    assert action["ActionTypeId"]["Provider"] == "S3"
    assert action["Configuration"]["PollForSourceChanges"] == "false"
    assert action["Configuration"]["AllowOverrideForS3ObjectKey"] == "true"
    assert (pipeline["PipelineType"], pipeline["ExecutionMode"]) == ("V2", "QUEUED")
    for stage in others:
        assert [one["RunOrder"] for one in stage["Actions"]] == [*range(1, len(stage["Actions"]) + 1)]


@pytest.mark.parametrize("policy", ALL)
def test_names_of_environments_stand_in_one_place(policy: Policy) -> None:
    """Each text that has one in it takes it from there."""
    named = parsed(policy, PIPELINE)["Mappings"]["Environments"]
    assert [dict(one) for one in named.values()] == [
        {"Name": rule.environment, "Branch": rule.branch} for rule in policy.rules
    ]


@pytest.mark.parametrize("policy", ALL)
def test_the_builds_run_their_commands_and_nothing_else(policy: Policy) -> None:
    """REQ-V5: arm64, without rights on the host, with a log and a customer key, with its environment's role."""
    found = resources(policy)
    for build in builds(policy):
        project = found[build.id]
        spec = safe_load(project["Source"]["BuildSpec"])
        assert spec["version"] == 0.2
        assert tuple(spec["phases"]["build"]["commands"]) == build.commands
        assert tuple(spec["env"].get("exported-variables", ())) == build.exported
        assert list(spec["phases"]) == ["install", "build"]
        environment = project["Environment"]
        assert (environment["Type"], environment["PrivilegedMode"]) == ("ARM_CONTAINER", False)
        role = f"{build.id}Role" if build.step == "plan" else f"{build.environment.title()}BuildRole"
        assert project["ServiceRole"]["Fn::GetAtt"][0] == role
        handed = {one["Name"]: one["Value"] for one in environment["EnvironmentVariables"]}
        assert handed.get("LOCKSTEP_CREDENTIALS") == ("own" if build.step == "plan" else None)


@pytest.mark.parametrize("policy", ALL)
def test_a_build_takes_the_role_of_its_own_environment_alone(policy: Policy) -> None:
    """REQ-P8: and writes nothing but its log: what it records is recorded by the roles that it takes."""
    found = resources(policy)
    for rule in policy.rules:
        name = rule.environment.title()
        statements = {one["Sid"]: one for one in found[f"{name}BuildPolicy"]["PolicyDocument"]["Statement"]}
        take = statements["TakeDeployingRole"]
        pattern, names = take["Resource"]["Fn::Sub"]
        assert pattern.endswith("role/${Environment}-lockstep-deploy")
        assert names == {"Environment": {"Fn::FindInMap": ["Environments", name, "Name"]}}
        assert take["Condition"] == {"StringEquals": {"aws:ResourceAccount": {"Ref": f"{name}Accounts"}}}
        assert sorted(statements) == [
            *("OpenRelease", "ReadRelease", "TakeDeployingRole", "TakeReaderAtHome", "WriteOwnLogs"),
        ]
        assert found[f"{name}BuildRole"]["PermissionsBoundary"] == {"Ref": f"{name}BuildPolicy"}


@pytest.mark.parametrize("policy", ALL)
def test_nothing_that_runs_before_an_approval_may_take_a_role_that_deploys(policy: Policy) -> None:
    """REQ-G2: a plan is made by the release's own code, before anybody approved. It takes what only looks."""
    found = resources(policy)
    for name in policy.order[1:]:
        role = found[found[f"{name.title()}Plan"]["ServiceRole"]["Fn::GetAtt"][0]]
        (attached,) = role["ManagedPolicyArns"]
        assert attached == role["PermissionsBoundary"] == {"Ref": f"{name.title()}PlanPolicy"}
        statements = found[attached["Ref"]]["PolicyDocument"]["Statement"]
        assert "lockstep-deploy" not in str(statements)
        assert "recorder" not in str(statements)
        (take,) = [one for one in statements if "sts:" in str(one["Action"])]
        assert take["Resource"]["Fn::Sub"][0].endswith(":role/${Environment}-control-pipeline-plan")
        assert take["Condition"] == {
            "StringEquals": {"aws:ResourceAccount": {"Ref": f"{name.title()}Accounts"}}
        }


@pytest.mark.parametrize("policy", ALL)
def test_a_role_lets_in_the_builds_that_have_it_and_no_other(policy: Policy) -> None:
    """REQ-G2: whoever plans may not have the role that deploys, whatever a project is changed to."""
    found = resources(policy)
    for build in builds(policy):
        role = found[found[build.id]["ServiceRole"]["Fn::GetAtt"][0]]
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        sources = trust["Condition"]["ArnEquals"]["aws:SourceArn"]
        listed = sources if isinstance(sources, list) else [sources]
        steps = {one["Fn::Sub"][0].partition("${Environment}-")[2] for one in listed}
        mine = {one.step for one in builds(policy) if one.environment == build.environment}
        wanted = {"plan"} if build.step == "plan" else mine - {"plan"}
        assert steps == {f"{step}${{NameSuffix}}" for step in wanted}


def test_the_machine_of_the_template_is_the_machine() -> None:
    """As it was made, whatever the YAML looks like."""
    machine = resources(POLICY, GATE)["Machine"]
    assert machine["Definition"] == definition(POLICY)
    assert machine["StateMachineType"] == "STANDARD"
    wanted = {"FunctionArn", *(name for name in ("Prod",))}
    assert set(machine["DefinitionSubstitutions"]) == wanted
    assert set(resources(OTHER, GATE)["Machine"]["DefinitionSubstitutions"]) == {"FunctionArn", "Prod", "Qa"}


def test_the_rollback_is_skipped_and_nobody_overrides_that() -> None:
    """REQ-G10: CodePipeline lets nobody override a condition whose result is SKIP."""
    *others, back = resources(POLICY)["Pipeline"]["Stages"]
    assert not any({"BeforeEntry", "OnSuccess", "OnFailure"} & one.keys() for one in others)
    (condition,) = back["BeforeEntry"]["Conditions"]
    (rule,) = condition["Rules"]
    assert (condition["Result"], rule["RuleTypeId"]["Provider"]) == ("SKIP", "VariableCheck")
    assert rule["Configuration"] == {"Variable": "#{Outcome.OUTCOME}", "Operator": "EQ", "Value": "failed"}


def test_plain_values_are_yaml() -> None:
    """Lists in lists, empty texts and texts that look like numbers among them."""
    value = {"a": [{"b": "1", "c": [1, {"d": ""}]}, "x: y"], "e": True, "f": {"g": '"'}}
    body, matches = decode_str(f"a:\n{yaml(value, 2)}")
    assert body == {"a": value} and not matches
