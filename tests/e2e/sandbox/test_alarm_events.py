"""Alarms tell the default bus of their own place when their state changes."""

from __future__ import annotations

from tests.e2e.conftest import Client
from tests.e2e.sandbox.events import QUEUE, received
from tests.e2e.sandbox.stacks import Stack

ALARM = f"""
Resources:{QUEUE}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: trial
      AlarmDescription: what to do
      Namespace: Trial
      MetricName: Trial
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      ComparisonOperator: GreaterThanThreshold
      Threshold: 0
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.cloudwatch]
        detail-type: [CloudWatch Alarm State Change]
        detail:
          alarmName: [trial]
          $or:
            - state: {{value: [ALARM]}}
            - previousState: {{value: [ALARM]}}
      Targets: [{{Id: one, Arn: !GetAtt Queue.Arn}}]
Outputs: {{Queue: {{Value: !Ref Queue}}, Alarm: {{Value: !GetAtt Alarm.Arn}}}}
"""


def test_a_changed_alarm_is_told_without_an_action(client: Client, account: str, stack: Stack) -> None:
    """What it was and is, and its description; a pattern may ask for either."""
    assert stack.create(ALARM) == "CREATE_COMPLETE"
    outputs = stack.outputs()
    cloudwatch = client("cloudwatch", account=account)
    for state in ("OK", "ALARM", "ALARM", "OK"):
        cloudwatch.set_alarm_state(AlarmName="trial", StateValue=state, StateReason="because")
    told = received(client("sqs", account=account), outputs["Queue"], 2)
    assert [each["resources"] for each in told] == [[outputs["Alarm"]]] * 2
    assert (told[0]["account"], told[0]["source"]) == (account, "aws.cloudwatch")
    assert [each["detail"] for each in told] == [
        {
            "alarmName": "trial",
            "configuration": {"description": "what to do"},
            "previousState": {"value": before},
            "state": {"value": after, "reason": "because"},
        }
        for before, after in (("OK", "ALARM"), ("ALARM", "OK"))
    ]
