"""What is recorded only: it deploys, it is listed as a stub, and the list follows the stacks."""

from __future__ import annotations

from sandbox import process
from sandbox.place import Record
from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack

SCALING = """
Parameters: {Maximum: {Type: Number, Default: 10}}
Resources:
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ResourceId: table/orders
      ScalableDimension: "dynamodb:table:ReadCapacityUnits"
      ServiceNamespace: dynamodb
      MinCapacity: 1
      MaxCapacity: !Ref Maximum
  Policy:
    Type: AWS::ApplicationAutoScaling::ScalingPolicy
    Properties:
      PolicyName: read
      PolicyType: TargetTrackingScaling
      ScalingTargetId: !Ref Target
      TargetTrackingScalingPolicyConfiguration:
        TargetValue: 70
        PredefinedMetricSpecification: {PredefinedMetricType: DynamoDBReadCapacityUtilization}
Outputs: {Arn: {Value: !GetAtt Policy.Arn}, Target: {Value: !Ref Target}}
"""


def _mine(sandbox: Record, account: str) -> dict[str, str]:
    return {one["logical_id"]: one["type"] for one in process.stubs(sandbox) if one["account"] == account}


def test_stubs_are_listed_while_they_are_deployed(sandbox: Record, account: str, stack: Stack) -> None:
    """A deployment's stubs can be named; an update keeps them, a deletion ends them."""
    assert stack.create(SCALING) == "CREATE_COMPLETE", stack.reasons()
    assert stack.outputs()["Target"] == "table/orders|dynamodb:table:ReadCapacityUnits|dynamodb"
    assert stack.outputs()["Arn"].startswith(f"arn:aws:autoscaling:us-east-1:{account}:scalingPolicy:")
    expected = {
        "Target": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Policy": "AWS::ApplicationAutoScaling::ScalingPolicy",
    }
    assert _mine(sandbox, account) == expected
    before = stack.physical("Policy")
    assert stack.update(SCALING, {"Maximum": "20"}) == "UPDATE_COMPLETE"
    assert (stack.physical("Policy"), _mine(sandbox, account)) == (before, expected)
    assert stack.delete() == "DELETE_COMPLETE"
    assert _mine(sandbox, account) == {}


ALARMS = """
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {KmsMasterKeyId: alias/own}}
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: errors
      ComparisonOperator: GreaterThanThreshold
      EvaluationPeriods: 3
      Threshold: 5
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
      Metrics:
        - {Id: rate, Expression: "100 * errors / calls", Label: percent, ReturnData: true}
        - Id: errors
          ReturnData: false
          MetricStat:
            Metric: {Namespace: AWS/ApiGateway, MetricName: 5XXError, Dimensions: [{Name: ApiName, Value: a}]}
            Period: 60
            Stat: Sum
        - Id: calls
          ReturnData: false
          MetricStat:
            Metric: {Namespace: AWS/ApiGateway, MetricName: Count, Dimensions: [{Name: ApiName, Value: a}]}
            Period: 60
            Stat: Sum
  Latency:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: latency
      Namespace: Own
      MetricName: Latency
      ExtendedStatistic: p99
      Period: 60
      EvaluationPeriods: 1
      Threshold: 100
      ComparisonOperator: GreaterThanThreshold
  Any:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties: {AlarmName: any, AlarmRule: !Sub "ALARM(${Errors}) OR ALARM(${Latency})"}
"""


def test_alarms(client: Client, account: str, stack: Stack) -> None:
    """An alarm over an expression is kept, one over a metric works, a composite one follows it."""
    assert stack.create(ALARMS, tags={"Environment": "dev"}) == "CREATE_COMPLETE", stack.reasons()
    cloudwatch = client("cloudwatch", account=account)
    alarm = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"][0]
    assert [one["Id"] for one in alarm["Metrics"]] == ["rate", "errors", "calls"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("INSUFFICIENT_DATA", 5)
    cloudwatch.put_metric_data(Namespace="Own", MetricData=[{"MetricName": "Latency", "Value": 900}])
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found = cloudwatch.describe_alarms(AlarmTypes=kinds, StateValue="ALARM")
    names = [one["AlarmName"] for one in found["MetricAlarms"] + found["CompositeAlarms"]]
    assert names == ["latency", "any"]
    tags = cloudwatch.list_tags_for_resource(ResourceARN=found["CompositeAlarms"][0]["AlarmArn"])["Tags"]
    assert {"Key": "Environment", "Value": "dev"} in tags
    topic = client("sns", account=account).get_topic_attributes(TopicArn=stack.physical("Topic"))
    assert topic["Attributes"]["KmsMasterKeyId"] == "alias/own"
    assert stack.delete() == "DELETE_COMPLETE", stack.reasons()
