"""Outputs that `!stack_output` reads and that the other stack of another project does not have. Pure (REQ-P7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..config_problems import meant
from ..effective import Template
from ..errors import ConfigurationError, Problem
from ..model import Stack
from ..rendering import parsed
from .resolving import OUTPUT, tags_in
from .tags import Tag
from .written import Positions

KNOWN_TRANSFORMS = frozenset({"AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"})
"""Transforms that add no output of their own; any other may."""


@dataclass(frozen=True, slots=True)
class Use:
    """One `!stack_output`: the key that holds it, the file of the stack that it names, and the output."""

    path: tuple[str, ...]
    file: str
    output: str


def uses_of(config: Mapping[str, Any], keys: Sequence[str]) -> Iterator[Use]:
    """Yield every output that these keys of a stack's config read."""
    for key in keys:
        held = config.get(key)
        if isinstance(held, dict):
            for name, value in held.items():
                yield from _uses(value, (key, str(name)))
        else:
            yield from _uses(held, (key,))


def _uses(value: Any, path: tuple[str, ...]) -> Iterator[Use]:
    if value.__class__ not in (dict, list, Tag):
        return
    for tag in tags_in(value):
        if tag.name == OUTPUT and isinstance(tag.argument, str):
            file, marks, output = tag.argument.partition("::")
            if marks:
                yield Use(path, file.replace("\\", "/"), output)


def missing_outputs(
    stacks: Mapping[str, Stack],
    uses: Mapping[str, Sequence[Use]],
    known: Mapping[str, str],
    positions: Positions,
) -> Iterator[Problem]:
    """Yield a problem for each output that is read and that the other stack's template does not have.

    `known` has the name of every stack by its file. A stack that could not be read, and a template that does not parse,
    are passed over: something else says it.
    """
    published: dict[str, list[str] | None] = {}
    for name, those in uses.items():
        stack = stacks[name]
        for use in those:
            producer = stacks.get(known.get(use.file, ""))
            if producer is None:
                continue
            if producer.name not in published:
                published[producer.name] = _outputs(producer)
            outputs = published[producer.name]
            if outputs is not None and use.output not in outputs:
                yield _problem(stack, use, producer, outputs, positions)


def _outputs(stack: Stack) -> list[str] | None:
    """Return the outputs of a stack; None where its template does not tell: it has loops, or code that writes it."""
    try:
        template = parsed(stack.body, stack.template)
    except ConfigurationError:
        return None
    names = list(template.section("Outputs"))
    return None if _is_open(template) or any(name.startswith("Fn::") for name in names) else names


def _is_open(template: Template) -> bool:
    return "Fn::Transform" in template.body or not KNOWN_TRANSFORMS.issuperset(template.transforms)


def _problem(stack: Stack, use: Use, producer: Stack, outputs: list[str], positions: Positions) -> Problem:
    file, line = positions.written(stack.name, stack.file, use.path)
    message = f"!stack_output {use.file}::{use.output}: {producer.template} has no such output"
    known = f"name one of: {', '.join(sorted(outputs))}" if outputs else "publish it there as an output"
    where = (stack.environment,) if stack.environment else ()
    hint = meant(use.output, outputs, known)
    return Problem(file, ".".join(use.path), message, hint, line, "interfaces", where)
