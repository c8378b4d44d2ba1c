"""Mutants of every template: each value, part, resource and output made different in one environment (REQ-V3).

All environments share a template, so that only a function of what names the environment can make it differ: a condition
on a name, account, region, stack name or path in turn, a mapping by one of these, a computed name, index, loop or
condition. Each mutant is evaluated with every stack of every environment and judged by parity with this repository's
declarations; it is caught when a finding names the place, or the condition that was changed. What is changed:

- each scalar and each function of `Properties`, of the attributes, and of the outputs, in branches not taken too;
- each property and list item left out; each resource and output under a condition; each attribute and a tag added;
- each existing condition that a further condition on identity narrows or widens; each entry of a mapping.
"""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from validator.effective import Template

from .conftest import Alone
from .judging import Mutant, Verdict, look_at, shares, verdict
from .templates import (
    ATTRIBUTES,
    ELSEWHERE,
    NOTHING,
    Choice,
    Further,
    Place,
    Presence,
    apart,
    changed,
    choosing,
    conditions_of,
    has_effect,
    judge_template,
    other,
    parts,
    properties,
    resources,
    stacks_by_template,
    template_of,
)
from .ways import extended, mutants, undecided

Record = Callable[[str, object], None]
EVERY = pytest.mark.parametrize("file", sorted(stacks_by_template()))


def look(template: Template, name: str, named: list[str]) -> Verdict:
    return verdict(name, judge_template(template), named)


def chosen(first: Any, second: Any) -> dict[str, Any]:
    return {"Fn::If": [ELSEWHERE, first, second]}


def looked_at(template: Template, choices: Iterable[Choice]) -> Iterator[Verdict]:
    """Judge choices in lots, by what is said of the condition of each.

    One whose place is not named there is judged by itself before it counts as missed.
    """
    for lot in apart(choices):
        found = judge_template(choosing(template, lot))
        for index, one in enumerate(lot):
            own = [each for each in found if each.key == f"Conditions.{ELSEWHERE}{index}"]
            verdict_of_lot = verdict(one.place.shown, own, [one.place.shown])
            yield verdict_of_lot if verdict_of_lot.caught else by_itself(template, one)


def by_itself(template: Template, one: Choice) -> Verdict:
    return look(choosing(template, [one]), one.place.shown, [one.place.shown])


@EVERY
def test_each_value_changed_in_one_environment_is_caught(file: str, record_property: Record) -> None:
    template, conditions = template_of(file), itertools.cycle(conditions_of(file).values())
    choices = (Choice(place, other(place.value), next(conditions)) for place in properties(template))
    shares(record_property, "template: value changed", list(looked_at(template, choices)))


@EVERY
def test_each_part_left_out_in_one_environment_is_caught(file: str, record_property: Record) -> None:
    template, conditions = template_of(file), itertools.cycle(conditions_of(file).values())
    choices = (Choice(place, NOTHING, next(conditions)) for place in parts(template))
    shares(record_property, "template: part left out", list(looked_at(template, choices)))


def existence(template: Template) -> Iterator[Choice]:
    """Yield each resource and output that is there in some environments only, and a tag of each resource."""
    by = conditions_of(template.file)
    for place, condition in zip(list(resources(template)), itertools.cycle(by.values()), strict=False):
        held = place.value.get("Condition")
        yield Presence(place, None, {"Fn::And": [{"Condition": held}, condition]} if held else condition)
        tags = place.value.get("Properties", {}).get("Tags")
        if isinstance(tags, list):
            tag = {"Key": "Colour", "Value": "blue"}
            yield Further(Place((*place.path, "Properties", "Tags"), tags), tag, condition)
    for name, output in template.section("Outputs").items():
        yield Presence(Place(("Outputs", name), output), None, by["the account"])


def attributes(template: Template) -> Iterator[Choice]:
    conditions = itertools.cycle(conditions_of(template.file).values())
    for resource in resources(template):
        for name in ATTRIBUTES:
            value = {"Name": "changed"} if name not in ATTRIBUTES[:3] else "changed"
            place = Place((*resource.path, name), resource.value.get(name, NOTHING))
            yield Choice(place, value, next(conditions))


@EVERY
def test_each_resource_attribute_tag_and_output_in_one_environment_only_is_caught(
    file: str, record_property: Record
) -> None:
    template = template_of(file)
    choices = itertools.chain(existence(template), attributes(template))
    shares(record_property, "template: in one environment only", list(looked_at(template, choices)))


def test_each_condition_narrowed_or_widened_by_identity_is_caught(record_property: Record) -> None:
    """One that changes nothing of what would be deployed is no mutant: `no effect` counts those, proven one by one."""
    verdicts, spared = [], 0
    for file in stacks_by_template():
        template = template_of(file)
        for (name, held), function in itertools.product(
            template.section("Conditions").items(), ("Fn::And", "Fn::Or")
        ):
            for condition in conditions_of(file).values():
                mutant = changed(template, ("Conditions", name), {function: [held, condition]})
                one = look(mutant, f"{file}:{name} {function}", [f"Conditions.{name}"])
                if one.caught or has_effect(mutant):
                    verdicts.append(one)
                else:
                    spared += 1
    shares(record_property, "template: condition narrowed or widened", verdicts, spared)


def test_each_other_way_to_choose_by_identity_is_caught(record_property: Record) -> None:
    verdicts: dict[str, list[Verdict]] = {}
    for file in stacks_by_template():
        template = extended(template_of(file))
        for way, places, make in mutants(template):
            found = judge_template(functools.reduce(make, places, template)) if len(places) > 1 else []
            for place in places:
                one = verdict(f"{file}:{place.shown}", found, [place.shown])
                alone = one if one.caught else look(make(template, place), one.name, [place.shown])
                verdicts.setdefault(way, []).append(alone)
    for way, those in verdicts.items():
        shares(record_property, f"template: {way}", those)


def test_each_condition_on_what_another_stack_publishes_is_caught(record_property: Record) -> None:
    """Whether it holds is known only once deployed, so that nobody could say that environments take one branch."""
    verdicts = [
        look(mutant, f"{file}:{name}", [f"decided by {name}"])
        for file in stacks_by_template()
        for name, mutant in undecided(template_of(file))
    ]
    shares(record_property, "template: condition on another stack's output", verdicts)


def entries() -> Iterator[tuple[str, tuple[str, str, str], str]]:
    for file in stacks_by_template():
        for name, rows in template_of(file).section("Mappings").items():
            for first, row in rows.items():
                yield from ((file, (name, first, second), value) for second, value in row.items())


def test_each_entry_of_a_mapping_changed_for_one_region_is_caught(record_property: Record) -> None:
    """Changed to what names no such thing in any region, or to what another entry of the region is called.

    What only a StackSet's regions read changes nothing of an environment's own stacks: `no effect` counts those.
    """
    verdicts, spared = [], 0
    for file, path, value in entries():
        template = template_of(file)
        row = template.section("Mappings")[path[0]][path[1]]
        if path[1] not in {stack.region for stack in stacks_by_template()[file]}:
            continue
        for wrong in (f"{value}-changed", *(item for item in row.values() if item != value)):
            mutant = changed(template, ("Mappings", *path), wrong)
            one = look(mutant, f"{file}:{path} {wrong}", [f"{path[0]}, {path[1]}"])
            if one.caught or has_effect(mutant):
                verdicts.append(one)
            else:
                spared += 1
    shares(record_property, "template: entry of a mapping", verdicts, spared)


def test_a_mutant_of_each_template_on_disk_is_caught(alone: Alone, record_property: Record) -> None:
    """Written out, read by the loader, and judged by the checks: what the others leave out for speed."""
    mutants: dict[str, list[Mutant]] = {}
    for index, (file, stacks) in enumerate(stacks_by_template().items()):
        by = list(conditions_of(file).items())
        template, (who, condition) = template_of(file), by[index % len(by)]
        place = next(place for place in properties(template) if isinstance(place.value, str | int))
        mutant = changed(template, place.path, chosen(other(place.value), place.value), condition)
        text, own = json.dumps(mutant.body, indent=1), f"{stacks[0].path}: Conditions.{ELSEWHERE}"
        path, name = alone(stacks[0].workload) / file, f"{file}: {place.shown} by {who}"
        mutants.setdefault(stacks[0].workload, []).append(Mutant(name, path, text, own, [own, place.shown]))
    verdicts = [one for workload, those in mutants.items() for one in look_at(alone(workload), those)]
    shares(record_property, "template: on disk", verdicts)


def test_what_a_region_calls_its_own_passes() -> None:
    """The same zones in another order, for one region: which is first is a fact of that region, and no choice."""
    template = template_of("templates/network.yaml")
    zones = template.section("Mappings")["Zones"]["us-east-2"]
    turned = dict(zip(zones, [*list(zones.values())[1:], next(iter(zones.values()))], strict=True))
    mutant = changed(template, ("Mappings", "Zones", "us-east-2"), turned)
    assert has_effect(mutant)
    assert judge_template(mutant) == []


def test_nothing_is_found_in_the_templates_as_they_are() -> None:
    """So that whatever is found of a mutant is found because of what was changed."""
    for file in stacks_by_template():
        assert judge_template(template_of(file)) == []
