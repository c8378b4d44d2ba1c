"""A large project: rendered, evaluated and compared by `lockstep parity`; how time grows with the number of stacks."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Run, command

BIN = Path(sys.executable).parent
ENVIRONMENTS = ("dev", "staging", "prod")
REGIONS = (
    *("us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1"),
    *("eu-west-2", "eu-central-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1"),
)
TEMPLATES = 20
STACKS = 1_000
SECONDS, MEGABYTES, GROWTH = 60.0, 1_000, 2.2
"""What the largest project may take, and how many times longer twice the stacks may."""

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Description: "Queue {number}: a queue with its dead letter queue and an alarm"
Parameters:
  NamePrefix: {{Type: String}}
  RetentionSeconds: {{Type: Number, MinValue: 60, MaxValue: 1209600}}
  VisibilitySeconds: {{Type: Number}}
  Threshold: {{Type: Number}}
  KeyArn: {{Type: "AWS::SSM::Parameter::Value<String>"}}
Conditions:
  IsLong: !Not [!Equals [!Ref RetentionSeconds, 60]]
Resources:
  Queue{number}:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${{NamePrefix}}-queue
      KmsMasterKeyId: !Ref KeyArn
      MessageRetentionPeriod: !Ref RetentionSeconds
      VisibilityTimeout: !Ref VisibilitySeconds
      RedrivePolicy:
        deadLetterTargetArn: !GetAtt DeadLetters.Arn
        maxReceiveCount: 5
  DeadLetters:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub ${{NamePrefix}}-dead-letters
      KmsMasterKeyId: !Ref KeyArn
      MessageRetentionPeriod: !If [IsLong, 1209600, 86400]
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Join ["-", [!Ref NamePrefix, dead-letters]]
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions:
        - {{Name: QueueName, Value: !GetAtt DeadLetters.QueueName}}
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: !Ref Threshold
      ComparisonOperator: GreaterThanThreshold
Outputs:
  QueueArn:
    Value: !GetAtt Queue{number}.Arn
"""


def scale() -> list[dict[str, object]]:
    """Compare everything in a project of 3 environments x 1,000 stacks x 10 regions, and in one of half the stacks."""
    half, whole = _measured(STACKS // 2), _measured(STACKS)
    return [
        {
            "measurement": f"parity of {len(ENVIRONMENTS)} x {STACKS:,} x {len(REGIONS)} stacks",
            "seconds": round(whole.seconds, 1),
            "aim_seconds": SECONDS,
            "peak_mb": round(whole.peak_mb),
            "aim_mb": MEGABYTES,
            "seconds_of_half": round(half.seconds, 1),
            "times_longer_than_half": round(whole.seconds / half.seconds, 2),
            "aim_times_longer": GROWTH,
            "ends_with": whole.output.strip().splitlines()[-1],
        }
    ]


def _measured(stacks: int) -> Run:
    with tempfile.TemporaryDirectory() as folder:
        lay(Path(folder), stacks)
        run = command([str(BIN / "lockstep"), "parity", "--project", folder], cwd=Path(folder))
        if not re.search(r"\d+ places differ; 0 findings", run.output):
            raise RuntimeError(f"the project is not in parity:\n{run.output[-2000:]}")
        return run


def lay(root: Path, stacks: int) -> None:
    """Write a project: every stack in every region of every environment, with parameters of its own."""
    (root / "templates").mkdir()
    for number in range(TEMPLATES):
        (root / "templates" / f"queue-{number}.yaml").write_text(
            TEMPLATE.format(number=number), encoding="utf-8"
        )
    config = root / "config"
    config.mkdir()
    (config / "config.yaml").write_text("project_code: scale\n", encoding="utf-8")
    (root / "variance.yaml").write_text(_variances(), encoding="utf-8")
    for index, environment in enumerate(ENVIRONMENTS):
        account = str(index + 1) * 12
        for place, region in enumerate(REGIONS):
            group = config / environment / region
            group.mkdir(parents=True)
            (group / "config.yaml").write_text(f'region: {region}\naccount: "{account}"\n', encoding="utf-8")
            for number in range(stacks):
                (group / f"stack-{number}.yaml").write_text(_stack(index, place, number), encoding="utf-8")


def _stack(environment: int, place: int, number: int) -> str:
    """Return a stack file: the retention grows with the environment, the threshold differs by region."""
    return (
        f"template: {{type: file, path: queue-{number % TEMPLATES}.yaml}}\n"
        "parameters:\n"
        f"  NamePrefix: {ENVIRONMENTS[environment]}-stack-{number}\n"
        f"  RetentionSeconds: {3600 * (environment + 1) + number}\n"
        f"  VisibilitySeconds: {30 + number}\n"
        f"  Threshold: {10 + place}\n"
        f"  KeyArn: /keys/{ENVIRONMENTS[environment]}/data\n"
    )


def _variances() -> str:
    return """\
variances:
  - path: "**/stack-*:Parameters.RetentionSeconds"
    reason: a longer outage is survived where more depends on it
    owner: platform
    bound: { order: grows, range: { minimum: 3600, maximum: 86400 } }
  - path: "*/stack-*:Parameters.Threshold"
    reason: regions with more load wake somebody later
    owner: on-call
    bound: { range: { minimum: 10, maximum: 20 } }
"""
