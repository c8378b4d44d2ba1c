"""Short ways to evaluate a snippet of a template."""

from __future__ import annotations

import textwrap
from typing import Any

from validator.effective import Context, EffectiveTemplate, ParameterValue, evaluate, parse, to_json

CONTEXT = Context(account="111111111111", region="us-east-1", stack_name="lockstep-dev-orders-queue")
EXTENSIONS = "Transform: AWS::LanguageExtensions\n"
QUEUE = "\n  Queue: {Type: AWS::SQS::Queue}\n"


def effective(text: str, /, **parameters: ParameterValue) -> EffectiveTemplate:
    """Evaluate a whole template."""
    return evaluate(parse(textwrap.dedent(text), "t.yaml"), parameters, CONTEXT)


def outcome(
    snippet: str, head: str = "", context: Context = CONTEXT, **parameters: ParameterValue
) -> tuple[Any, list[str]]:
    """Return what the property `P: <snippet>` comes to, and the messages of all problems.

    `head` holds other sections. A resource `Queue` exists to refer to.
    """
    body = textwrap.indent(textwrap.dedent(snippet).strip("\n"), " " * 8)
    resources = f"Resources:{QUEUE}  R:\n    Type: Test::Type::Name\n    Properties:\n      P:\n{body}\n"
    result = evaluate(parse(textwrap.dedent(head) + resources, "t.yaml"), parameters, context)
    return result.resources["R"].properties.get("P"), [problem.message for problem in result.problems]


def value(snippet: str, head: str = "", context: Context = CONTEXT, **parameters: ParameterValue) -> Any:
    """Return what a snippet without problems comes to, with symbols in their JSON form."""
    result, problems = outcome(snippet, head, context, **parameters)
    assert problems == []
    return to_json(result)


def problem(snippet: str, head: str = "", context: Context = CONTEXT, **parameters: ParameterValue) -> str:
    """Return the one problem of a snippet; its value is then a symbol that says so."""
    result, problems = outcome(snippet, head, context, **parameters)
    assert len(problems) == 1, problems
    assert str(result).startswith("invalid:")
    return problems[0]


def symbol(text: str) -> dict[str, str]:
    """Return the JSON form of a symbol."""
    return {"$symbol": text}
