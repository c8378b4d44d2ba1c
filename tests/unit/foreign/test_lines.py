"""Nothing that is found in a text which Jinja made is placed at a line that the file does not have it in."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from pipelines.check import check
from validator.findings import Finding
from validator.foreign.survey import survey

from .projects import STACK, write

BROKEN = """\
{% for name in ["A", "B"] %}
# {{ name }}
{% endfor %}
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Name: {Type: String}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Ref Name
      DelaySeconds: {{ sceptre_user_data.delay | default(901) }}
  Other:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Ref Nmae
"""


def findings(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    monkeypatch.setenv("LOCKSTEP_CACHE", "off")
    return list(check(root, datetime.date(2026, 1, 1), workers=1).findings)


def test_findings_in_a_rendered_template_have_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds them: the evaluation, cfn-lint, cfn-guard or parity."""
    stack = "template: {path: queue.yaml.j2}\nparameters: {Name: x}\n"
    files = {
        "lockstep.yaml": "environments: [dev, prod]\n",
        "templates/queue.yaml.j2": BROKEN,
        "config/dev/queue.yaml": stack,
        "config/prod/queue.yaml": stack + "sceptre_user_data: {delay: 5}\n",
    }
    found = [one for one in findings(write(tmp_path, files), monkeypatch) if one.file.endswith(".j2")]
    assert {one.check for one in found} >= {"template", "cfn-lint", "cfn-guard", "parity"}
    assert {one.line for one in found} == {None}


def test_those_in_another_keep_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = BROKEN.partition("endfor %}\n")[2].replace("{{ sceptre_user_data.delay | default(901) }}", "901")
    files = {
        "templates/queue.yaml": text,
        "config/dev/queue.yaml": "template: {path: queue.yaml}\nparameters: {Name: x}\n",
    }
    found = [one for one in findings(write(tmp_path, files), monkeypatch) if one.file.endswith("queue.yaml")]
    assert {one.check for one in found} >= {"template", "cfn-lint", "cfn-guard"}
    assert None not in {one.line for one in found}


def test_syntax_of_a_rendered_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line of the expanded text stands in words, and is no place in the file."""
    text = '{% for n in "abc" %}\n# {{ n }}\n{% endfor %}\nResources: {}\nResources: {}\n'
    files = {
        "templates/queue.yaml.j2": text,
        "config/dev/queue.yaml": "template: {path: queue.yaml.j2}\n",
    }
    (found,) = (
        one for one in findings(write(tmp_path, files), monkeypatch) if one.check == "template" and one.file
    )
    assert found.line is None
    assert "in line 9 of the expanded text" in found.message


MOVED = {
    "a block": "{% set x = 1 %}\n",
    "a comment over lines": "{# one\ntwo #}\n",
    "a value over lines": "{{ '#\\n#' }}\n",
}
KEPT = {"an expression": "# {{ project_code }}\n", "a comment in its line": "{# one #}\n", "nothing": "#\n"}
SPOILED = {
    "an unknown key": ("protekt: true\n", "protekt"),
    "a wrong shape": ("parameters: [a]\n", "parameters"),
    "a wrong value": ("parameters: {Name: {a: b}}\n", "parameters.Name"),
    "a key twice": ("protect: true\nprotect: true\n", "protect"),
}


@pytest.mark.parametrize(("spoiled", "key"), SPOILED.values(), ids=SPOILED)
@pytest.mark.parametrize("head", [*MOVED.values(), *KEPT.values()], ids=[*MOVED, *KEPT])
def test_lines_of_a_config_file(head: str, spoiled: str, key: str, tmp_path: Path) -> None:
    root = write(tmp_path, {"config/dev/topic.yaml": head + STACK + spoiled})
    (problem,) = survey(root).problems
    line = 3 + (key == "protect") if head in KEPT.values() else None
    assert (problem.file, problem.key, problem.line) == ("config/dev/topic.yaml", key, line)


def test_a_file_without_lines_is_still_the_file(tmp_path: Path) -> None:
    """A value is placed in the file that has it, not in one above that has a line for another."""
    files = {
        "config/dev/config.yaml": "parameters: {Name: x}\n",
        "config/dev/a.yaml": STACK,
        "config/dev/b.yaml": "{% set x = 1 %}\n"
        + STACK
        + "parameters: {Name: !stack_output dev/a.yaml::X}\n",
    }
    (problem,) = survey(write(tmp_path, files)).problems
    assert (problem.file, problem.key, problem.line) == ("config/dev/b.yaml", "parameters.Name", None)


@pytest.mark.parametrize(
    "option", ["block_start_string: '<%', block_end_string: '%>'", "line_statement_prefix: '%'"]
)
def test_blocks_that_a_project_marks_otherwise(option: str, tmp_path: Path) -> None:
    mark = "<% set x = 1 %>" if "<%" in option else "% set x = 1"
    root = write(tmp_path, {"config/dev/config.yaml": f"j2_environment: {{{option}}}\n"})
    write(root, {"config/dev/topic.yaml": f"{mark}\n{STACK}protekt: true\n"})
    (problem,) = survey(root).problems
    assert (problem.key, problem.line) == ("protekt", None)
