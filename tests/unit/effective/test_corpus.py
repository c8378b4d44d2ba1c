"""Whole templates against expectations that were worked out by hand, most of them AWS's own examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from validator.effective import (
    Context,
    EffectiveTemplate,
    ParameterValue,
    Symbol,
    concat,
    evaluate,
    parse,
    to_json,
)

CORPUS = Path(__file__).parents[2] / "corpus" / "effective"
CASES = sorted(path.name for path in CORPUS.iterdir())
KEYS = {"effective", "conditions", "problems", "rule_failures", "because", "lines"}


def symbolic(value: Any) -> Any:
    """Read what the JSON of a case writes: `{"$symbol": name}`, and a list as a string of parts."""
    if isinstance(value, dict):
        return Symbol.named(value["$symbol"])
    return concat([symbolic(part) for part in value]) if isinstance(value, list) else value


def evaluated(case: str) -> EffectiveTemplate:
    given = json.loads((CORPUS / case / "parameters.json").read_text())
    identity = {"account": "111111111111", "region": "us-east-1", "stack_name": case} | given.get(
        "context", {}
    )
    parameters: dict[str, ParameterValue] = {
        key: symbolic(value) for key, value in given["parameters"].items()
    }
    template = parse((CORPUS / case / "template.yaml").read_text(), f"{case}/template.yaml")
    return evaluate(
        template, parameters, Context(**{key: symbolic(value) for key, value in identity.items()})
    )


def path_of(key: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in key.split("."))


@pytest.mark.parametrize("case", CASES)
def test_case(case: str) -> None:
    expected = json.loads((CORPUS / case / "expected.json").read_text())
    assert expected
    assert set(expected) <= KEYS
    found = evaluated(case)
    if "effective" in expected:
        assert found.to_json() == expected["effective"]
    if "conditions" in expected:
        assert to_json(found.conditions) == expected["conditions"]
    assert [str(p).partition("\n")[0] for p in found.problems] == expected.get("problems", [])
    failures = [str(failure.problem).partition("\n")[0] for failure in found.rule_failures]
    assert failures == expected.get("rule_failures", [])
    for key, origins in expected.get("because", {}).items():
        assert [str(origin) for origin in found.because(path_of(key))] == origins, key
    for key, line in expected.get("lines", {}).items():
        position = found.position(path_of(key))
        assert position is not None
        assert position.line == line, key


@pytest.mark.parametrize("case", CASES)
def test_an_effective_template_evaluates_to_itself(case: str) -> None:
    found = evaluated(case).to_json()
    again = evaluate(parse(json.dumps(found), "again.json"), {}, Context("1", "eu-west-1", "s"))
    assert again.to_json() == found
