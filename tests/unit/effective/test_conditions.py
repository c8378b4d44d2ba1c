"""Conditions, Fn::If, and truths that only deployment knows."""

from __future__ import annotations

import pytest

from validator.effective import EffectiveTemplate, Symbol, to_json

from .evaluating import effective, symbol, value

HEAD = """
Parameters:
  Environment: {Type: String, Default: prod}
  Size: {Type: Number, Default: 1}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
"""


def conditions(text: str, **parameters: str | Symbol) -> EffectiveTemplate:
    lines = "".join(f"  {line.strip()}\n" for line in text.strip().splitlines())
    return effective(f"{HEAD}\nConditions:\n{lines}\nResources: {{A: {{Type: T}}}}", **parameters)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Equals [!Ref Environment, prod]", True),
        ("!Equals [!Ref Environment, Prod]", False),
        ("!Equals [!Ref Size, '1']", True),
        ("!Equals [1, '1']", True),
        ("!Equals ['1.0', 1]", False),
        ("!Equals [true, 'true']", True),
        ("!Equals [!Ref Names, [a, b]]", True),
        ("!Equals [!Ref Names, [b, a]]", False),
        ("!Equals [{a: 1}, {a: '1'}]", True),
        ("!Equals [!Join ['', !Ref Names], ab]", True),
        ("!And [!Equals [a, a], !Equals [b, b]]", True),
        ("!And [!Equals [a, a], !Equals [a, b]]", False),
        ("!Or [!Equals [a, b], !Equals [a, a]]", True),
        ("!Or [!Equals [a, b], !Equals [b, a]]", False),
        ("!Not [!Equals [a, b]]", True),
        ("!Not [!Condition Base]", False),
        ("!Equals [!Ref AWS::Region, us-east-1]", True),
        ("{Condition: Base}", True),
        ("true", True),
        ("'False'", False),
    ],
)
def test_truth(expression: str, expected: bool) -> None:
    found = conditions(f"Base: !Equals [a, a]\nC: {expression}")
    assert found.problems == ()
    assert found.conditions["C"] is expected


def test_conditions_may_come_in_any_order() -> None:
    found = conditions("A: !Not [!Condition B]\nB: !Not [!Condition C]\nC: !Equals [a, a]")
    assert dict(found.conditions) == {"A": True, "B": False, "C": True}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Equals [!Ref Environment, prod]", 'equals(environment, "prod")'),
        ("!Not [!Equals [!Ref Environment, prod]]", 'not(equals(environment, "prod"))'),
        ("!Not [!Not [!Condition Sym]]", 'equals(environment, "x")'),
        ("!And [!Condition Sym, !Equals [a, a]]", 'equals(environment, "x")'),
        ("!Or [!Condition Sym, !Condition Other]", 'or(equals(environment, "x"), equals(environment, "y"))'),
        ("!Or [!Condition Sym, !Condition Sym]", 'equals(environment, "x")'),
    ],
)
def test_truth_that_only_deployment_knows(expression: str, expected: str) -> None:
    found = conditions(
        f"""
        Sym: !Equals [!Ref Environment, x]
        Other: !Equals [!Ref Environment, y]
        C: {expression}
        """,
        Environment=Symbol.named("environment"),
    )
    assert str(found.conditions["C"]) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!And [!Condition Sym, !Equals [a, b]]", False),
        ("!Or [!Condition Sym, !Equals [a, a]]", True),
        ("!Equals [!Ref Environment, !Ref Environment]", True),
        ("!Equals [!Sub 'x-${Environment}', !Join ['-', [x, !Ref Environment]]]", True),
    ],
)
def test_truth_that_is_known_though_its_parts_are_not(expression: str, expected: bool) -> None:
    found = conditions(
        f"Sym: !Equals [!Ref Environment, x]\nC: {expression}", Environment=Symbol.named("environment")
    )
    assert found.conditions["C"] is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A: !Not [!Condition A]", ["circular conditions: A needs A"]),
        ("A: !Not [!Condition B]\nB: !Not [!Condition A]", ["circular conditions: A needs B needs A"]),
        ("A: !Not [!Condition Gone]", ["no condition is named Gone"]),
        ("A: !And [!Equals [a, a]]", ["Fn::And takes a list of 2 to 10 arguments"]),
        ("A: !Not [!Equals [a, a], !Equals [a, a]]", ["Fn::Not takes a list of 1 arguments"]),
        ("A: !Equals [a]", ["Fn::Equals takes a list of 2 arguments"]),
        ("A: !Ref Environment", ["a condition is one of Fn::And, Fn::Equals, Fn::Not, Fn::Or or Condition"]),
        ("A: !Condition [x]", ["a condition is named by its name as text"]),
        ("A: perhaps", ["a condition is one of Fn::And, Fn::Equals, Fn::Not, Fn::Or or Condition"]),
        ("A: !Equals [!Ref Gone, a]", ["no parameter or resource is named Gone"]),
        ("R: !Equals [!Ref A, a]", ["the resource A cannot be referred to here"]),
    ],
)
def test_bad_conditions(text: str, expected: list[str]) -> None:
    found = conditions(text)
    assert [p.message for p in found.problems] == expected
    assert found.problems[0].key.startswith("Conditions.")
    assert found.problems[0].line


def test_two_circles_are_two_problems_and_leave_the_rest_alone() -> None:
    found = conditions(
        "A: !Not [!Condition B]\nB: !Not [!Condition A]\nC: !Not [!Condition D]\nD: !Not [!Condition C]\nE: true"
    )
    assert len(found.problems) == 2
    assert found.conditions["E"] is True


def test_a_long_chain_of_conditions() -> None:
    """As many as a template of 1 MB could name one after the other, without recursion."""
    links = ", ".join(f"C{index}: !Not [!Condition C{index + 1}]" for index in range(5_000))
    found = effective(
        f"Parameters: {{P: {{Type: String, Default: a}}}}\nConditions: {{{links}, C5000: !Equals [!Ref P, a]}}\n"
        "Resources: {A: {Type: T, Condition: C0}}"
    )
    assert found.conditions["C0"] is True
    assert found.conditions["C1"] is False
    because = [str(origin) for origin in found.because(("Resources", "A"))]
    assert len(because) == 5_002
    assert because[-1] == "parameter:P"


IF = HEAD + "Conditions: {Yes: !Equals [a, a], Never: !Equals [a, b], Sym: !Equals [!Ref AWS::StackId, x]}\n"
IF = IF.replace("{Yes:", "{'Yes':")
SYM = 'equals(ref:AWS::StackId, \\"x\\")'.replace("\\", "")


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!If ['Yes', a, b]", "a"),
        ("!If [Never, a, b]", "b"),
        ("!If [Never, a, !If ['Yes', {k: !Ref Environment}, c]]", {"k": "prod"}),
        ("!If [Never, a, !Ref AWS::NoValue]", None),
        ("[a, !If [Never, b, !Ref AWS::NoValue], c]", ["a", "c"]),
        ("{a: !If [Never, b, !Ref AWS::NoValue], c: d}", {"c": "d"}),
        ("[!If ['Yes', !Ref AWS::NoValue, b]]", []),
        ("!If ['Yes', [!Ref AWS::NoValue, {a: !Ref AWS::NoValue}], b]", [{}]),
        ("!Join [',', !If ['Yes', !Ref Names, [x]]]", "a,b"),
        ("!If [Sym, a, b]", symbol(f'if({SYM}, "a", "b")')),
        ("!If [Sym, !Ref AWS::NoValue, [!Ref Size]]", symbol(f"if({SYM}, AWS::NoValue, list(1))")),
        ("!Sub ['${A}-x', {A: !If [Sym, a, b]}]", symbol(f'${{if({SYM}, "a", "b")}}-x')),
    ],
)
def test_if(snippet: str, expected: object) -> None:
    assert value(snippet, IF) == expected


def test_if_takes_three_arguments_and_a_known_condition() -> None:
    found = effective(
        "Resources: {A: {Type: T, Properties: {P: !If [X, a, b], Q: !If [], R: !If [[X], a, b]}}}"
    )
    assert [p.message for p in found.problems] == [
        "no condition is named X",
        "Fn::If takes a list of 3 arguments",
        "a condition is named by its name as text",
    ]
    assert to_json(found.resources["A"].properties["P"]) == symbol('if(condition:X, "a", "b")')
