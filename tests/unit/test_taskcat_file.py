"""`.taskcat.yml` names every template that can stand there, with values that the template takes (REQ-V8)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from ruamel.yaml import YAML

from scripts.taskcat_run import FILE, PUBLISHED, needs, waves
from validator.effective import Context, evaluate, parse

from .template_facts import ROOT, TEMPLATES, read

LEFT_OUT = ROOT / "tests/taskcat_left_out.yaml"


@cache
def config() -> Mapping[str, Any]:
    found: Mapping[str, Any] = YAML(typ="safe").load((ROOT / FILE).read_text(encoding="utf-8"))
    return found


TESTS = sorted(config()["tests"])


def test_every_template_is_deployed_by_taskcat_or_left_out_with_a_reason() -> None:
    left_out = YAML(typ="safe").load(LEFT_OUT.read_text(encoding="utf-8"))
    names = {path.stem for path in TEMPLATES}
    assert set(TESTS) | left_out.keys() == names
    assert not set(TESTS) & left_out.keys()
    assert all(len(reason.split()) > 3 for reason in left_out.values())


@pytest.mark.parametrize("name", TESTS)
def test_a_test_deploys_its_template_with_values_that_it_takes(name: str) -> None:
    """Each parameter, none that is unknown, each in its form; everything disposable, and nobody else's by name."""
    test = config()["tests"][name]
    assert test["template"] == f"templates/{name}.yaml"
    declared, given = read(name).body["Parameters"], test["parameters"]
    assert given.keys() <= declared.keys()
    assert {key for key, one in declared.items() if "Default" not in one} <= given.keys()
    for key, value in given.items():
        one = declared[key]
        for item in str(value).split(",") if "List" in one["Type"] else [str(value)]:
            assert re.search(one.get("AllowedPattern", ""), item), f"{key}: {item}"
            assert item in [str(each) for each in one.get("AllowedValues", [item])], f"{key}: {item}"
    assert given["NamePrefix"] == f"tc-{name}-"
    assert given["ParameterPath"] == f"/taskcat/tests/{name}"
    assert given.get("Lifecycle", "disposable") == "disposable"
    path = f"templates/{name}.yaml"
    context = Context(account="111111111111", region="us-east-1", stack_name=name)
    assert evaluate(parse((ROOT / path).read_text(encoding="utf-8"), path), given, context).resources


def test_what_a_test_takes_from_another_is_published_there() -> None:
    """By a template's parameter in Parameter Store, of the same name."""
    for name in TESTS:
        for value in config()["tests"][name]["parameters"].values():
            if found := PUBLISHED.fullmatch(str(value)):
                output = str(value).rpartition("/")[2]
                published = [
                    resource["Properties"]["Name"]["Fn::Sub"]
                    for _, resource in read(found["test"]).resources("AWS::SSM::Parameter")
                ]
                assert f"${{ParameterPath}}/{output}" in published, f"{name}: {value}"


def test_a_test_comes_after_what_it_needs() -> None:
    order = waves(config()["tests"])
    place = {name: number for number, wave in enumerate(order) for name in wave}
    assert sorted(place) == TESTS
    assert all(place[need] < place[name] for name in TESTS for need in needs(config()["tests"][name]))


def test_one_test_brings_what_it_needs() -> None:
    assert waves(config()["tests"], ["queue"]) == [["keys"], ["queue"]]


def test_what_cannot_be_ordered_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has no test nothing; it has .*queue"):
        waves(config()["tests"], ["nothing"])
    one, two = ({"parameters": {"A": f"/taskcat/tests/{other}/Arn"}} for other in ("two", "one"))
    with pytest.raises(ValueError, match="need each other"):
        waves({"one": one, "two": two})
    with pytest.raises(ValueError, match="has no test gone"):
        waves({"one": {"parameters": {"A": "/taskcat/tests/gone/Arn"}}})
