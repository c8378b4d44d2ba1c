"""Fn::ForEach, as the documentation's examples show it, and what is refused."""

from __future__ import annotations

import time

import pytest

from validator.effective import Position

from .evaluating import effective, symbol


def loops(text: str, **parameters: str) -> dict[str, object]:
    found = effective("Transform: AWS::LanguageExtensions\n" + text, **parameters)
    assert found.problems == ()
    return found.to_json()


def problems(text: str, **parameters: str) -> list[str]:
    found = effective("Transform: AWS::LanguageExtensions\n" + text, **parameters)
    return [problem.message for problem in found.problems]


TOPICS = """
Parameters:
  Names: {Type: CommaDelimitedList, Default: "Success,Failure"}
Resources:
  Fn::ForEach::Topics:
    - TopicName
    - !Ref Names
    - SnsTopic${TopicName}:
        Type: AWS::SNS::Topic
        Properties:
          TopicName: !Sub ${TopicName}.fifo
          DisplayName: !Ref TopicName
          Description: plain ${TopicName}
"""


def test_resources_over_a_parameter() -> None:
    found = loops(TOPICS, Names="A,B")
    assert list(found["Resources"]) == ["SnsTopicA", "SnsTopicB"]  # type: ignore[call-overload]
    assert found["Resources"]["SnsTopicB"]["Properties"] == {  # type: ignore[index]
        "TopicName": "B.fifo",
        "DisplayName": "B",
        "Description": "plain B",
    }


def test_nested_loops_references_and_outputs() -> None:
    """RFC 0009, use cases 3 and 5."""
    found = loops(
        """
Resources:
  VPC: {Type: AWS::EC2::VPC}
  Fn::ForEach::SubnetResources:
    - Prefix
    - [Transit, Public]
    - Nacl${Prefix}Subnet: {Type: AWS::EC2::NetworkAcl, Properties: {VpcId: !Ref VPC}}
      Fn::ForEach::LoopInner:
        - Suffix
        - [A, B]
        - ${Prefix}Subnet${Suffix}: {Type: AWS::EC2::Subnet}
          Nacl${Prefix}Subnet${Suffix}Association:
            Type: AWS::EC2::SubnetNetworkAclAssociation
            Properties:
              SubnetId: {Ref: !Sub "${Prefix}Subnet${Suffix}"}
              NetworkAclId: {Ref: !Sub "Nacl${Prefix}Subnet"}
Outputs:
  Fn::ForEach::Ids:
    - Prefix
    - [Transit, Public]
    - Fn::ForEach::Attributes:
        - Attribute
        - [SubnetId, Arn]
        - ${Prefix}A${Attribute}:
            Value: !GetAtt [!Sub "${Prefix}SubnetA", !Ref Attribute]
"""
    )
    resources = found["Resources"]
    assert len(resources) == 11  # type: ignore[arg-type]
    assert resources["NaclPublicSubnetBAssociation"]["Properties"] == {  # type: ignore[index]
        "SubnetId": symbol("ref:PublicSubnetB"),
        "NetworkAclId": symbol("ref:NaclPublicSubnet"),
    }
    assert found["Outputs"]["PublicAArn"] == {"Value": symbol("att:PublicSubnetA.Arn")}  # type: ignore[index]


def test_properties_with_default_no_value() -> None:
    """RFC 0009, use case 4."""
    found = loops(
        """
Mappings:
  InstanceA: {Properties: {ImageId: ami-1, InstanceType: m5.xlarge}}
  InstanceB: {Properties: {ImageId: ami-2}}
Resources:
  Fn::ForEach::Instances:
    - Name
    - [InstanceA, InstanceB]
    - ${Name}:
        Type: AWS::EC2::Instance
        Properties:
          DisableApiTermination: true
          Fn::ForEach::Properties:
            - Property
            - [ImageId, InstanceType]
            - ${Property}: !FindInMap
                - !Ref Name
                - Properties
                - !Ref Property
                - DefaultValue: !Ref AWS::NoValue
"""
    )
    assert found["Resources"] == {
        "InstanceA": {
            "Type": "AWS::EC2::Instance",
            "Properties": {"DisableApiTermination": True, "ImageId": "ami-1", "InstanceType": "m5.xlarge"},
        },
        "InstanceB": {
            "Type": "AWS::EC2::Instance",
            "Properties": {"DisableApiTermination": True, "ImageId": "ami-2"},
        },
    }


def test_conditions_and_computed_condition_names() -> None:
    """RFC 0009, use case 2: a resource's Condition from a mapping, none where the mapping has none."""
    found = loops(
        """
Parameters: {Count: {Type: Number, Default: 2}}
Mappings: {Gateway: {Condition: {B: AtLeastB, C: AtLeastC}}}
Conditions:
  Fn::ForEach::AtLeast:
    - Letter
    - [B, C]
    - AtLeast${Letter}: !Equals [!Ref Letter, B]
Resources:
  Fn::ForEach::Gateways:
    - Letter
    - [A, B, C]
    - Gateway${Letter}:
        Type: AWS::EC2::NatGateway
        Condition: !FindInMap [Gateway, Condition, !Ref Letter, DefaultValue: !Ref AWS::NoValue]
"""
    )
    assert list(found["Resources"]) == ["GatewayA", "GatewayB"]  # type: ignore[call-overload]


def test_letters_and_digits_alone() -> None:
    found = loops(
        """
Resources:
  Fn::ForEach::Rules:
    - Cidr
    - [10.0.2.0/24, 10.0.3.0/24]
    - Rule&{Cidr}: {Type: T, Properties: {Cidr: !Ref Cidr, Other: {Ref: !Sub "Rule&{Cidr}"}}}
"""
    )
    assert found["Resources"]["Rule1003024"] == {  # type: ignore[index]
        "Type": "T",
        "Properties": {"Cidr": "10.0.3.0/24", "Other": symbol("ref:Rule1003024")},
    }


def test_several_identifiers_over_a_list_of_lists() -> None:
    found = loops(
        """
Resources:
  Fn::ForEach::Queues:
    - [Name, Seconds]
    - [[A, 1], [B, 2]]
    - Queue${Name}: {Type: T, Properties: {Delay: !Ref Seconds}}
"""
    )
    assert found["Resources"]["QueueB"] == {"Type": "T", "Properties": {"Delay": "2"}}  # type: ignore[index]


def test_a_variable_of_sub_comes_before_the_identifier() -> None:
    found = loops(
        """
Resources:
  Fn::ForEach::L:
    - N
    - [A]
    - X${N}:
        Type: T
        Properties:
          P: !Sub ["${N}${M}", {N: !Sub "own${N}", M: m}]
          Q: !Sub "${AWS::Region}-${XA}-${N}-&{N}-${!N}"
"""
    )
    assert found["Resources"]["XA"]["Properties"] == {  # type: ignore[index]
        "P": "ownAm",
        "Q": symbol("us-east-1-${ref:XA}-A-A-${!N}"),
    }


def test_copies_keep_the_position_and_the_origin_of_their_loop() -> None:
    found = effective("Transform: AWS::LanguageExtensions\n" + TOPICS, Names="A,B")
    path = ("Resources", "SnsTopicB", "Properties", "DisplayName")
    assert found.position(path) == Position(13, 11)
    assert [str(origin) for origin in found.because(path)] == ["parameter:Names"]


def test_a_problem_in_a_copy_points_into_the_loop() -> None:
    found = effective(
        """
        Transform: AWS::LanguageExtensions
        Resources:
          Fn::ForEach::L:
            - N
            - [A, B]
            - X${N}:
                Type: T
                Properties:
                  P: !Ref Gone
        """
    )
    (problem,) = found.problems
    assert problem.line == 10
    assert problem.key == "Resources.Fn::ForEach::L.2.X${N}.Properties.P.Ref"


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        (
            "[N, [A], {X: {Type: T}}, x]",
            "Fn::ForEach takes an identifier, a collection and a mapping to copy",
        ),
        ("[N, [A], [x]]", "Fn::ForEach takes an identifier, a collection and a mapping to copy"),
        ("[{a: b}, [A], {X: {Type: T}}]", "the identifier of Fn::ForEach is a name or a list of names"),
        ("[N, A, {'X${N}': {Type: T}}]", "the collection of Fn::ForEach must be a list"),
        ("[N, [A, B], {X: {Type: T}}]", "the key X comes out twice"),
        ("[N, [Q], {'${N}': {Type: T}}]", "the key Q comes out twice"),
        ("[N, [a-b], {'X${N}': {Type: T}}]", "the name Xa-b must be of letters and digits"),
        ("[N, !GetAtt Q.List, {'X${N}': {Type: T}}]", "no resource is named Q"),
        ("[N, !Ref Ssm, {'X${N}': {Type: T}}]", "the collection of Fn::ForEach is known only once deployed"),
        (
            "[N, [!Ref Ssm], {'X${N}': {Type: T}}]",
            "the collection of Fn::ForEach is known only once deployed",
        ),
        ("[Ssm, [A], {'X${Ssm}': {Type: T}}]", "the name Ssm is taken already"),
        (
            "[[N, M], [[A]], {'X${N}': {Type: T}}]",
            "each item of the collection needs a value for each identifier",
        ),
        ("[N, [[A]], {'X${N}': {Type: T}}]", "an item of the collection must be text, and is a list"),
    ],
)
def test_loops_that_cannot_be(loop: str, expected: str) -> None:
    found = problems(
        f"""
Parameters: {{Ssm: {{Type: AWS::SSM::Parameter::Value<List<String>>, Default: /x}}}}
Resources:
  Q: {{Type: T}}
  Fn::ForEach::L: {loop}
"""
    )
    assert expected in found


def test_a_loop_needs_the_transform() -> None:
    found = effective("Resources: {Q: {Type: T}, 'Fn::ForEach::L': [N, [A], {'X${N}': {Type: T}}]}")
    assert [p.message for p in found.problems] == ["Fn::ForEach needs the transform AWS::LanguageExtensions"]


def nested(depth: int, items: int) -> str:
    """Return loops in loops, with `items` rounds each."""
    rounds = "[" + ", ".join(f"V{index}" for index in range(items)) + "]"
    text = "{'X" + "".join(f"${{N{level}}}" for level in range(depth)) + "': {Type: T}}"
    for level in reversed(range(depth)):
        text = f"{{'Fn::ForEach::L{level}': [N{level}, {rounds}, {text}]}}"
    return f"Transform: AWS::LanguageExtensions\nResources: {text}"


def test_loops_nest_five_deep() -> None:
    assert len(effective(nested(5, 2)).resources) == 32
    assert "Fn::ForEach nests deeper than 5 loops" in [p.message for p in effective(nested(6, 1)).problems]


def test_a_huge_expansion_ends_in_a_problem() -> None:
    start = time.process_time()
    found = effective(nested(5, 60))
    assert [p.message for p in found.problems] == ["the template expands to more than 400000 values"]
    assert time.process_time() - start < 10


def test_a_fragment_without_the_identifier_points_into_its_loop() -> None:
    found = effective(
        """
        Transform: AWS::LanguageExtensions
        Resources:
          Fn::ForEach::L:
            - N
            - [A]
            - X: {Type: T, Properties: {P: !Ref N, Q: {Fn::Sub: ["${N}"]}}}
        """
    )
    assert found.resources["X"].properties["P"] == "A"
    assert found.position(("Resources", "X", "Properties", "P")) == Position(7, 33)
    assert [(p.message, p.line) for p in found.problems] == [("Fn::Sub takes a list of 2 arguments", 7)]


def test_a_loop_behind_an_alias() -> None:
    found = loops(
        """
Resources:
  A:
    Type: T
    Properties: &properties
      Fn::ForEach::L: [N, [x, y], {"K${N}": !Ref N}]
  B: {Type: T, Properties: *properties}
"""
    )
    assert found["Resources"]["A"] == found["Resources"]["B"]  # type: ignore[index]
    assert found["Resources"]["B"]["Properties"] == {"Kx": "x", "Ky": "y"}  # type: ignore[index]
