"""Parameters: types, defaults, constraints, secrets, and what a stack supplies wrongly."""

from __future__ import annotations

import pytest

from validator.effective import EffectiveTemplate, ParameterValue, Symbol, concat, to_json

from .evaluating import effective, symbol


def bound(declaration: str, *supplied: ParameterValue) -> EffectiveTemplate:
    text = f"Parameters:\n  X: {declaration}\nResources: {{A: {{Type: T, Properties: {{P: !Ref X}}}}}}"
    return effective(text, **dict(zip("X", supplied, strict=False)))


def taken(declaration: str, *supplied: ParameterValue) -> object:
    found = bound(declaration, *supplied)
    assert found.problems == ()
    return to_json(found.resources["A"].properties["P"])


@pytest.mark.parametrize(
    ("declaration", "supplied", "expected"),
    [
        ("{Type: String}", "a", "a"),
        ("{Type: String}", "", ""),
        ("{Type: String, Default: a}", "b", "b"),
        ("{Type: Number}", "512", 512),
        ("{Type: Number}", "-5", -5),
        ("{Type: Number}", "0.5", 0.5),
        ("{Type: Number}", "007", "007"),
        ("{Type: Number}", "1.50", "1.50"),
        ("{Type: Number}", "1e3", "1e3"),
        ("{Type: Number}", "+5", "+5"),
        ("{Type: CommaDelimitedList}", "a, b ,c", ["a", "b", "c"]),
        ("{Type: CommaDelimitedList}", "", [""]),
        ("{Type: CommaDelimitedList}", ["a ", "b"], ["a", "b"]),
        ("{Type: List<Number>}", "80, 443,1.50", [80, 443, "1.50"]),
        ("{Type: List<AWS::EC2::Subnet::Id>}", "subnet-1,subnet-2", ["subnet-1", "subnet-2"]),
        ("{Type: AWS::EC2::VPC::Id}", "vpc-1", "vpc-1"),
        ("{Type: AWS::SSM::Parameter::Name}", "/a/b", "/a/b"),
        ("{Type: AWS::SSM::Parameter::Value<String>}", "/a/b", symbol("ssm:/a/b")),
        ("{Type: AWS::SSM::Parameter::Value<List<String>>}", "/a/b", symbol("ssm:/a/b")),
        ("{Type: AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>}", "/a/b", symbol("ssm:/a/b")),
        ("{Type: String}", ["a", "b"], "a,b"),
        ("{Type: String}", Symbol.named("environment"), symbol("environment")),
        ("{Type: Number}", Symbol.named("size"), symbol("size")),
        ("{Type: CommaDelimitedList}", ["a", Symbol.named("zone")], ["a", symbol("zone")]),
        ("{Type: CommaDelimitedList}", Symbol.named("zones"), [symbol("zones")]),
        ("{Type: String, NoEcho: true}", "hunter2", symbol("noecho:X")),
        ("{Type: String, NoEcho: 'true'}", "hunter2", symbol("noecho:X")),
    ],
)
def test_supplied_values(declaration: str, supplied: ParameterValue, expected: object) -> None:
    result = taken(declaration, supplied)
    assert (result, type(result)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("{Type: String, Default: a}", "a"),
        ("{Type: String, Default: true}", "true"),
        ("{Type: String, Default: 5}", "5"),
        ("{Type: Number, Default: 5}", 5),
        ("{Type: CommaDelimitedList, Default: 'a,b'}", ["a", "b"]),
        ("{Type: AWS::SSM::Parameter::Value<String>, Default: /x}", symbol("ssm:/x")),
    ],
)
def test_defaults(declaration: str, expected: object) -> None:
    assert taken(declaration) == expected


def test_ssm_parameters_compare_across_environments_by_their_symbolic_name() -> None:
    name = concat(["/orders/", Symbol.named("environment"), "/network/VpcId"])
    found = taken("{Type: AWS::SSM::Parameter::Value<String>}", name)
    assert found == symbol("ssm:/orders/${environment}/network/VpcId")


@pytest.mark.parametrize(
    ("declaration", "supplied", "expected"),
    [
        ("{Type: String, AllowedValues: [a, 1, true]}", "b", "X must be one of a, 1, true; the value is 'b'"),
        ("{Type: Number, AllowedValues: [1, 2]}", "3", "X must be one of 1, 2; the value is '3'"),
        (
            "{Type: CommaDelimitedList, AllowedValues: [a, b]}",
            "a,c",
            "X must be one of a, b; the value is 'a,c'",
        ),
        (
            "{Type: String, AllowedPattern: '[a-z]+'}",
            "aB",
            "X must match the pattern [a-z]+; the value is 'aB'",
        ),
        ("{Type: String, MinLength: 2}", "a", "X must be at least 2 characters long; the value is 'a'"),
        ("{Type: String, MaxLength: '2'}", "abc", "X must be at most 2 characters long; the value is 'abc'"),
        ("{Type: Number, MinValue: 128}", "64", "X must be at least 128; the value is '64'"),
        ("{Type: Number, MaxValue: 0.5}", "0.6", "X must be at most 0.5; the value is '0.6'"),
        ("{Type: Number}", "many", "X must be a number; the value is 'many'"),
        ("{Type: List<Number>}", "1,x", "X must be a number; the value is '1,x'"),
        ("{Type: String}", "x" * 5000, "X has more than 4096 bytes"),
    ],
)
def test_constraints(declaration: str, supplied: str, expected: str) -> None:
    (found,) = bound(declaration, supplied).problems
    assert found.message == expected
    assert (found.file, found.key, found.line) == ("t.yaml", "Parameters.X", 2)


@pytest.mark.parametrize(
    ("declaration", "supplied"),
    [
        ("{Type: Number, AllowedValues: [1, 2]}", "2"),
        ("{Type: String, AllowedPattern: '[a-z]+'}", "ab"),
        ("{Type: String, AllowedPattern: '^(-[a-z0-9-]+)?$'}", ""),
        ("{Type: Number, MinValue: 1, MaxValue: 3}", "3"),
        ("{Type: String, MinLength: 1, MaxLength: 2}", "ab"),
        ("{Type: String, AllowedPattern: '(?<=x)a'}", "never told here"),
        ("{Type: String, AllowedPattern: '['}", "never told here"),
        ("{Type: String, AllowedValues: [a]}", Symbol.named("environment")),
    ],
)
def test_values_that_are_allowed_or_left_to_cloudformation(declaration: str, supplied: str | Symbol) -> None:
    assert bound(declaration, supplied).problems == ()


def test_the_constraint_description_says_how_to_mend() -> None:
    declaration = "{Type: String, AllowedValues: [dev], ConstraintDescription: dev only.}"
    (found,) = bound(declaration, "x").problems
    assert found.hint == "dev only."


def test_a_secret_is_never_shown() -> None:
    found = bound("{Type: String, NoEcho: true, MinLength: 20, AllowedValues: [a]}", "hunter2")
    assert len(found.problems) == 2
    assert "hunter2" not in repr(found.problems) + repr(found.resources)


def test_a_default_is_checked_too() -> None:
    (found,) = bound("{Type: Number, Default: 5, MinValue: 6}").problems
    assert found.message == "X must be at least 6; the value is '5'"


def test_missing_superfluous_and_malformed_parameters_all_show() -> None:
    found = effective(
        """
        Parameters:
          Missing: {Type: String}
          Untyped: {Default: x}
        Resources: {A: {Type: T, Properties: {P: !Ref Missing, Q: !Ref Untyped}}}
        """,
        Extra="x",
    )
    assert [(p.key, p.message, p.line) for p in found.problems] == [
        ("Parameters.Extra", "the stack supplies Extra, which is no parameter of this template", 2),
        ("Parameters.Missing", "the parameter Missing is not supplied and has no Default", 3),
        ("Parameters.Untyped", "the parameter Untyped has no Type", 4),
    ]
    assert str(found.resources["A"].properties["P"]) == "parameter:Missing"
