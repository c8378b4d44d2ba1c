"""The ways in which a shared template can choose by identity, without an `Fn::If` on a condition of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from validator.effective import Template

from .judging import ENVIRONMENTS
from .templates import (
    ELSEWHERE,
    Place,
    changed,
    conditions_of,
    other,
    properties,
    resources,
    stacks_by_template,
)

ENVIRONMENT = {"Fn::Select": [0, {"Fn::Split": ["-", {"Ref": "NamePrefix"}]}]}
LAST_OF_REGION = {"Fn::Select": [2, {"Fn::Split": ["-", {"Ref": "AWS::Region"}]}]}
ACCOUNTS = ("111111111111", "222222222222", "333333333333")
Make = Callable[[Template, Place], Template]
TWINS = {f"Twin{name}": {"Type": "AWS::SNS::Topic"} for name in ENVIRONMENTS}


def _regions(template: Template) -> list[str]:
    return sorted({stack.region for stack in stacks_by_template()[template.file]})


def _mapped(key: Any, rows_of: Callable[[Template], Sequence[str]]) -> Make:
    def way(template: Template, place: Place) -> Template:
        rows = rows_of(template)
        last = rows[-1]
        values = {row: {"Value": other(place.value) if row == last else place.value} for row in rows}
        name = f"Elsewhere{len(template.section('Mappings'))}"
        mutant = changed(template, place.path, {"Fn::FindInMap": [name, key, "Value"]})
        return _section(mutant, "Mappings", {name: values})

    return way


def _put(value: Callable[[Place], Any]) -> Make:
    return lambda template, place: changed(template, place.path, value(place))


def _twins(template: Template, place: Place) -> Template:
    name = {"Fn::Sub": ["Twin${Name}", {"Name": ENVIRONMENT}]}
    return _section(changed(template, place.path, {"Ref": name}), "Resources", TWINS)


def _chain(template: Template, place: Place) -> Template:
    """A condition on a condition on identity."""
    value = {"Fn::If": ["IsThere", other(place.value), place.value]}
    further = {"IsThere": {"Fn::Not": [{"Condition": ELSEWHERE}]}}
    return _section(
        changed(template, place.path, value, conditions_of(template.file)["the account"]),
        "Conditions",
        further,
    )


WAYS: dict[str, Make] = {
    "mapping by account": _mapped({"Ref": "AWS::AccountId"}, lambda _: ACCOUNTS),
    "mapping by region": _mapped({"Ref": "AWS::Region"}, _regions),
    "mapping by name": _mapped(ENVIRONMENT, lambda _: ENVIRONMENTS),
    "item by region": _put(
        lambda place: {"Fn::Select": [LAST_OF_REGION, [0, place.value, other(place.value)]]}
    ),
    "number in a name": _put(lambda place: LAST_OF_REGION),
    "length of a name": _put(lambda place: {"Fn::Length": {"Fn::Split": ["d", {"Ref": "AWS::StackName"}]}}),
    "parameter store": _put(lambda place: {"Fn::Sub": "{{resolve:ssm:${ParameterPath}/Value}}"}),
    "computed reference": _twins,
    "chain of conditions": _chain,
}
"""Each makes one value differ between environments."""


def extended(template: Template) -> Template:
    """Return a template in which each of these functions may stand."""
    return _section(template, "Transform", "AWS::LanguageExtensions")


def mutants(template: Template) -> Iterator[tuple[str, list[Place], Make]]:
    """Yield each way with the places to try it at, which do not touch each other: at once, or one by one.

    One resource of each type, at its first value that is written as it is.
    """
    values = [place for place in properties(template) if not isinstance(place.value, dict)]
    of_each_type = {resource.value["Type"]: resource for resource in resources(template)}
    insides = [(*resource.path, "Properties") for resource in of_each_type.values()]
    found = [[place for place in values if place.path[: len(one)] == one][:1] for one in insides]
    places = [place for those in found for place in those]
    yield from ((way, places, make) for way, make in WAYS.items())
    # Whether one is there changes what refers to it, so that each is tried by itself.
    yield from (("computed condition", [resource], _exists_by_name) for resource in of_each_type.values())
    loop = Place(("Resources", "Fn::ForEach::More"), None)
    yield "loop over a name", [loop], _looped


def undecided(template: Template) -> Iterator[tuple[str, Template]]:
    """Yield a condition on each value that another stack publishes, which nobody can tell before the deployment."""
    place = next(properties(template))
    for name, declared in template.section("Parameters").items():
        if declared["Type"].startswith("AWS::SSM::Parameter::Value<String"):
            value = {"Fn::If": [ELSEWHERE, other(place.value), place.value]}
            yield name, changed(template, place.path, value, {"Fn::Equals": [{"Ref": name}, "changed"]})


def _exists_by_name(template: Template, resource: Place) -> Template:
    name = {"Fn::Sub": ["Is${Name}", {"Name": ENVIRONMENT}]}
    truths = {f"Is{environment}": {"Fn::Equals": [environment, "prod"]} for environment in ENVIRONMENTS}
    return _section(changed(template, (*resource.path, "Condition"), name), "Conditions", truths)


def _looped(template: Template, place: Place) -> Template:
    loop = ["Name", [ENVIRONMENT], {"More${Name}": {"Type": "AWS::SNS::Topic"}}]
    return changed(template, place.path, loop)


def _section(template: Template, name: str, more: Any) -> Template:
    value = more if isinstance(more, str) else {**template.section(name), **more}
    return replace(template, body={**template.body, name: value})
