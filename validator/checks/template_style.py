"""Templates have one form: sections, keys, names, descriptions, constraints, outputs (style guide). House check."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..effective import Path, Template
from ..errors import ConfigurationError
from ..findings import Finding, Severity
from ..rendering import parsed
from .check import Check
from .cross_environment import DEVICE
from .subject import Subject

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
STATEFUL = frozenset(
    {
        "AWS::DynamoDB::GlobalTable",
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::RDS::GlobalCluster",
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::SecretsManager::Secret",
    }
)
"""Types that hold data, or without which data cannot be read."""
CONSTRAINTS = frozenset({"AllowedPattern", "AllowedValues", "MinValue", "MaxValue", "MinLength"})
LITERAL = re.compile(
    r"\b(?:dev|staging|prod)\b|\b\d{12}\b|\b[a-z]{2}-(?:north|south|east|west|central)+-\d\b"
)
FACTS = frozenset({"AWSTemplateFormatVersion", "Mappings"})
"""Sections that are the same in every environment, whatever they name."""
INTERFACE = "AWS::CloudFormation::Interface"

Wrong = tuple[Path, str, str]
"""Place in the template, what is wrong there, and the mend."""


def run(subject: Subject) -> Iterator[Finding]:
    """Yield what is not of the form, once a template, whatever stacks deploy it."""
    users: dict[tuple[str, str], dict[str, None]] = {}
    for stack in subject.project.stacks:
        users.setdefault((stack.body, stack.template), {})[stack.environment] = None
    for (body, file), environments in users.items():
        try:
            template = parsed(body, file)
        except ConfigurationError:
            continue  # The check `template` says it.
        for path, message, mend in wrong(template):
            position = template.position(path)
            line = position.line if position else None
            key = ".".join(map(str, path))
            yield Finding(CHECK.id, Severity.ERROR, file, key, line, message, mend, tuple(environments))


def wrong(template: Template) -> Iterator[Wrong]:
    """Yield everything in one template that is not of the form."""
    for rule in (
        _sections,
        _resource_keys,
        _groups,
        _parameters,
        _outputs,
        _literals,
        _conditions,
        _policies,
    ):
        yield from rule(template)


def _ordered(keys: list[str], order: tuple[str, ...]) -> bool:
    known = [key for key in keys if key in order]
    return known == sorted(known, key=order.index)


def _resources(template: Template) -> Iterator[tuple[Path, str, Mapping[str, Any]]]:
    """Yield place, name and body of every resource, those in loops too."""
    queue: list[tuple[Path, str, Any]] = [
        (("Resources", name), name, body) for name, body in template.section("Resources").items()
    ]
    while queue:
        path, name, body = queue.pop(0)
        if isinstance(body, Mapping):
            yield path, name, body
        elif name.startswith("Fn::ForEach::") and isinstance(body, list) and isinstance(body[-1], Mapping):
            last = len(body) - 1
            queue += [((*path, last, key), key, value) for key, value in body[-1].items()]


def _sections(template: Template) -> Iterator[Wrong]:
    if not _ordered(list(template.body), SECTIONS):
        yield (), f"sections stand as {', '.join(template.body)}", f"order them {', '.join(SECTIONS)}"
    if not template.body.get("Description"):
        yield (), "the template has no Description", "begin with the block's role"


def _resource_keys(template: Template) -> Iterator[Wrong]:
    for path, name, body in _resources(template):
        if not _ordered(list(body), RESOURCE_KEYS):
            yield (
                path,
                f"the keys of {name} stand as {', '.join(body)}",
                f"order them {', '.join(RESOURCE_KEYS)}",
            )


def _groups(template: Template) -> Iterator[Wrong]:
    interface = template.section("Metadata").get(INTERFACE)
    groups = interface.get("ParameterGroups", ()) if isinstance(interface, Mapping) else ()
    grouped = [name for group in groups if isinstance(group, Mapping) for name in group.get("Parameters", ())]
    for name in template.section("Parameters"):
        if grouped.count(name) != 1:
            said = "in no group" if name not in grouped else "in two groups"
            yield ("Parameters", name), f"{name} is {said} of {INTERFACE}", "name it in one ParameterGroup"
    for name in sorted(set(map(str, grouped)) - template.section("Parameters").keys()):
        yield ("Metadata", INTERFACE), f"{INTERFACE} groups {name}, which is no parameter", "remove it there"


def _parameters(template: Template) -> Iterator[Wrong]:
    for name, declared in template.section("Parameters").items():
        path = ("Parameters", name)
        keys = declared.keys() if isinstance(declared, Mapping) else set()
        if not {"Description", "ConstraintDescription"} <= keys:
            yield (
                path,
                f"{name} lacks Description or ConstraintDescription",
                "say what it is, and what is allowed",
            )
        if not CONSTRAINTS & keys:
            yield path, f"{name} has no constraint", f"give one of {', '.join(sorted(CONSTRAINTS))}"
        if "Default" in keys:
            yield (
                (*path, "Default"),
                f"{name} has a default",
                "let the stack give the value, so that it is seen",
            )


def _outputs(template: Template) -> Iterator[Wrong]:
    """Every output is described and stands in Parameter Store under its name; none is an export (REQ-P7)."""
    published: dict[str, Any] = {}
    places: dict[str, Path] = {}
    for path, _, body in _resources(template):
        properties = body.get("Properties")
        if body.get("Type") == "AWS::SSM::Parameter" and isinstance(properties, Mapping):
            name = properties.get("Name")
            key = name.get("Fn::Sub") if isinstance(name, Mapping) else name
            published[str(key)] = properties.get("Value")
            places[str(key)] = path
    outputs = template.section("Outputs")
    for key, path in places.items():
        name = key.removeprefix("${ParameterPath}/")
        if name != key and name not in outputs:
            yield path, f"{name} is published and is no output", f"add the output {name}, or remove this"
    for name, output in outputs.items():
        path = ("Outputs", name)
        if not isinstance(output, Mapping):
            continue
        if not output.get("Description"):
            yield path, f"the output {name} is not described", "say what it is"
        if "Export" in output:
            yield (
                (*path, "Export"),
                f"{name} is exported",
                "publish it in Parameter Store: an export locks its stack",
            )
        if f"${{ParameterPath}}/{name}" not in published:
            yield (
                path,
                f"{name} is not published",
                f"add an AWS::SSM::Parameter named ${{ParameterPath}}/{name}",
            )
        elif published[f"${{ParameterPath}}/{name}"] != output.get("Value"):
            yield path, f"what is published as {name} is not this output", "give both the same value"


def _literals(template: Template) -> Iterator[Wrong]:
    """Nothing names an environment, an account or a region; a mapping by region is a fact of AWS."""
    for section, held in template.body.items():
        for path, text in _strings({} if section in FACTS else held, (section,)):
            for literal in LITERAL.findall(DEVICE.sub("", text)):
                yield path, f"holds the literal {literal}", "take it from a parameter or a pseudo parameter"


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))
    elif isinstance(value, int) and not isinstance(value, bool):
        yield path, json.dumps(value)


def _conditions(template: Template) -> Iterator[Wrong]:
    for name in template.section("Conditions"):
        if not re.match("(Has|Is)[A-Z]|Fn::ForEach::", name):
            yield ("Conditions", name), f"the condition is named {name}", "begin its name with Has or Is"


def _policies(template: Template) -> Iterator[Wrong]:
    """What holds data follows the lifecycle class of its workload (REQ-P10)."""
    wanted = {"Fn::If": ["IsProtected", "Retain", "Delete"]}
    for path, name, body in _resources(template):
        for key in ("DeletionPolicy", "UpdateReplacePolicy") if body.get("Type") in STATEFUL else ():
            if body.get(key) not in (wanted, {"Fn::If": ["IsProtected", "Snapshot", "Delete"]}):
                mend = f"write `{key}: !If [IsProtected, Retain, Delete]`"
                yield (*path, key), f"{name} does not follow the lifecycle class in its {key}", mend


CHECK = Check(
    id="template-style",
    severity=Severity.ERROR,
    summary="Templates have one form: order, descriptions, constraints, outputs, no literals, deletion policies",
    remediation="Bring the template into the form that the finding names.",
    source="REQ-P1",
    why="In a form that is always the same a reviewer sees what is different; a literal is right in one environment.",
    before="Conditions:\n  Protected: !Equals [!Ref Lifecycle, protected]",
    after="Conditions:\n  IsProtected: !Equals [!Ref Lifecycle, protected]",
    run=run,
    house=True,
)
