"""What every template states beyond its schema: style.md's order and names, and the protection REQ-V5 never varies.

Each check takes one template and yields what is wrong with it. cfn-lint sees none of this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cfnlint.decode import decode_str

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").glob("*.yaml"))
SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Resources",
    "Outputs",
)
RESOURCE_KEYS = (
    "Type",
    "Condition",
    "DependsOn",
    "DeletionPolicy",
    "UpdateReplacePolicy",
    "Metadata",
    "Properties",
)
NAMES = {
    "AWS::ApiGateway::RestApi": "Name",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "PolicyName",
    "AWS::CloudWatch::Alarm": "AlarmName",
    "AWS::CloudWatch::Dashboard": "DashboardName",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::EC2::SecurityGroup": "GroupName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::KMS::Alias": "AliasName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::SQS::Queue": "QueueName",
}
STATEFUL = {
    "AWS::DynamoDB::Table",
    "AWS::KMS::Key",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
}


@dataclass(frozen=True, slots=True)
class Template:
    """One template: its file name, its text, and its content with `Ref` and `Fn::` spelled out."""

    name: str
    text: str
    body: dict[str, Any]

    @classmethod
    def of(cls, name: str, text: str) -> Template:
        """Parse a template; a text that is no YAML mapping fails here."""
        body, matches = decode_str(text)
        assert body is not None and not matches, matches
        return cls(name, text, body)

    def resources(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the resources of the given types, or all; those inside a loop by their name in it."""
        for name, resource in self.body["Resources"].items():
            looped = resource[2] if name.startswith("Fn::ForEach::") else {name: resource}
            yield from ((key, value) for key, value in looped.items() if not types or value["Type"] in types)


Check = Callable[[Template], Iterator[str]]


def wrong(resource: tuple[str, dict[str, Any]], **wanted: Any) -> Iterator[str]:
    """Yield each property that is not what is wanted; `...` wants any value."""
    name, body = resource
    properties = body["Properties"]
    for key, value in wanted.items():
        if key not in properties or (value is not ... and properties[key] != value):
            yield f"{name}.{key} is {properties.get(key)!r}, not {value!r}"


def sections_in_order(template: Template) -> Iterator[str]:
    """style.md: one section order."""
    present = list(template.body)
    if present != [section for section in SECTIONS if section in present]:
        yield f"sections stand as {present}"


def resource_keys_in_order(template: Template) -> Iterator[str]:
    """style.md: one order of keys in a resource."""
    for name, resource in template.resources():
        if list(resource) != [key for key in RESOURCE_KEYS if key in resource]:
            yield f"{name}: keys stand as {list(resource)}"


def parameters_grouped_once(template: Template) -> Iterator[str]:
    """style.md: AWS::CloudFormation::Interface groups every parameter once."""
    groups = template.body["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    if sorted(grouped) != sorted(template.body["Parameters"]):
        yield f"grouped {sorted(grouped)}, declared {sorted(template.body['Parameters'])}"


def parameters_described_and_constrained(template: Template) -> Iterator[str]:
    """style.md: described, constrained, without defaults."""
    constraints = {"AllowedPattern", "AllowedValues", "MinValue"}
    for name, parameter in template.body["Parameters"].items():
        if (
            not {"Description", "ConstraintDescription"} <= parameter.keys()
            or not constraints & parameter.keys()
        ):
            yield f"{name} lacks a description or a constraint"
        if "Default" in parameter:
            yield f"{name} has a default"


def outputs_published(template: Template) -> Iterator[str]:
    """REQ-P7: every output is described, stands in Parameter Store under its name, and is no export."""
    published = {
        resource["Properties"]["Name"]["Fn::Sub"]: resource["Properties"]["Value"]
        for _, resource in template.resources("AWS::SSM::Parameter")
    }
    outputs = template.body["Outputs"]
    for name, output in outputs.items():
        if not output.get("Description"):
            yield f"{name} is not described"
        if "Export" in output:
            yield f"{name} is exported"
        if published.get(f"${{ParameterPath}}/{name}") != output["Value"]:
            yield f"{name} is not published"
    if len(published) != len(outputs):
        yield f"{len(published)} parameters for {len(outputs)} outputs"


def nothing_literal(template: Template) -> Iterator[str]:
    """style.md: no environment names, account ids or regions in the body; a mapping by region is a fact of AWS."""
    body = {key: value for key, value in template.body.items() if key != "Mappings"}
    text = json.dumps(body, default=str)
    for found in re.findall(
        r"\b(?:dev|staging|prod)\b|\b\d{12}\b|\b[a-z]{2}-(?:north|south|east|west)+-\d\b", text
    ):
        yield f"holds the literal {found}"


def names_follow_the_pattern(template: Template) -> Iterator[str]:
    """REQ-P5: names are made of prefix, type and suffix; what API Gateway names itself follows its own way."""
    for name, resource in template.resources(*NAMES):
        given = resource["Properties"].get(NAMES[resource["Type"]], {}).get("Fn::Sub", "")
        if not re.search(r"\$\{NamePrefix\}\S+\$\{NameSuffix\}$", given) and not given.startswith(
            "API-Gateway-"
        ):
            yield f"{name} is named {given or 'by CloudFormation'}"


def conditions_are_named(template: Template) -> Iterator[str]:
    """style.md: conditions `Has...` and `Is...`."""
    yield from (name for name in template.body.get("Conditions", {}) if not re.match("(Has|Is)[A-Z]", name))


def state_survives(template: Template) -> Iterator[str]:
    """REQ-P10: stateful resources state both policies, and the lifecycle class decides them."""
    deletion = {"Fn::If": ["IsProtected", "Retain", "Delete"]}
    replacement = {"Fn::If": ["IsProtected", "Retain", "Delete"]}
    for name, resource in template.resources(*STATEFUL):
        if resource.get("DeletionPolicy") != deletion or resource.get("UpdateReplacePolicy") != replacement:
            yield f"{name} does not follow the lifecycle class"


STYLE: tuple[Check, ...] = (
    sections_in_order,
    resource_keys_in_order,
    parameters_grouped_once,
    parameters_described_and_constrained,
    outputs_published,
    nothing_literal,
    names_follow_the_pattern,
    conditions_are_named,
    state_survives,
)
