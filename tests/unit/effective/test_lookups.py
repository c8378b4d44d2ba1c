"""FindInMap, ImportValue, GetStackOutput and Transform."""

from __future__ import annotations

import pytest

from validator.effective import Symbol

from .evaluating import EXTENSIONS, effective, problem, symbol, value

MAPS = """
Parameters:
  Environment: {Type: String, Default: dev}
Mappings:
  Sizes:
    dev: {Memory: 512, Zones: [a, b], On: true}
    prod: {Memory: 2048}
  Accounts:
    123456789012: {Name: x}
"""


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!FindInMap [Sizes, !Ref Environment, Memory]", 512),
        ("!FindInMap [Sizes, dev, Zones]", ["a", "b"]),
        ("!FindInMap [Sizes, dev, 'On']", True),
        ("!FindInMap [Accounts, 123456789012, Name]", "x"),
        ("!FindInMap [!Sub Sizes, !Select [0, [prod]], !Join ['', [Mem, ory]]]", 2048),
    ],
)
def test_find_in_map(snippet: str, expected: object) -> None:
    assert value(snippet, MAPS) == expected


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!FindInMap [Sizes, test, Memory, DefaultValue: 128]", 128),
        ("!FindInMap [Sizes, dev, Nothing, DefaultValue: !Sub 'x-${Environment}']", "x-dev"),
        ("!FindInMap [Nothing, dev, Memory, DefaultValue: [a]]", ["a"]),
        ("!FindInMap [Sizes, dev, Memory, DefaultValue: 128]", 512),
        ("!FindInMap [Sizes, test, Memory, DefaultValue: !FindInMap [Sizes, prod, Memory]]", 2048),
        ("!FindInMap [Sizes, test, Memory, DefaultValue: !Ref AWS::NoValue]", None),
    ],
)
def test_default_value(snippet: str, expected: object) -> None:
    assert value(snippet, EXTENSIONS + MAPS) == expected


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!FindInMap [Sizes, test, Memory]", "the mapping Sizes has no key test"),
        ("!FindInMap [Sizes, dev, Nothing]", "the mapping Sizes.dev has no key Nothing"),
        ("!FindInMap [Nothing, dev, Memory]", "no mapping is named Nothing"),
        ("!FindInMap [Sizes, dev]", "Fn::FindInMap takes a list of 3 to 4 arguments"),
        ("!FindInMap [Sizes, [dev], Memory]", "a key of Fn::FindInMap must be text, and is a list"),
        (
            "!FindInMap [Sizes, test, Memory, DefaultValue: 1]",
            "a DefaultValue of Fn::FindInMap needs the transform AWS::LanguageExtensions",
        ),
    ],
)
def test_missing_keys(snippet: str, expected: str) -> None:
    assert problem(snippet, MAPS) == expected


def test_the_fourth_argument_is_a_default_value_alone() -> None:
    expected = "the fourth argument of Fn::FindInMap is a mapping with DefaultValue alone"
    assert problem("!FindInMap [Sizes, test, Memory, Other: 1]", EXTENSIONS + MAPS) == expected


def test_a_symbolic_key_keeps_the_lookup_symbolic() -> None:
    found = value(
        "!FindInMap [Sizes, !Ref Environment, Memory]", MAPS, Environment=Symbol.named("environment")
    )
    assert found == symbol('mapping("Sizes", environment, "Memory")')


def test_a_mapping_holds_text_or_lists() -> None:
    found = problem("!FindInMap [M, a, b]", "Mappings: {M: {a: {b: {c: d}}}}\n")
    assert found == "the mapping M.a.b must hold text or a list"


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!ImportValue Net-Vpc", symbol("import:Net-Vpc")),
        ("Fn::ImportValue: !Sub '${Environment}-Vpc'", symbol("import:dev-Vpc")),
        ("Fn::GetStackOutput: {StackName: net, OutputName: Vpc}", symbol('output("net", "Vpc")')),
        (
            "Fn::GetStackOutput: {StackName: !Ref Environment, OutputName: V, Region: us-west-2}",
            symbol('output("dev", "V", "us-west-2")'),
        ),
        (
            "Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}",
            symbol('transform("AWS::Include", map("Location", "s3://b/k"))'),
        ),
    ],
)
def test_what_other_stacks_and_macros_give(snippet: str, expected: object) -> None:
    assert value(snippet, MAPS) == expected


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!ImportValue [a]", "the name of Fn::ImportValue must be text, and is a list"),
        ("!GetStackOutput {StackName: a}", "Fn::GetStackOutput takes StackName, OutputName and maybe"),
        ("!GetStackOutput x", "Fn::GetStackOutput takes StackName, OutputName and maybe"),
        ("!Transform x", "Fn::Transform takes the Name of a macro and its Parameters"),
    ],
)
def test_bad_arguments(snippet: str, expected: str) -> None:
    assert problem(snippet).startswith(expected)


def test_a_transform_beside_properties_stays_a_symbol() -> None:
    found = effective(
        """
        Resources:
          A:
            Type: T
            Properties:
              B: c
              Fn::Transform: {Name: Macro}
        """
    )
    assert found.problems == ()
    assert found.resources["A"].to_json()["Properties"] == {
        "B": "c",
        "Fn::Transform": symbol('transform("Macro", map())'),
    }
