"""An output that the other stack does not have is found before anything is deployed."""

from __future__ import annotations

from pathlib import Path

import pytest

from validator.errors import Problem
from validator.foreign.survey import survey

from .projects import STACK, write

NAMED = {
    "parameters: {Name: !stack_output dev/a.yaml::TopicArm}": "parameters.Name",
    "parameters: {Name: [x, !stack_output 'dev/a.yaml::TopicArm']}": "parameters.Name",
    'parameters: {Name: !join ["", [a, !stack_output "dev/a.yaml::TopicArm"]]}': "parameters.Name",
    "sceptre_user_data: {deep: {er: [!stack_output dev/a.yaml::TopicArm]}}": "sceptre_user_data.deep",
    "stack_tags: {Arn: !stack_output dev/a.yaml::TopicArm}": "stack_tags.Arn",
    "notifications: [!stack_output dev/a.yaml::TopicArm]": "notifications",
    "sceptre_role: !stack_output dev/a.yaml::TopicArm": "sceptre_role",
}
LOOP = """\
Transform: AWS::LanguageExtensions
Resources: {Topic: {Type: AWS::SNS::Topic}}
Outputs:
  Fn::ForEach::Each: [One, [A, B], {"Topic${One}": {Value: x}}]
"""
UNKNOWN = {
    "it loops over outputs": LOOP,
    "it does not parse": "Outputs: [\n",
    "a macro writes it": "Transform: Ours\nOutputs: {A: {Value: x}}\n",
    "a macro writes its outputs": "Outputs: {Fn::Transform: {Name: Ours}}\n",
    "a macro writes the rest": "Fn::Transform: {Name: AWS::Include}\n",
    "it has the output": "Outputs: {TopicArm: {Value: x}}\n",
}


def found(root: Path) -> list[Problem]:
    loaded = survey(root)
    assert {stack.name for stack in loaded.project.stacks} == {"dev/a", "dev/b"}
    return [problem for problem in loaded.problems if problem.check == "interfaces"]


@pytest.mark.parametrize(("text", "key"), NAMED.items(), ids=NAMED)
def test_an_output_that_is_not_there(text: str, key: str, tmp_path: Path) -> None:
    """At the key and line that read it; the stack is still looked at otherwise."""
    root = write(tmp_path, {"config/dev/a.yaml": STACK, "config/dev/b.yaml": f"{STACK}\n{text}\n"})
    (problem,) = found(root)
    assert (problem.file, problem.key, problem.line) == ("config/dev/b.yaml", key, 3)
    assert problem.message == "!stack_output dev/a.yaml::TopicArm: templates/topic.yaml has no such output"
    assert problem.hint == "did you mean `TopicArn`?"
    assert problem.environments == ("dev",)


def test_one_that_is_inherited_is_where_it_is_written(tmp_path: Path) -> None:
    given = "parameters: {Name: !stack_output dev/a.yaml::Other}\n"
    named = STACK + "parameters: {Name: x}\n"
    root = write(
        tmp_path, {"config/dev/a.yaml": named, "config/dev/b.yaml": STACK, "config/dev/config.yaml": given}
    )
    (problem,) = found(root)
    assert (problem.file, problem.line) == ("config/dev/config.yaml", 1)
    assert problem.hint == "name one of: TopicArn"


@pytest.mark.parametrize("template", UNKNOWN.values(), ids=UNKNOWN)
def test_a_template_that_does_not_tell(template: str, tmp_path: Path) -> None:
    files = {
        "templates/a.yaml": template,
        "config/dev/a.yaml": "template: {path: a.yaml}\n",
        "config/dev/b.yaml": STACK + "parameters: {Name: !stack_output dev/a.yaml::TopicArm}\n",
    }
    assert found(write(tmp_path, files)) == []
