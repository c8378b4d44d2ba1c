"""Every place that a condition decides is known by its resource, whatever lies around it (REQ-V3)."""

from __future__ import annotations

from validator.effective import parse
from validator.parity.reach import reach_of

TEMPLATE = """
Transform: AWS::LanguageExtensions
Conditions:
  IsProd: !Equals [!Ref Mode, prod]
  IsBig: !Equals [!Ref Mode, big]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Condition: IsBig
    Properties:
      DelaySeconds: !If [IsProd, !If [IsBig, 1, 2], 3]
      Tags: [{Key: a, Value: !If [IsProd, b, c]}]
  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyDocument: {Statement: [{Effect: Allow, Condition: {Bool: {"aws:SecureTransport": "true"}}}]}
  Fn::ForEach::Topics:
    - Name
    - [One, Two]
    - Topic${Name}:
        Type: AWS::SNS::Topic
        Condition: IsProd
Outputs:
  Name:
    Condition: IsBig
    Value: !If [IsProd, a, b]
"""


def test_each_condition_has_its_places_in_the_order_they_are_written() -> None:
    delay = ("Resources", "Queue", "Properties", "DelaySeconds")
    assert reach_of(parse(TEMPLATE, "t.yaml")) == {
        "IsProd": (
            ("AWS::SQS::Queue", delay),
            ("AWS::SQS::Queue", ("Resources", "Queue", "Properties", "Tags", 0, "Value")),
            ("AWS::SNS::Topic", ("Resources", "Topic${Name}")),
            ("", ("Outputs", "Name", "Value")),
        ),
        "IsBig": (
            ("AWS::SQS::Queue", ("Resources", "Queue")),
            ("AWS::SQS::Queue", (*delay, "Fn::If", 1)),
            ("", ("Outputs", "Name")),
        ),
    }
