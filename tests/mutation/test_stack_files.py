"""Mutants of stack files and of what they come to (REQ-V3).

Environments share a stack file by a link, so a difference needs a file of its own in its place. That such a file is
not the shared one is said before it is read; here that finding does not count where the file says anything else, so
that the difference itself has to be caught. Each stack in turn, in each environment in turn:

- on disk: the file is missing, is there in one environment only, says the same with a comment, or says another
  parameter, template, hook, dependency, tag or option;
- in memory, since reading the project again for each would take long: every parameter as another literal, from another
  setting, from another stack's output, missing; every tag and dependency changed, missing, added; every option.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.small_project import repository
from validator.digest import RELEASE_TAGS
from validator.effective import Symbol
from validator.model import Project, Stack
from validator.parity import compare, judge, pairs_of
from validator.parity.pairs import Half, Pair
from validator.places import StackPlaces

from .conftest import Alone
from .judging import DAY, ENVIRONMENTS, ROOT, Mutant, Verdict, look_at, shares, subject, verdict

Record = Callable[[str, object], None]
FILES = sorted((ROOT / "sceptre" / "stacks" / "orders").glob("*.yaml"))
SHARED = "stack-files"
"""The check that says of a copy that it is not the shared file."""


def texts(file: Path, environment: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each mutant of a stack file: what was done, the text, and what names it."""
    text = file.read_text(encoding="utf-8")
    name = f"orders/{file.stem}"
    first = re.search(r"^parameters:\n  (\w+): .*\n", text, re.MULTILINE)
    assert first is not None
    line = first[0].splitlines()[1]
    yield "another literal", text.replace(line, f"  {first[1]}: changed"), [first[1]]
    yield "parameter missing", text.replace(f"{line}\n", "") + "  Colour: blue\n", [first[1], "Colour"]
    template = "notifications.yaml" if file.stem != "notifications" else "keys.yaml"
    yield "another template", re.sub(r"path: .*", f"path: {template}", text), [template]
    yield "a hook", _hooked(text), [f"{name}: Options.hooks.after_create"]
    further = "notifications" if file.stem not in {"monitoring", "notifications"} else "api-account"
    yield "a dependency", f"{text}dependencies: [{environment}/orders/{further}.yaml]\n", [further]
    yield "a tag", f"{text}stack_tags:\n  Colour: blue\n", [f"{name}: Tags.Colour"]
    yield "an option", f"{text}protect: true\n", [f"{name}: Options.protect"]


def _hooked(text: str) -> str:
    hook = "  after_create:\n    - !upload_package orders\n"
    return text.replace("hooks:\n", f"hooks:\n{hook}") if "hooks:" in text else f"{text}hooks:\n{hook}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_each_stack_file_of_its_own_is_caught(
    environment: str, alone: Alone, record_property: Record
) -> None:
    """Every third mutant of every file in each environment, which comes to each one."""
    orders = alone("orders")
    every = [(file, *mutant) for file in FILES for mutant in texts(file, environment)]
    kinds: dict[str, list[Mutant]] = {}
    for file, kind, text, named in every[ENVIRONMENTS.index(environment) :: len(ENVIRONMENTS)]:
        path = orders / "sceptre" / "config" / environment / "orders" / file.name
        mutant = Mutant(f"{environment}, {file.stem}: {kind}", path, text, f"orders/{file.stem}", named)
        kinds.setdefault(kind, []).append(mutant)
    verdicts = [one for mutants in kinds.values() for one in look_at(orders, mutants, without=SHARED)]
    shares(record_property, "stack file: another in one environment", verdicts)


@pytest.mark.parametrize("kind", ["missing", "further", "with a comment"])
def test_each_stack_file_in_one_environment_only_is_caught(
    kind: str, alone: Alone, record_property: Record
) -> None:
    orders, mutants = alone("orders"), []
    for file, environment in zip(FILES, itertools.cycle(ENVIRONMENTS), strict=False):
        text = file.read_text(encoding="utf-8")
        text_of = {"missing": None, "further": text, "with a comment": f"{text}# a comment\n"}
        named = f"{environment}/orders/{'further-' if kind == 'further' else ''}{file.name}"
        path = orders / "sceptre" / "config" / named
        mutants.append(Mutant(f"{named}: {kind}", path, text_of[kind], named, [named]))
    verdicts = list(look_at(orders, mutants))
    shares(record_property, "stack file: missing, further, or a copy", verdicts)


def parameters(stack: Stack) -> Iterator[tuple[str, Stack]]:
    """Yield a stack with each parameter written in each other way."""
    for name, value in stack.parameters.items():
        place = f"parameters.{name}"
        kept: dict[str, Any] = {
            field: {key: item for key, item in getattr(stack, field).items() if key != place}
            for field in ("identity", "sources", "resolvers")
        }
        bare = replace(stack, **kept)
        without = {key: item for key, item in stack.parameters.items() if key != name}
        yield f"Parameters.{name}", replace(bare, parameters=without)
        yield f"Parameters.{name}", replace(bare, parameters={**without, name: f"{value}9"})
        for resolver, symbol in (
            ("!setting functions.account_concurrency", None),
            ("!output boundary.Other", Symbol.named("parameter_root/boundary/Other")),
        ):
            yield (
                f"parameters.{name}",
                replace(
                    bare,
                    parameters={**without, name: "1000"},
                    resolvers={**bare.resolvers, place: resolver},
                    identity={**bare.identity, **({place: symbol} if symbol else {})},
                ),
            )


def around(stack: Stack) -> Iterator[tuple[str, Stack]]:
    """Yield a stack with each tag, dependency and option changed, missing or added, and another template."""
    yield from (
        (f"Tags.{key}", _identified(replace(stack, tags=held), f"tags.{key}"))
        for key, held in _variants(stack.tags)
        if key not in RELEASE_TAGS  # those differ between two promotions
    )
    yield from ((f"Options.{key}", replace(stack, options=held)) for key, held in _variants(stack.options))
    for one in stack.dependencies:
        fewer = tuple(name for name in stack.dependencies if name != one)
        yield f"Dependencies.{one.partition('/')[2]}", replace(stack, dependencies=fewer)
    further = f"{stack.environment}/orders/further"
    yield f"Dependencies.{further}", replace(stack, dependencies=(*stack.dependencies, further))
    yield "Template", replace(stack, template="templates/another.yaml")


def _variants(held: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for key in held:
        yield key, {name: item for name, item in held.items() if name != key}
        yield key, {**held, key: "changed"}
    yield "Colour", {**held, "Colour": "blue"}


def _identified(stack: Stack, place: str) -> Stack:
    """Return a stack in which the value at a place names nothing any more."""
    return replace(stack, identity={key: item for key, item in stack.identity.items() if key != place})


def judged(mutant: Stack) -> Iterator[Any]:
    """Yield what parity finds where one stack of the project is a mutant."""
    project = repository().project
    stacks = tuple(mutant if one.name == mutant.name else one for one in project.stacks)
    changed = Project(project.environments, stacks)
    pairs = [_narrow(pair, mutant.path) for pair in pairs_of(changed)]
    places = StackPlaces(changed, repository().hierarchy)
    return judge(compare(pairs), subject().settings, subject().policy, DAY, places, partial=True)


def _narrow(pair: Pair, path: str) -> Pair:
    """Return a pair of the one stack; the others are known by name, since it may depend on them."""
    halves = [Half(half.label, {path: half.stacks[path]}) for half in (pair.left, pair.right)]
    narrowed = Pair(*halves)
    object.__setattr__(narrowed, "called", pair.called)
    return narrowed


@pytest.mark.parametrize("ways", [parameters, around])
def test_each_value_of_each_stack_in_one_environment_is_caught(
    ways: Callable[[Stack], Iterator[tuple[str, Stack]]], record_property: Record
) -> None:
    environments = itertools.cycle(ENVIRONMENTS)
    verdicts: list[Verdict] = []
    for path in sorted({one.path for one in repository().project.stacks if one.environment in ENVIRONMENTS}):
        stack = repository().project[f"{next(environments)}/{path}"]
        for place, mutant in ways(stack):
            named = [
                f"{path}: {place}",
                f"{path}:{place}",
                f"{path}: Resolvers.{place[:1].lower()}{place[1:]}",
            ]
            verdicts.append(verdict(f"{stack.name} {place}", judged(mutant), named))
    shares(record_property, f"stack: {ways.__name__}", verdicts)
