"""What a stack hands to its template, and takes from the templates of other stacks. Pure (REQ-P7, REQ-V1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from .config_problems import meant
from .effective import Symbol, Template
from .errors import ConfigurationError, Problem
from .hierarchy import Hierarchy
from .model import Stack
from .rendering import parsed


@dataclass(frozen=True, slots=True)
class Use:
    """One `!output`: the key of the stack that holds it, and the stack and output that it names."""

    section: str
    key: str
    producer: str
    output: str


def broken_interfaces(
    stacks: Mapping[str, Stack], uses: Mapping[str, tuple[Use, ...]], hierarchy: Hierarchy
) -> Iterator[tuple[str, Problem]]:
    """Yield the name of a stack with a problem for each parameter that its template lacks or misses, and each output
    that nobody has.

    A template that does not parse is passed over: evaluating it says so.
    """
    for name, stack in stacks.items():
        template = _template(stack)
        if template is not None:
            yield from ((name, problem) for problem in _parameters(stack, template, hierarchy))
        for use in uses[name]:
            producer = stacks.get("/".join([*name.split("/")[:-1], use.producer]))
            published = _template(producer) if producer else None
            if published is not None:
                yield from ((name, problem) for problem in _output(stack, use, published, hierarchy))


def completed(stack: Stack, others: Iterable[Stack], hierarchy: Hierarchy) -> Stack:
    """Return a stack whose own parameters are those of its template, so that the rest of it can still be looked at.

    What nobody gave, or does not resolve, is what others have, or else a value that is allowed.
    """
    template = _template(stack)
    if template is None:
        return stack
    declared = template.section("Parameters")
    kept = {
        name: value
        for name, value in stack.parameters.items()
        if name in declared or _inherited(stack, name, hierarchy)
    }
    wanted = [*_missing(stack, template), *filter(partial(_is_unresolved, stack), declared)]
    those = list(others)
    found = replace(stack, parameters=kept)
    for name in wanted:
        found = _filled(found, name, those, declared[name])
    return found


def _filled(stack: Stack, name: str, others: list[Stack], declaration: Any) -> Stack:
    """Return a stack with a value for a parameter, and with where it comes from."""
    key = f"parameters.{name}"
    donor = _donor(stack, name, others)
    if donor is None:
        value = _plausible(name, declaration)
        return replace(stack, parameters={**stack.parameters, name: value})
    parts: dict[str, Any] = {}
    for part in ("identity", "sources", "resolvers"):
        given = getattr(donor, part)
        parts[part] = {**getattr(stack, part), **({key: given[key]} if key in given else {})}
    taken = donor.parameters[name]
    if key in donor.identity and isinstance(taken, str):
        taken = taken.replace(donor.environment, stack.environment)
    return replace(stack, parameters={**stack.parameters, name: taken}, **parts)


def _plausible(name: str, declaration: Any) -> str | Symbol:
    """Return a value that a parameter's declaration allows, or a symbol where it does not say."""
    if isinstance(declaration, Mapping):
        allowed = declaration.get("AllowedValues")
        for value in (*(allowed if isinstance(allowed, list) else ()), declaration.get("MaxValue")):
            if isinstance(value, str | int | float):
                return str(value)
    return Symbol.named(f"missing:{name}")


def _donor(stack: Stack, name: str, others: list[Stack]) -> Stack | None:
    """Return the stack whose value of a parameter is as good as this one's: one of its group, where all agree, or the
    same stack of another environment.
    """
    having = [one for one in others if name in one.parameters and not _is_unresolved(one, name)]
    beside = [one for one in having if (one.environment, one.group) == (stack.environment, stack.group)]
    if beside and all(one.parameters[name] == beside[0].parameters[name] for one in beside):
        return beside[0]
    return next((one for one in having if one.path == stack.path), None)


def _is_unresolved(stack: Stack, name: str) -> bool:
    return stack.parameters.get(name) == unresolved("parameters", name)


def unresolved(*path: str) -> Symbol:
    """Return what stands for a value that does not resolve, which is a problem of its own."""
    return Symbol.named(f"unresolved:{'.'.join(path)}")


def _inherited(stack: Stack, name: str, hierarchy: Hierarchy) -> bool:
    """Tell whether a stack has a parameter from a file above: that is for the template to declare."""
    return hierarchy.written(stack.name, stack.file, ("parameters", name))[0] != stack.file


def _missing(stack: Stack, template: Template) -> list[str]:
    return [
        name
        for name, declaration in template.section("Parameters").items()
        if isinstance(declaration, Mapping) and "Default" not in declaration and name not in stack.parameters
    ]


def _template(stack: Stack) -> Template | None:
    try:
        return parsed(stack.body, stack.template)
    except ConfigurationError:
        return None


def _parameters(stack: Stack, template: Template, hierarchy: Hierarchy) -> Iterator[Problem]:
    declared = template.section("Parameters")
    missing = _missing(stack, template)
    for name in missing:
        if hierarchy.is_lost(stack.name, stack.file, ("parameters", name)):
            continue
        message = f"is missing: {stack.template} has this parameter, without a Default"
        line = hierarchy.line(stack.file, ("parameters", name))
        yield Problem(stack.file, f"parameters.{name}", message, "give it here, or a Default there", line)
    for name in sorted(stack.parameters.keys() - declared.keys()):
        file, line = hierarchy.written(stack.name, stack.file, ("parameters", name))
        if not _inherited(stack, name, hierarchy):
            message = f"{stack.template} has no such parameter"
            hint = meant(name, missing, "remove it here, or declare it there")
            yield Problem(file, f"parameters.{name}", message, hint, line)


def _output(stack: Stack, use: Use, producer: Template, hierarchy: Hierarchy) -> Iterator[Problem]:
    outputs = list(producer.section("Outputs"))
    if use.output in outputs or any(name.startswith("Fn::ForEach") for name in outputs):
        return
    file, line = hierarchy.written(stack.name, stack.file, (use.section, use.key))
    message = f"!output {use.producer}.{use.output}: {producer.file} has no such output"
    known = f"name one of: {', '.join(sorted(outputs))}" if outputs else "publish it there as an output"
    yield Problem(file, f"{use.section}.{use.key}", message, meant(use.output, outputs, known), line)
