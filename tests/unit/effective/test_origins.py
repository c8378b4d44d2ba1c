"""What each value came from, and where it is written."""

from __future__ import annotations

import pytest

from .evaluating import effective

TEXT = """
Parameters:
  Environment: {Type: String, Default: prod}
  Memory: {Type: Number, Default: 512}
  Names: {Type: CommaDelimitedList, Default: "a,b"}
Mappings: {Sizes: {prod: {Days: 14}}}
Conditions:
  IsProd: !Equals [!Ref Environment, prod]
  IsLarge: !And [!Condition IsProd, !Not [!Equals [!Ref Memory, 128]]]
  Never: !Equals [a, b]
Resources:
  A:
    Type: T
    Condition: IsLarge
    Properties:
      Plain: x
      Memory: !Ref Memory
      Name: !Sub "${Environment}-${AWS::Region}-${B}"
      Days: !FindInMap [Sizes, !Ref Environment, Days]
      Tags:
        - !If [Never, {Key: a}, !Ref AWS::NoValue]
        - Key: b
          Value: !Ref Environment
      Block: !If
        - IsProd
        - Inner: !Ref Memory
          Other: [!Join [",", !Ref Names], plain]
        - !Ref AWS::NoValue
      Joined: !Join [",", [!If [IsProd, !Ref Memory, x], y]]
  B: {Type: T}
  Gone: {Type: T, Condition: Never}
Outputs:
  O: {Value: !GetAtt A.Arn}
"""


def because(*path: str | int) -> list[str]:
    return [str(origin) for origin in effective(TEXT).because(path)]


PROPERTIES = ("Resources", "A", "Properties")
ALWAYS = ["condition:IsLarge", "condition:IsProd", "parameter:Environment", "parameter:Memory"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("Memory",), ["parameter:Memory"]),
        (("Name",), ["parameter:Environment", "pseudo:AWS::Region"]),
        (("Days",), ["mapping:Sizes.prod.Days", "parameter:Environment"]),
        (("Tags", 0, "Value"), ["condition:Never", "parameter:Environment"]),
        (("Block", "Inner"), ["condition:IsProd", "parameter:Environment", "parameter:Memory"]),
        (("Block", "Other", 0), ["condition:IsProd", "parameter:Environment", "parameter:Names"]),
        (("Block", "Other", 1), ["condition:IsProd", "parameter:Environment"]),
        (
            ("Block",),
            ["condition:IsProd", "parameter:Environment", "parameter:Memory", "parameter:Names"],
        ),
        (("Joined",), ["condition:IsProd", "parameter:Environment", "parameter:Memory"]),
    ],
)
def test_a_value_knows_its_parameters_mappings_and_conditions(
    path: tuple[str | int, ...], expected: list[str]
) -> None:
    """A resource under a condition owes that condition everything it has."""
    assert because(*PROPERTIES, *path) == sorted({*expected, *ALWAYS})


def test_what_is_written_down_came_from_nothing_else() -> None:
    assert because("Resources", "B") == []
    assert because(*PROPERTIES, "Plain") == ALWAYS


def test_an_absent_resource_knows_why() -> None:
    assert because("Resources", "Gone") == ["condition:Never"]
    assert "Gone" not in effective(TEXT).resources


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((*PROPERTIES, "Memory"), 17),
        ((*PROPERTIES, "Tags", 0), 22),
        ((*PROPERTIES, "Tags", 0, "Value"), 23),
        ((*PROPERTIES, "Block", "Inner"), 26),
        ((*PROPERTIES, "Block", "Other", 1), 27),
        (("Outputs", "O", "Value"), 33),
        (("Resources", "A", "Properties", "Nothing"), 15),
    ],
)
def test_an_effective_path_leads_back_to_its_line(path: tuple[str | int, ...], line: int) -> None:
    position = effective(TEXT).position(path)
    assert position is not None
    assert position.line == line


@pytest.mark.parametrize(
    ("condition", "key", "line"),
    [
        ("Always", "Resources.A.Properties.P.Fn::If.1.K.0.Fn::Select", 8),
        ("Never", "Resources.A.Properties.P.Fn::If.2.Fn::Select", 9),
        ("Sym", "Resources.A.Properties.P.Fn::If.2.Fn::Select", 9),
    ],
)
def test_a_problem_in_a_branch_points_into_it(condition: str, key: str, line: int) -> None:
    found = effective(
        f"""Conditions: {{Always: !Equals [a, a], Never: !Equals [a, b], Sym: !Equals [!Ref AWS::StackId, x]}}
Resources:
  A:
    Type: T
    Properties:
      P: !If
        - {condition}
        - K: [!Select [5, [x]]]
        - !Select [6, [x]]
"""
    )
    problem = found.problems[-1]
    assert (problem.key, problem.line) == (key, line)
    assert len(found.problems) == (2 if condition == "Sym" else 1)


def test_problems_carry_the_file_the_key_and_the_line() -> None:
    found = effective("Resources:\n  A:\n    Type: T\n    Properties:\n      P: !If [Gone, a, b]\n")
    (problem,) = found.problems
    assert (problem.file, problem.key, problem.line) == ("t.yaml", "Resources.A.Properties.P.Fn::If.0", 5)
    assert problem.hint
