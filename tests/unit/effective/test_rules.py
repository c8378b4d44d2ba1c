"""Rules: assertions about parameters."""

from __future__ import annotations

import pytest

from validator.effective import EffectiveTemplate, Symbol

from .evaluating import effective


def ruled(assertion: str, condition: str = "", **parameters: str | Symbol) -> EffectiveTemplate:
    return effective(
        f"""
        Parameters:
          Environment: {{Type: String, Default: prod}}
          Type: {{Type: String, Default: m1.small}}
          Vpc: {{Type: AWS::EC2::VPC::Id, Default: vpc-1}}
          Names: {{Type: CommaDelimitedList, Default: "a,a"}}
        Rules:
          Sizes:
            {condition and f"RuleCondition: {condition}"}
            Assertions:
              - Assert: {assertion}
                AssertDescription: prod runs on large machines
        Resources: {{A: {{Type: T}}}}
        """,
        **parameters,
    )


@pytest.mark.parametrize(
    ("assertion", "holds"),
    [
        ("!Equals [!Ref Environment, prod]", True),
        ("!Equals [!Ref Environment, dev]", False),
        ("!Contains [[m1.large, m1.small], !Ref Type]", True),
        ("!Contains [[m1.large], !Ref Type]", False),
        ("!Not [!Contains [[m1.large], !Ref Type]]", True),
        ("!EachMemberEquals [!Ref Names, a]", True),
        ("!EachMemberEquals [[a, b], a]", False),
        ("!EachMemberEquals [[], a]", True),
        ("!EachMemberIn [!Ref Names, [a, b]]", True),
        ("!EachMemberIn [[a, c], [a, b]]", False),
        ("!And [!Equals [a, a], !Contains [[x], x]]", True),
        ("!Or [!Equals [a, b], !Contains [[x], y]]", False),
        ("!EachMemberIn [!ValueOfAll [AWS::EC2::Subnet::Id, VpcId], !RefAll AWS::EC2::VPC::Id]", True),
        ("!Equals [!ValueOf [Vpc, Tags.Department], IT]", True),
        ("!Contains [!RefAll AWS::EC2::VPC::Id, !Ref Vpc]", True),
        ("!EachMemberEquals [!ValueOfAll [AWS::EC2::VPC::Id, Tags.Department], IT]", True),
        ("!And [!Equals [a, b], !Equals [!ValueOf [Vpc, Tags.Department], IT]]", False),
    ],
)
def test_assertions(assertion: str, holds: bool) -> None:
    """What only AWS knows is no failure."""
    found = ruled(assertion)
    assert found.problems == ()
    assert len(found.rule_failures) == (0 if holds else 1)


def test_a_failure_says_which_rule_why_and_where() -> None:
    (failure,) = ruled("!Equals [a, b]").rule_failures
    assert (failure.rule, failure.message) == ("Sizes", "prod runs on large machines")
    assert str(failure.problem).startswith("t.yaml:11: Rules.Sizes.Assertions.0: rule Sizes: prod runs on")


@pytest.mark.parametrize(
    ("condition", "failures"),
    [("!Equals [!Ref Environment, prod]", 1), ("!Equals [!Ref Environment, dev]", 0)],
)
def test_a_rule_applies_under_its_condition(condition: str, failures: int) -> None:
    assert len(ruled("!Equals [a, b]", condition).rule_failures) == failures


def test_a_rule_whose_condition_only_deployment_knows_does_not_fail() -> None:
    found = ruled(
        "!Equals [a, b]", "!Equals [!Ref Environment, prod]", Environment=Symbol.named("environment")
    )
    assert found.rule_failures == ()


@pytest.mark.parametrize(
    ("assertion", "expected"),
    [
        ("!Contains [a, b]", "Fn::Contains takes a list"),
        ("!EachMemberIn [[a], b]", "Fn::EachMemberIn takes a list"),
        ("!EachMemberEquals [[a]]", "Fn::EachMemberEquals takes a list of 2 arguments"),
        ("!Equals [!ValueOf [Gone, X], a]", "Fn::ValueOf takes the name of a parameter and an attribute"),
        ("!Equals [!ValueOfAll [[x], X], a]", "Fn::ValueOfAll takes a parameter type and an attribute"),
        ("!Equals [!RefAll [x], a]", "Fn::RefAll takes a parameter type"),
        ("!Equals [!Ref A, a]", "the resource A cannot be referred to here"),
    ],
)
def test_bad_assertions(assertion: str, expected: str) -> None:
    assert [p.message for p in ruled(assertion).problems] == [expected]


def test_malformed_rules() -> None:
    found = effective("Rules: {A: {}, B: {Assertions: [x]}}\nResources: {A: {Type: T}}")
    assert [p.message for p in found.problems] == [
        "the rule A has no list of Assertions",
        "an assertion has an Assert",
    ]


def test_rule_functions_stand_in_rules_alone() -> None:
    found = effective("Resources: {A: {Type: T, Properties: {P: !RefAll AWS::EC2::VPC::Id}}}")
    assert [p.message for p in found.problems] == ["CloudFormation knows no function Fn::RefAll here"]
