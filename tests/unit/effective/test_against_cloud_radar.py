"""cloud-radar 0.17, another evaluator of CloudFormation, as an oracle (REQ-V2).

What both compute must be the same, with made-up values for what exists only once deployed. Where the oracle is wrong,
a case of the corpus was worked out by hand, and its `oracle.json` says why and what exactly the oracle says.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.unit.small_project import repository
from validator.effective import evaluate, parse
from validator.effective.conditions import CONDITION_FUNCTIONS
from validator.effective.intrinsics import FUNCTIONS
from validator.model import Stack
from validator.rendering import parsed

from . import oracle
from .agreement import Agreement, identity
from .sound_templates import Case, cases
from .test_corpus import CASES, CORPUS

ROOT = Path(__file__).parents[3]
SYMBOLIC = {"queue-symbolic-identity"}
"""Cases with symbols for parameters, which the oracle cannot be given."""
UNKNOWN_TO_THE_ORACLE = {"$symbol", "Fn::GetStackOutput", "Fn::Transform"}
"""What no other evaluator has: our own JSON form, and two functions that it refuses or makes up a value for."""


@cache
def read(path: Path) -> dict[str, Any]:
    return oracle.read(path)


def without_known_faults(body: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a template that spares the oracle two of the corpus' deviations.

    See number-equal-to-its-text and number-with-a-fraction: it compares numbers with text, and reads whole
    numbers only.
    """
    spared = deepcopy(dict(body))
    queue: list[Any] = [spared.get("Conditions", {})]
    while queue:
        node = queue.pop()
        if isinstance(node, dict):
            if "Fn::Equals" in node:
                sides = node["Fn::Equals"]
                node["Fn::Equals"] = [str(side) if type(side) is int else side for side in sides]
            queue += node.values()
        elif isinstance(node, list):
            queue += node
    for name, value in parameters.items():
        if "." in str(value):
            for limit in ("MinValue", "MaxValue"):
                spared["Parameters"][name].pop(limit, None)
    return spared


def agreement(stack: Stack) -> Agreement:
    """Compare one stack with its real parameters."""
    context = identity(stack.external_name, stack.account, stack.region)
    ours = evaluate(parsed(stack.body, stack.template), stack.parameters, context)
    assert ours.problems == ()
    body = without_known_faults(read(ROOT / stack.template), stack.parameters)
    found = Agreement()
    found.compare(ours, oracle.rendered(body, stack.parameters, context))
    return found


def test_every_stack_of_every_environment_comes_to_the_same() -> None:
    stacks = repository().project.stacks
    differing: dict[str, list[str]] = {}
    total = symbols = 0
    for stack in stacks:
        found = agreement(stack)
        total, symbols = total + found.values, symbols + found.symbols
        if found.differences:
            differing[stack.name] = found.differences
    assert differing == {}
    templates = {path.name for path in (ROOT / "templates").glob("*.yaml")}
    assert {Path(stack.template).name for stack in stacks} == templates
    assert (total > 5_000, symbols > 700) == (True, True), f"{total} values, {symbols} with symbols"


def opinion(case: str) -> list[str]:
    """Return all in which the oracle differs in a case of the corpus."""
    given = json.loads((CORPUS / case / "parameters.json").read_text(encoding="utf-8"))
    path = CORPUS / case / "template.yaml"
    region = given.get("context", {}).get("region", "us-east-1")
    context = identity(case, region=region)
    ours = evaluate(parse(path.read_text(encoding="utf-8"), path.name), given["parameters"], context)
    try:
        theirs = oracle.rendered(read(path), given["parameters"], context)
    except Exception as error:  # noqa: BLE001 - whatever it raises is its opinion
        return ["RecursionError" if isinstance(error, RecursionError) else f"{type(error).__name__}: {error}"]
    found = Agreement()
    found.compare(ours, theirs)
    wrong = len(ours.problems) + len(ours.rule_failures)
    return [
        *found.differences,
        *(f"{place}: leaves AWS::NoValue in" for place in found.left_in),
        *([f"says nothing of what is wrong: {wrong}"] if wrong else []),
    ]


@pytest.mark.parametrize("case", sorted(set(CASES) - SYMBOLIC))
def test_the_oracle_differs_only_as_was_found_by_hand(case: str) -> None:
    listed = CORPUS / case / "oracle.json"
    expected = json.loads(listed.read_text(encoding="utf-8")) if listed.exists() else {"says": []}
    assert opinion(case) == expected["says"]
    assert listed.exists() is bool(expected.get("reason")) is bool(expected["says"])


def test_the_cases_that_agree_use_every_function() -> None:
    agreeing = [case for case in CASES if not (CORPUS / case / "oracle.json").exists()]
    text = "".join((CORPUS / case / "template.yaml").read_text(encoding="utf-8") for case in agreeing)
    functions = FUNCTIONS.keys() | CONDITION_FUNCTIONS.keys() | {"Condition", "Fn::ForEach"}
    missing = {
        name for name in functions if name not in text and f"!{name.removeprefix('Fn::')} " not in text
    }
    assert missing == UNKNOWN_TO_THE_ORACLE


COMPARED = settings(
    derandomize=True,
    deadline=None,
    max_examples=80,
    phases=[Phase.generate],  # the oracle is too slow to shrink with
    suppress_health_check=[HealthCheck.too_slow],
)


def test_generated_templates_come_to_the_same() -> None:
    seen: Counter[str] = Counter()

    @COMPARED
    @given(cases())
    def compare(case: Case) -> None:
        context = identity("stack")
        ours = evaluate(parse(json.dumps(case.body), "t.json"), case.parameters, context)
        assert ours.problems == ()
        found = Agreement()
        found.compare(ours, oracle.rendered(case.body, case.parameters, context))
        assert found.differences == []
        seen["templates"] += 1
        seen["values"] += found.values
        seen["with symbols"] += found.symbols

    compare()
    assert seen["values"] > 2_500, seen
    assert seen["with symbols"] > 300, seen
