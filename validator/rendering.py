"""From stacks to effective resources, and to the JSON of `lockstep render`. Pure (REQ-V1, REQ-V2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from .effective import Context, EffectiveTemplate, Symbol, Template, evaluate, parse, to_json
from .errors import ConfigurationError, Problem, of_expanded
from .model import Stack
from .places import is_expanded


@dataclass(frozen=True, slots=True)
class RenderedStack:
    """A stack with its evaluated template."""

    stack: Stack
    effective: EffectiveTemplate


@lru_cache(maxsize=256)
def parsed(body: str, file: str) -> Template:
    """Return the template in `body`, parsed once for all its stacks; raises ConfigurationError as `parse` does.

    One that Jinja made has no lines: what is found in it is placed by its key alone.
    """
    if not is_expanded(file):
        return parse(body, file)
    try:
        return replace(parse(body, file), positions={})
    except ConfigurationError as error:
        raise ConfigurationError(of_expanded(error.problems)) from None


def render(stacks: Iterable[Stack]) -> list[RenderedStack]:
    """Evaluate every stack; each template is parsed once.

    Raises ConfigurationError with every problem of every stack: a parameter missing or superfluous, a value
    outside its bounds, a reference to nothing.
    """
    rendered, problems = survey(stacks)
    if problems:
        raise ConfigurationError(problems)
    return rendered


def survey(stacks: Iterable[Stack]) -> tuple[list[RenderedStack], list[Problem]]:
    """Evaluate the stacks that can be, and say what is wrong with each template; an assertion of Rules counts too."""
    those = list(stacks)
    rendered: list[RenderedStack] = []
    wrong = Wrong.in_templates(those)
    for stack in those:
        try:
            effective = evaluate(parsed(stack.body, stack.template), stack.parameters, context_of(stack))
        except ConfigurationError:
            continue
        wrong.add(stack, effective)
        rendered.append(RenderedStack(stack, effective))
    return rendered, wrong.problems()


@dataclass(slots=True)
class Wrong:
    """What is wrong with templates, each problem once with the stacks that brought it about."""

    found: dict[Problem, list[Stack]] = field(default_factory=dict)
    evaluated: int = 0

    @classmethod
    def in_templates(cls, stacks: Iterable[Stack]) -> Wrong:
        """Return what is wrong with templates that cannot be read at all."""
        wrong = cls()
        broken: dict[tuple[str, str], tuple[Problem, ...]] = {}
        for stack in stacks:
            key = (stack.body, stack.template)
            if key not in broken:
                try:
                    parsed(*key)
                    broken[key] = ()
                except ConfigurationError as error:
                    broken[key] = error.problems
            for problem in broken[key]:
                wrong.found.setdefault(problem, []).append(stack)
        return wrong

    def add(self, stack: Stack, effective: EffectiveTemplate) -> int:
        """Note what an evaluation found; return how many were noted so far."""
        for problem in (*effective.problems, *(failure.problem for failure in effective.rule_failures)):
            self.found.setdefault(problem, []).append(stack)
        self.evaluated += 1
        return self.evaluated

    def problems(self) -> list[Problem]:
        """Return every problem with its stacks."""
        return [_placed(problem, those) for problem, those in self.found.items()]

    def refuse(self) -> None:
        """Raise ConfigurationError where anything is wrong."""
        if self.found:
            raise ConfigurationError(self.problems())


def context_of(stack: Stack) -> Context:
    """Return where a stack goes; an account that nobody gave is a symbol."""
    account = stack.account or Symbol.named("account")
    return Context(account=account, region=stack.region, stack_name=stack.external_name)


def _placed(problem: Problem, stacks: list[Stack]) -> Problem:
    """Say of a problem in a shared template which stacks brought it about."""
    names = ", ".join(stack.name for stack in stacks[:3])
    more = f" and {len(stacks) - 3} more" if len(stacks) > 3 else ""
    environments = tuple(dict.fromkeys(stack.environment for stack in stacks))
    message = f"{problem.message} (in {names}{more})"
    return replace(problem, message=message, check=problem.check or "template", environments=environments)


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
            "resources": {key: value.to_json() for key, value in item.effective.resources.items()},
        }
        for item in rendered
    ]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: to_json(value) for key, value in values.items()}
