"""What is to be linted: a template as one environment deploys it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from validator.effective.symbols import Symbol
from validator.model import Project

ParameterValues = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class LintRequest:
    """A template for a region with an environment's parameters (REQ-V6).

    `file` is the template's path relative to the project, `text` what stands in it. `parameters` holds the values
    that are known; for a parameter of an SSM type that is the name in Parameter Store, as in a deployment.
    `deferred` names the parameters that get their value only at deployment. `environments` are those that deploy
    exactly this.
    """

    file: str
    text: str
    region: str
    parameters: ParameterValues
    environments: tuple[str, ...]
    deferred: frozenset[str] = frozenset()


def requests_of(project: Project) -> list[LintRequest]:
    """Return one request for each stack of the project."""
    return [
        LintRequest(
            stack.template,
            stack.body,
            stack.region,
            {name: value for name, value in stack.parameters.items() if not isinstance(value, Symbol)},
            (stack.environment,),
            frozenset(name for name, value in stack.parameters.items() if isinstance(value, Symbol)),
        )
        for stack in project.stacks
    ]
