"""What is read of a project is what Sceptre itself makes of it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from sceptre.config.reader import ConfigReader
from sceptre.context import SceptreContext
from sceptre.resolvers import Resolver

from validator.effective import Symbol
from validator.foreign.folders import folder_of
from validator.foreign.survey import survey

from .projects import CORPUS, GOOD, STACK, write

VARIABLES = {"team": "platform"}
QUIRKS = {
    "config/config.yaml": """\
        project_code: acme
        region: eu-west-1
        parameters: {Inherited: "1", Changed: a}
        parameters_inheritance: merge
        dependencies: [base.yaml]
        owner: us
        x: 1
        stack_tags: {Owner: "{{ var.team }}"}
        """,
    "config/base.yaml": """\
        template: {path: topic.yaml}
        dependencies_inheritance: override
        dependencies: []
        parameters_inheritance: override
        """,
    "config/topic.yaml": STACK + "parameters: {FromAbove: '{{ owner }}'}\n",
    "config/a/config.yaml": "region: us-east-1\nparameters: {Changed: b, Number: 3, Flag: yes}\nowner: them\n",
    "config/a/topic.yaml": """\
        parameters: {Own: "{{ stack_group_config.owner }}-{{ stack_group_path }}", Date: "2026-01-01"}
        stack_name: named
        stack_tags: {Answer: yes, Count: 3}
        """,
    "config/a/b/topic.yaml": """\
        {% include "names.j2" %}
        {% for n in range(3) %}
          L{{ n }}: [a, 1, true, "{{ n }}"]
        {% endfor %}
          Gone: !no_value
          Joined: !join ["-", [a, 1, !select [-1, !split [",", "x,y"]]]]
          Subbed: !sub ["{a}/{b}", {a: 1, b: c}]
          Octal: 017
          Quoted: "017"
          Time: "12:30"
          Float: 1.50
          1: "~"
        stack_tags_inheritance: merge
        stack_tags: {Sub: !sub ["{a}", {a: tag}], When: 2026-01-01}
        """,
    "config/a/b/names.j2": "parameters:\n  Included: '{{ owner }}'\n",
    "config/a/b/anchors.yaml": """\
        template_path: topic.yaml
        x-common: &common {A: "1", B: "2"}
        parameters: {<<: *common, B: "3"}
        dependencies: [a/topic.yaml, a/topic.yaml]
        """,
}


def known(value: Any) -> Any:
    """Return a value of Sceptre's with every resolver that asks somebody as one mark."""
    if isinstance(value, Resolver):
        return Symbol if type(value).__module__.rpartition(".")[2] not in PURE else value.resolve()
    return value


PURE = {"join", "select", "split", "sub", "no_value"}


def of_sceptre(root: Path, variables: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what Sceptre makes of each stack, without resolving what asks somebody."""
    before = dict(yaml.SafeLoader.yaml_constructors)
    try:
        context = SceptreContext(str(root), "", user_variables=variables)
        stacks, _ = ConfigReader(context).construct_stacks()
    finally:
        yaml.SafeLoader.yaml_constructors = before
    found = {}
    for stack in stacks:
        handler = stack._template_handler_config or {}
        found[stack.name] = {
            "template": f"templates/{stack.template_path or handler.get('path')}",
            "parameters": values(stack._parameters),
            "tags": {
                key: value if value is Symbol else str(value) for key, value in values(stack._tags).items()
            },
            "dependencies": sorted(dependency.name for dependency in stack.dependencies),
            "region": stack.region,
            "external_name": stack.external_name,
        }
    return found


def values(raw: dict[str, Any]) -> dict[str, Any]:
    found = {str(key): known(value) for key, value in raw.items()}
    return {key: value for key, value in found.items() if value is not None}


def of_ours(root: Path, project: Path, variables: dict[str, Any]) -> dict[str, dict[str, Any]]:
    def plain(held: Any) -> dict[str, Any]:
        return {key: Symbol if isinstance(value, Symbol) else value for key, value in held.items()}

    loaded = survey(project, variables=variables)
    prefix = folder_of(project, "")
    assert not [problem for problem in loaded.problems if problem.check == "config-files"]
    return {
        stack.name: {
            "template": stack.template.removeprefix(f"{prefix}/" if prefix else ""),
            "parameters": plain(stack.parameters),
            "tags": plain(stack.tags),
            "dependencies": sorted(stack.dependencies),
            "region": stack.region,
            "external_name": stack.external_name,
        }
        for stack in loaded.project.stacks
    }


@pytest.mark.parametrize("name", [*GOOD, "quirks"])
def test_every_stack_is_what_sceptre_constructs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Template, parameters, tags, dependencies, region and name in CloudFormation."""
    project = tmp_path / "project"
    if name == "quirks":
        write(project, QUIRKS)
    else:
        shutil.copytree(CORPUS / name, project)
    (project / "sceptre/config/live/dns/zone.yaml").unlink(
        missing_ok=True
    )  # Sceptre stops at what it depends on.
    root = project / folder_of(project, "")
    if name == "nested":  # Sceptre's command path is what it is called with; ours is the folder of the stack.
        for path in root.rglob("queue.yaml"):
            path.write_text(path.read_text().replace("{{ command_path[1] }}", "web"), encoding="utf-8")
    for path in root.rglob("queue.yaml"):  # No resolver `!ssm` is installed; any that asks somebody will do.
        path.write_text(path.read_text().replace("!ssm", "!rcmd"), encoding="utf-8")
    expected = of_sceptre(root, VARIABLES)
    assert expected
    assert of_ours(root, project, VARIABLES) == expected
