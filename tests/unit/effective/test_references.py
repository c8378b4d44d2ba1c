"""Ref, Fn::GetAtt, pseudo parameters, and references that name nothing."""

from __future__ import annotations

import pytest

from validator.effective import Context, Symbol

from .evaluating import EXTENSIONS, effective, problem, symbol, value


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AWS::AccountId", "111111111111"),
        ("AWS::Region", "us-east-1"),
        ("AWS::Partition", "aws"),
        ("AWS::URLSuffix", "amazonaws.com"),
        ("AWS::StackName", "lockstep-dev-orders-queue"),
        ("AWS::StackId", symbol("ref:AWS::StackId")),
        ("AWS::NotificationARNs", []),
        ("Queue", symbol("ref:Queue")),
    ],
)
def test_ref(name: str, expected: object) -> None:
    assert value(f"!Ref {name}") == expected


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("us-iso-east-1", "aws-iso", "c2s.ic.gov"),
        ("eu-west-1", "aws", "amazonaws.com"),
    ],
)
def test_partition_follows_from_the_region(region: str, partition: str, suffix: str) -> None:
    context = Context("111111111111", region, "s")
    found = value("[!Ref AWS::Partition, !Ref AWS::URLSuffix]", context=context)
    assert found == [partition, suffix]


def test_identity_may_be_symbolic() -> None:
    region = Symbol.named("region")
    context = Context(Symbol.named("account"), region, Symbol.named("stack"))
    found = value('!Sub "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:x"', context=context)
    assert found == symbol("arn:${partition}:sqs:${region}:${account}:x")


@pytest.mark.parametrize(
    "snippet", ["!GetAtt Queue.Arn", "Fn::GetAtt: [Queue, Arn]", "Fn::GetAtt: Queue.Arn"]
)
def test_get_att(snippet: str) -> None:
    assert value(snippet) == symbol("att:Queue.Arn")


def test_get_att_of_a_nested_output() -> None:
    assert value("!GetAtt Queue.Outputs.Url") == symbol("att:Queue.Outputs.Url")


def test_names_may_be_computed_with_language_extensions() -> None:
    assert value(
        "Ref: !Sub Que${X}", EXTENSIONS + "Parameters: {X: {Type: String, Default: ue}}\n"
    ) == symbol("ref:Queue")
    head = EXTENSIONS + "Parameters: {X: {Type: String, Default: Arn}}\n"
    assert value("Ref: !Sub Q${X}", head, X=Symbol.named("name")) == symbol("ref:Q${name}")
    assert value("Fn::GetAtt: [!Sub Queue, !Ref X]", head) == symbol("att:Queue.Arn")


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!Ref Nothing", "no parameter or resource is named Nothing"),
        ("!Ref AWS::Nothing", "no parameter or resource is named AWS::Nothing"),
        ("!GetAtt Nothing.Arn", "no resource is named Nothing"),
        ("!GetAtt Queue", "Fn::GetAtt needs Resource.Attribute, not 'Queue'"),
        ("Fn::GetAtt: [Queue]", "Fn::GetAtt takes the name of a resource and that of an attribute"),
        ("Fn::GetAtt: [!Ref AWS::Region, Arn]", "Fn::GetAtt of a computed name needs the transform"),
        ("Ref: [Queue]", "a Ref to a computed name needs the transform AWS::LanguageExtensions"),
        ("!Sub '${Nothing}'", "no parameter or resource is named Nothing"),
        ("!Sub '${Nothing.Arn}'", "no resource is named Nothing"),
        ("Fn::Nothing: x", "CloudFormation knows no function Fn::Nothing here"),
        ("!Equals [a, a]", "Fn::Equals may stand only in Conditions and Rules"),
    ],
)
def test_what_names_nothing(snippet: str, expected: str) -> None:
    assert problem(snippet).startswith(expected)


def test_a_function_stands_alone_in_its_mapping() -> None:
    found = effective("Resources: {A: {Type: T, Properties: {P: {Ref: x, Fn::Sub: y}}}}").problems
    assert [p.message for p in found] == [
        "Fn::Sub stands beside other keys",
        "Ref stands beside other keys",
    ]


def test_references_are_checked_in_branches_that_are_not_taken() -> None:
    found = effective(
        """
        Conditions: {Never: !Equals [a, b]}
        Resources:
          A:
            Type: T
            Properties:
              P: !If [Never, [!Ref Nothing, !If [Missing, a, b]], !Sub "${Gone.Arn}"]
          B:
            Type: T
            Condition: Never
            Properties: {P: !GetAtt Lost.Arn, Q: !Sub ["${Own}", {Own: x}]}
        """
    )
    assert [(p.key.rpartition("Properties.")[2], p.message) for p in found.problems] == [
        ("P.Fn::If.1.0.Ref", "no parameter or resource is named Nothing"),
        ("P.Fn::If.1.1.Fn::If.0", "no condition is named Missing"),
        ("P.Fn::If.2.Fn::Sub", "no resource is named Gone"),
        ("P.Fn::GetAtt", "no resource is named Lost"),
    ]
    assert [p.line for p in found.problems] == [7, 7, 7, 11]


def test_other_transforms_may_add_what_is_referred_to() -> None:
    found = effective(
        """
        Transform: AWS::Serverless-2016-10-31
        Resources:
          A: {Type: AWS::Serverless::Function, Properties: {R: !GetAtt ARole.Arn, P: !Ref APermission}}
        """
    )
    assert found.problems == ()
    assert str(found.resources["A"].properties["P"]) == "ref:APermission"
