"""From stacks to effective resources, and to the JSON of `lockstep render`. Pure (REQ-V1, REQ-V2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .effective import Context, EffectiveTemplate, Template, evaluate, parse, to_json
from .errors import ConfigurationError, Problem
from .model import Stack


@dataclass(frozen=True, slots=True)
class RenderedStack:
    """A stack with its evaluated template."""

    stack: Stack
    effective: EffectiveTemplate


def render(stacks: Iterable[Stack]) -> list[RenderedStack]:
    """Evaluate every stack; each template is parsed once.

    Raises ConfigurationError with every problem of every stack: a parameter missing or superfluous, a value
    outside its bounds, a reference to nothing.
    """
    templates: dict[str, Template] = {}
    rendered: list[RenderedStack] = []
    problems: list[Problem] = []
    for stack in stacks:
        try:
            if stack.template not in templates:
                templates[stack.template] = parse(stack.body, stack.template)
            effective = evaluate(templates[stack.template], stack.parameters, _context(stack))
        except ConfigurationError as error:
            problems += error.problems
            continue
        problems += _placed(stack, effective)
        rendered.append(RenderedStack(stack, effective))
    if problems:
        raise ConfigurationError(problems)
    return rendered


def _context(stack: Stack) -> Context:
    return Context(account=stack.account, region=stack.region, stack_name=stack.external_name)


def _placed(stack: Stack, effective: EffectiveTemplate) -> Iterator[Problem]:
    """Say of each problem which stack brought it about: the template is shared."""
    for problem in effective.problems:
        yield Problem(problem.file, problem.key, f"{problem.message} (in {stack.file})", problem.hint, problem.line)
    for failure in effective.rule_failures:
        hint = "change the parameters, or the template's rule"
        yield Problem(stack.template, failure.key, f"{failure.message} (in {stack.file})", hint, failure.line)


def as_json(rendered: Iterable[RenderedStack]) -> list[dict[str, Any]]:
    """Return the `stacks` of `lockstep/render/v1`; symbols become `{"$symbol": text}`."""
    return [
        {
            "name": item.stack.name,
            "environment": item.stack.environment,
            "workload": item.stack.workload,
            "account": item.stack.account,
            "region": item.stack.region,
            "template": item.stack.template,
            "digest": item.stack.digest,
            "parameters": _plain(item.stack.parameters),
            "tags": _plain(item.stack.tags),
            "dependencies": list(item.stack.dependencies),
            "resources": item.effective.resources_json(),
        }
        for item in rendered
    ]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: to_json(value) for key, value in values.items()}
