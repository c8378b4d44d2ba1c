"""Resources and outputs: which exist, their attributes, and what is malformed."""

from __future__ import annotations

import pytest

from .evaluating import effective, symbol

HEAD = """
Conditions: {Always: !Equals [a, a], Never: !Equals [a, b], Sym: !Equals [!Ref AWS::StackId, x]}
"""


def test_a_resource_or_output_whose_condition_is_false_is_absent() -> None:
    found = effective(
        HEAD
        + """
Resources:
  A: {Type: T, Condition: Always, DependsOn: [B, C]}
  B: {Type: T, Condition: Never}
  C: {Type: T}
  D: {Type: T, DependsOn: B}
  E: {Type: T, DependsOn: C}
Outputs:
  One: {Condition: Always, Value: !Ref C, Export: {Name: !Sub "${AWS::StackName}-c"}}
  Two: {Condition: Never, Value: !Ref B}
"""
    )
    assert found.problems == ()
    assert found.to_json() == {
        "Resources": {
            "A": {"Type": "T", "DependsOn": ["C"]},
            "C": {"Type": "T"},
            "D": {"Type": "T"},
            "E": {"Type": "T", "DependsOn": ["C"]},
        },
        "Outputs": {"One": {"Value": symbol("ref:C"), "Export": {"Name": "lockstep-dev-orders-queue-c"}}},
    }


def test_what_may_exist_says_when() -> None:
    found = effective(
        HEAD + "Resources: {A: {Type: T, Condition: Sym}}\nOutputs: {O: {Condition: Sym, Value: x}}"
    )
    when = symbol('equals(ref:AWS::StackId, "x")')
    assert found.to_json() == {
        "Resources": {"A": {"Type": "T", "Condition": when}},
        "Outputs": {"O": {"Value": "x", "Condition": when}},
    }


@pytest.mark.parametrize("snippet", ["!Ref B", "!GetAtt B.Arn", "!Sub '${B}'", "!Sub '${B.Arn}'"])
def test_a_reference_to_an_absent_resource_is_a_problem(snippet: str) -> None:
    found = effective(
        HEAD
        + f"Resources: {{A: {{Type: T, Properties: {{P: {snippet}}}}}, B: {{Type: T, Condition: Never}}}}"
    )
    assert [p.message for p in found.problems] == [
        "the resource B does not exist here: its condition is false"
    ]


def test_a_reference_under_the_same_condition_is_none() -> None:
    found = effective(
        HEAD
        + """
Resources:
  A: {Type: T, Properties: {P: !If [Never, !Ref B, !Ref AWS::NoValue]}}
  B: {Type: T, Condition: Never}
"""
    )
    assert found.problems == ()
    assert found.resources["A"].properties == {}


def test_attributes_are_evaluated() -> None:
    found = effective(
        "Transform: AWS::LanguageExtensions"
        + HEAD
        + """
Resources:
  A:
    Type: T
    DeletionPolicy: !If [Always, Retain, Delete]
    UpdateReplacePolicy: !If [Never, Retain, !Ref AWS::NoValue]
    UpdatePolicy: {AutoScalingReplacingUpdate: {WillReplace: !If [Always, true, false]}}
    CreationPolicy: {ResourceSignal: {Count: !Sub "${AWS::Region}"}}
    Metadata: {Name: !Ref AWS::Region}
"""
    )
    assert found.problems == ()
    assert found.resources["A"].attributes == {
        "DeletionPolicy": "Retain",
        "UpdatePolicy": {"AutoScalingReplacingUpdate": {"WillReplace": True}},
        "CreationPolicy": {"ResourceSignal": {"Count": "us-east-1"}},
        "Metadata": {"Name": "us-east-1"},
    }


def test_computed_policies_conditions_and_dependencies_need_the_transform() -> None:
    found = effective(
        HEAD
        + """
Resources:
  A:
    Type: T
    DeletionPolicy: !If [Always, Retain, Delete]
    Condition: !Sub Always
    DependsOn: !Sub A
"""
    )
    assert sorted(p.message for p in found.problems) == [
        "DeletionPolicy must be text",
        "DependsOn takes the names of resources",
        "a computed Condition needs the transform AWS::LanguageExtensions",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Description: x", ["the template has no resources"]),
        ("Resources: {}", ["the template has no resources"]),
        ("Resources: [x]", ["the template has no resources"]),
        ("Resources: {A: x}", ["the resource A has no Type"]),
        ("Resources: {A: {Type: [T]}}", ["the resource A has no Type"]),
        ("Resources: {A: {Type: T, Properties: [x]}}", ["Properties must be a mapping"]),
        ("Resources: {A: {Type: T, Name: x}}", ["a resource has no attribute Name"]),
        ("Resources: {A: {Type: T, DependsOn: B}}", ["no resource is named B"]),
        ("Resources: {A: {Type: T, Condition: B}}", ["no condition is named B"]),
        ("Resources: {A: {Type: T, Condition: [B]}}", ["Condition takes the name of a condition"]),
        ("Resources: {A: {Type: T}}\nOutputs: {O: x}", ["the output O has no Value"]),
        (
            "Resources: {A: {Type: T}}\nOutputs: {O: {Value: !Ref AWS::NoValue}}",
            ["the output O comes to no value"],
        ),
        ("Resources: {A: {Type: T}}\nOutputs: {O: {Value: !Ref B}}", ["no parameter or resource is named B"]),
    ],
)
def test_malformed_templates(text: str, expected: list[str]) -> None:
    assert [p.message for p in effective(text).problems] == expected


def test_properties_may_be_chosen_whole() -> None:
    found = effective(HEAD + "Resources: {A: {Type: T, Properties: !If [Always, {P: !Ref AWS::Region}, {}]}}")
    assert found.resources["A"].properties == {"P": "us-east-1"}
    unknown = effective(HEAD + "Resources: {A: {Type: T, Properties: !If [Sym, {P: x}, {}]}}")
    assert unknown.problems == ()
    assert str(unknown.resources["A"].properties["$properties"]).startswith("if(equals(")
    left_out = effective(HEAD + "Resources: {A: {Type: T, Properties: !If [Never, {}, !Ref AWS::NoValue]}}")
    assert left_out.resources["A"].properties == {}


@pytest.mark.parametrize("kind", ["Custom::Function", "AWS::CloudFormation::CustomResource"])
def test_a_custom_resource_has_a_version(kind: str) -> None:
    found = effective(f"Resources: {{A: {{Type: '{kind}', Version: '1.0'}}}}")
    assert found.problems == ()
    assert found.resources["A"].to_json() == {"Type": kind, "Version": "1.0"}


def test_no_other_resource_has_a_version() -> None:
    (problem,) = effective("Resources: {A: {Type: AWS::SQS::Queue, Version: '1.0'}}").problems
    assert problem.message == "a resource has no attribute Version"


def test_a_name_that_only_begins_like_a_resource_is_unknown() -> None:
    """What a module holds is named so; other resources hold nothing."""
    properties = "{A: !Ref QueueBucket, B: !GetAtt Module.Arn, C: !Ref Module, D: !Ref ModuleBucket}"
    found = effective(
        "Resources: {Queue: {Type: AWS::SQS::Queue, Properties: "
        + properties
        + "}, Module: {Type: 'A::B::C::MODULE'}}"
    )
    assert [p.message for p in found.problems] == ["no parameter or resource is named QueueBucket"]


def test_an_iam_condition_is_no_function() -> None:
    found = effective("Resources: {A: {Type: T, Properties: {S: [{Condition: {Bool: {x: true}}}]}}}")
    assert found.problems == ()
    assert found.resources["A"].properties == {"S": [{"Condition": {"Bool": {"x": True}}}]}


def test_more_problems_than_can_be_read_are_cut() -> None:
    properties = ", ".join(f"P{index}: !Ref Gone{index}" for index in range(300))
    found = effective(f"Resources: {{A: {{Type: T, Properties: {{{properties}}}}}}}")
    assert len(found.problems) == 201
    assert any("more than 200 problems" in p.message for p in found.problems)
