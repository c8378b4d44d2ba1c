"""The agents' templates: StackSets give each body what it asks for; roles are no wider than boundary and endpoints."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from .template_facts import ROOT, read
from .template_protection import listed

BODIES = {
    "regional-storage": {"Keys": "keys", "Bucket": "bucket"},
    "regional-agent": {
        "Boundary": "agent-boundary",
        "DriftReads": "drift-reads",
        "Network": "agent-network",
        "Endpoints": "agent-endpoints",
        "Agent": "agent",
    },
}
"""Template of StackSets, StackSet, and the template that its stacks have."""
SETS = [(name, each, body) for name, sets in BODIES.items() for each, body in sets.items()]
LIMIT = 51_200
"""Bytes of a template that a call may carry (CreateStackSet, TemplateBody)."""
AGENT = ("agent", "agent-network", "drift-reads")


def stack_sets(name: str) -> dict[str, dict[str, Any]]:
    found = read(name).resources("AWS::CloudFormation::StackSet")
    return {key.removesuffix("StackSet"): body for key, body in found}


def statements(name: str, effect: str = "Allow", *only: str) -> list[dict[str, Any]]:
    """Return the statements of a template's managed policies, or of those named."""
    return [
        statement
        for key, policy in read(name).resources("AWS::IAM::ManagedPolicy")
        if not only or key in only
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == effect
    ]


def actions(given: list[dict[str, Any]]) -> set[str]:
    return {action for statement in given for action in listed(statement["Action"])}


@pytest.mark.parametrize(("name", "each", "body"), SETS, ids=[body for *_, body in SETS])
def test_a_stack_set_gives_its_body_every_parameter(name: str, each: str, body: str) -> None:
    """REQ-C10: a parameter that is missing or unknown fails only once the operation runs."""
    given = [item["ParameterKey"] for item in stack_sets(name)[each]["Properties"]["Parameters"]]
    assert sorted(given) == sorted(read(body).body["Parameters"])


@pytest.mark.parametrize("name", BODIES)
def test_every_stack_set_has_a_body_and_uploads_it(name: str) -> None:
    """Before the stack is made or changed, under the key that it names (REQ-X4)."""
    assert stack_sets(name).keys() == BODIES[name].keys()
    text = (ROOT / "sceptre" / "stacks" / "control" / f"{name}.yaml").read_text(encoding="utf-8")
    for each, body in BODIES[name].items():
        assert f"  {each}TemplateKey: !template_key {body}.yaml\n" in text
        assert text.count(f"    - !upload_template {body}.yaml\n") == 2


@pytest.mark.parametrize("body", [body for *_, body in SETS])
def test_a_body_fits_in_a_call(body: str) -> None:
    assert (ROOT / "templates" / f"{body}.yaml").stat().st_size < LIMIT


def test_the_names_that_iam_holds_carry_the_region() -> None:
    """One name in all regions of an account: a second region would take the first one's role."""
    for body in (body for *_, body in SETS):
        for kind, key in (("AWS::IAM::Role", "RoleName"), ("AWS::IAM::ManagedPolicy", "ManagedPolicyName")):
            for name, resource in read(body).resources(kind):
                given = resource["Properties"][key]["Fn::Sub"]
                assert given.endswith("-${AWS::Region}${NameSuffix}"), f"{body}: {name}"


def test_the_boundary_allows_what_the_agent_needs_and_no_more() -> None:
    """REQ-P8: beyond the boundary a policy would be cut in silence, and a boundary beyond them holds nothing."""
    needed = set[str]().union(*(actions(statements(name)) for name in AGENT))
    assert actions(statements("agent-boundary")) == needed


def test_the_endpoints_pass_what_the_functions_call_and_no_more() -> None:
    """REQ-C7: CloudFormation and EventBridge; the Lambda service does the rest outside the VPC."""
    called = {
        action
        for action in actions(statements("agent", "Allow", "ObserverPolicy", "DriftPolicy"))
        if re.match("(cloudformation|events):", action)
    }
    passed = {
        action
        for _, endpoint in read("agent-endpoints").resources("AWS::EC2::VPCEndpoint")
        for statement in endpoint["Properties"]["PolicyDocument"]["Statement"]
        for action in listed(statement["Action"])
    }
    assert passed == called


def test_the_agent_reports_on_its_own_bus_under_its_own_name_alone() -> None:
    """A function that may put any event could speak for CloudFormation; only the rules' roles reach the home."""
    reports = [each for each in statements("agent") if "events:PutEvents" in listed(each["Action"])]
    own = [each for each in reports if each["Resource"] == {"Fn::GetAtt": ["Bus", "Arn"]}]
    assert [each["Condition"] for each in own] == [{"StringEquals": {"events:source": "lockstep.agent"}}] * 2
    others = [each["Resource"] for each in reports if each not in own]
    assert others == [{"Ref": "HomeBusArn"}] * 2


def test_nobody_but_the_functions_puts_events_on_the_agents_bus() -> None:
    """REQ-C2: what an account's other roles are allowed ends at a Deny; an Allow would hold nobody off."""
    ((_, policy),) = read("agent").resources("AWS::Events::EventBusPolicy")
    statement = policy["Properties"]["Statement"]
    assert policy["Properties"]["EventBusName"] == {"Ref": "Bus"}
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == (
        "Deny",
        "*",
        "events:PutEvents",
    )
    roles = [{"Fn::GetAtt": [f"{name}Role", "Arn"]} for name in ("Observer", "Drift")]
    assert statement["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": roles}}


@pytest.mark.parametrize(
    ("name", "bus", "source"),
    [("Forward", "default", "aws.cloudformation"), ("Report", {"Ref": "Bus"}, "lockstep.agent")],
)
def test_each_source_goes_home_from_one_bus_with_a_role_of_its_own(name: str, bus: Any, source: str) -> None:
    """REQ-C2: on the default bus anybody who may put events can call himself the agent."""
    template = read("agent")
    rule = dict(template.resources("AWS::Events::Rule"))[f"{name}Rule"]["Properties"]
    assert (rule["EventBusName"], rule["EventPattern"]["source"]) == (bus, [source])
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": "HomeBusArn"}
    assert target["RoleArn"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
    role = dict(template.resources("AWS::IAM::Role"))[f"{name}Role"]["Properties"]
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    on = "" if bus == "default" else "${NamePrefix}agent${NameSuffix}/"
    trusted = [
        each["Fn::Sub"].split(":rule/")[1]
        for each in listed(trust["Condition"]["ArnEquals"]["aws:SourceArn"])
    ]
    alarms = ["${NamePrefix}forward-alarms${NameSuffix}"] if name == "Forward" else []
    assert trusted == [f"{on}{rule['Name']['Fn::Sub']}", *alarms]


def test_paths_are_where_the_stacks_of_the_control_region_publish() -> None:
    """Parameter Store is the region's own, so one name serves both ways of deployment (REQ-P7)."""
    stacks = {path.stem for path in Path(ROOT / "sceptre" / "stacks" / "control").glob("*.yaml")}
    for name in BODIES:
        text = (ROOT / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
        assert set(re.findall(r"\$\{ParameterRoot\}/([a-z-]+)", text)) <= stacks
