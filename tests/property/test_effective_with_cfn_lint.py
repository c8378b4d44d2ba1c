"""What cfn-lint accepts evaluates without problems; what it rejects ends soon, in problems or in a result (REQ-V2)."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from validator.effective import Context, Symbol, Template, evaluate, parse
from validator.errors import ConfigurationError, Problem

from .linted_templates import templates
from .linting import REGION, errors

CORPUS = Path(__file__).parents[1] / "corpus" / "cfn-lint"
TEMPLATES = sorted(path for path in CORPUS.iterdir() if path.suffix != ".md")
SECONDS = 2.0
"""How long any template of these sizes may take; they take milliseconds."""
STRICTER = {
    "DeletionPolicy must be text": "cfn-lint takes functions there without the transform that allows them",
    "UpdateReplacePolicy must be text": "as DeletionPolicy",
}
"""Problems of templates that cfn-lint accepts and CloudFormation refuses, and why cfn-lint does not see them."""
LAW = settings(
    derandomize=True,
    deadline=None,
    max_examples=40,
    phases=[Phase.generate],  # cfn-lint is too slow to shrink with
    suppress_health_check=[HealthCheck.too_slow],
)


def supplied(template: Template) -> dict[str, Symbol]:
    """Return a symbol for each parameter that a stack would have to supply."""
    declared = template.section("Parameters")
    return {name: Symbol.named(name) for name, body in declared.items() if "Default" not in body}


def problems(text: str) -> list[Problem]:
    """Return all that is wrong with a template; fail where it takes too long or raises anything else."""
    started = time.process_time()
    context = Context(account="111111111111", region=REGION, stack_name="stack")
    try:
        template = parse(text, "t.yaml")
        parameters = supplied(template)
    except ConfigurationError as error:
        found = list(error.problems)
    else:
        found = list(evaluate(template, parameters, context).problems)
    assert time.process_time() - started < SECONDS
    return found


def unexpected(found: list[Problem]) -> list[str]:
    """Return the problems that cfn-lint is not known to pass over."""
    return [str(problem) for problem in found if problem.message not in STRICTER]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_cfn_lints_own_good_templates_have_no_problems(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert errors(text) == []
    assert unexpected(problems(text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: A}}",
        "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}, B: {Type: AWS::SNS::Topic, DependsOn: [A]}}",
        "Resources: {A: {Type: AWS::SNS::Topic, Properties: {TopicName: !GetAtt A.TopicName}}}",
        "Resources: {A: {Type: AWS::SNS::Topic, Properties: {TopicName: !Sub '${B}'}}, "
        "B: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref A}}}",
    ],
)
def test_resources_in_a_circle_are_cfn_lints_finding_and_end_here(text: str) -> None:
    assert "E3004" in errors(text)
    assert problems(text) == []


def test_sound_templates_have_no_problems_and_damaged_ones_end_whatever_cfn_lint_says() -> None:
    """Neither sees all damage: cfn-lint passes over null in a branch, say, or a reference in a key of a mapping."""
    seen: Counter[str] = Counter()

    @LAW
    @given(templates())
    def look(drawn: tuple[dict[str, Any], int]) -> None:
        body, damages = drawn
        text = json.dumps(body)
        found, rejected = problems(text), bool(errors(text))
        seen["rejected" if rejected else "accepted"] += 1
        seen["with problems"] += bool(found)
        assert found == [] or damages

    look()
    assert min(seen["accepted"], seen["rejected"]) > 10, seen
    assert seen["with problems"] > 2, seen
