"""DynamoDB streams to Lambda: one bad record is found, buried and passed (REQ-C4)."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.e2e.conftest import Client
from tests.e2e.sandbox.events import received
from tests.e2e.sandbox.functions import ROLE, package
from tests.e2e.sandbox.stacks import Stack

SETTLE_SECONDS = 30.0
"""Each failure ends the function's process, and six calls start five of them."""

RAISES = """
    import json, os, boto3
    def handler(event, context):
        ids = [record["dynamodb"]["Keys"]["id"]["S"] for record in event["Records"]]
        boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=json.dumps(ids))
        if "bad" in ids:
            raise ValueError("bad record")
"""
REPORTS = RAISES.replace(
    'raise ValueError("bad record")',
    """bad = event["Records"][ids.index("bad")]["dynamodb"]["SequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": bad}]}""",
)
TEMPLATE = f"""
Resources:{ROLE}
  Reads:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      Roles: [!Ref Role]
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Action: "dynamodb:*", Resource: "*"}}]
  Dead: {{Type: AWS::SQS::Queue}}
  Seen: {{Type: AWS::SQS::Queue}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}, {{AttributeName: by, AttributeType: S}}]
      StreamSpecification: {{StreamViewType: NEW_AND_OLD_IMAGES}}
      GlobalSecondaryIndexes:
        - IndexName: by-who
          KeySchema: [{{AttributeName: by, KeyType: HASH}}]
          Projection: {{ProjectionType: KEYS_ONLY}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: code.handler
      Role: !GetAtt Role.Arn
      Code: {{S3Bucket: code-BUCKET, S3Key: code.zip}}
      Environment: {{Variables: {{SEEN: !Ref Seen}}}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    DependsOn: Reads
    Properties:
      EventSourceArn: !GetAtt Table.StreamArn
      FunctionName: !Ref Function
      Enabled: ENABLED
      StartingPosition: TRIM_HORIZON
      BatchSize: 10
      BisectBatchOnFunctionError: BISECT
      MaximumRetryAttempts: 1
      DestinationConfig: {{OnFailure: {{Destination: !GetAtt Dead.Arn}}}}
      FunctionResponseTypes: [ReportBatchItemFailures]
      FilterCriteria:
        Filters: [{{Pattern: '{{"dynamodb": {{"Keys": {{"id": {{"S": [{{"anything-but": ["other"]}}]}}}}}}}}'}}]
Outputs: {{Dead: {{Value: !Ref Dead}}, Seen: {{Value: !Ref Seen}}, Table: {{Value: !Ref Table}}}}
"""


@pytest.mark.parametrize(
    ("source", "bisect", "expected"),
    [
        (
            RAISES,
            True,
            [["a", "b", "bad", "c"], ["a", "b"], ["bad", "c"], ["bad"], ["bad"], ["c"]],
        ),
        (REPORTS, False, [["a", "b", "bad", "c"], ["bad", "c"]]),
    ],
    ids=["halves", "reported"],
)
def test_a_bad_record_is_passed(
    client: Client, account: str, stack: Stack, source: str, bisect: bool, expected: list[list[str]]
) -> None:
    """What a filter leaves out is never seen; after one more try the destination says which records failed."""
    s3 = client("s3", account=account)
    s3.create_bucket(Bucket=f"code-{account}")
    s3.put_object(Bucket=f"code-{account}", Key="code.zip", Body=package(source))
    off = TEMPLATE.replace("BUCKET", account).replace("BISECT", str(bisect).lower())
    assert stack.create(off.replace("ENABLED", "false")) == "CREATE_COMPLETE", stack.reasons()
    outputs, dynamodb, sqs = (
        stack.outputs(),
        client("dynamodb", account=account),
        client("sqs", account=account),
    )
    for identity in ("other", "a", "b", "bad", "c"):
        dynamodb.put_item(TableName=outputs["Table"], Item={"id": {"S": identity}, "by": {"S": "x"}})
    assert stack.update(off.replace("ENABLED", "true")) == "UPDATE_COMPLETE", stack.reasons()
    (letter,) = received(sqs, outputs["Dead"], 1, SETTLE_SECONDS)
    assert letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert letter["DDBStreamBatchInfo"]["batchSize"] == len(expected[-2 if bisect else -1])
    seen: list[Any] = received(sqs, outputs["Seen"], len(expected))
    assert seen == expected
    found = dynamodb.query(
        TableName=outputs["Table"],
        IndexName="by-who",
        KeyConditionExpression="#by = :by",
        ExpressionAttributeNames={"#by": "by"},
        ExpressionAttributeValues={":by": {"S": "x"}},
    )
    assert found["Count"] == 5


def test_a_record_arrives_soon(client: Client, account: str, stack: Stack) -> None:
    """What is written after the mapping exists is handed over within moments, however long a cold start takes."""
    s3 = client("s3", account=account)
    s3.create_bucket(Bucket=f"code-{account}")
    s3.put_object(Bucket=f"code-{account}", Key="code.zip", Body=package(RAISES))
    on = TEMPLATE.replace("BUCKET", account).replace("BISECT", "true").replace("ENABLED", "true")
    assert stack.create(on) == "CREATE_COMPLETE", stack.reasons()
    outputs, dynamodb, sqs = (
        stack.outputs(),
        client("dynamodb", account=account),
        client("sqs", account=account),
    )
    taken = []
    for identity in ("a", "b", "c"):
        begun = time.monotonic()
        dynamodb.put_item(TableName=outputs["Table"], Item={"id": {"S": identity}})
        assert json.dumps(received(sqs, outputs["Seen"], 1, SETTLE_SECONDS)) == f'[["{identity}"]]'
        taken.append(time.monotonic() - begun)
    assert min(taken) < 5, taken  # of a busy machine the quickest tells


def test_a_batch_waits_for_more_as_long_as_its_window(client: Client, account: str, stack: Stack) -> None:
    """What comes within the window of the first record is handed over together."""
    s3 = client("s3", account=account)
    s3.create_bucket(Bucket=f"code-{account}")
    s3.put_object(Bucket=f"code-{account}", Key="code.zip", Body=package(RAISES))
    on = TEMPLATE.replace("BUCKET", account).replace("BISECT", "true").replace("ENABLED", "true")
    on = on.replace("BatchSize: 10", "BatchSize: 10\n      MaximumBatchingWindowInSeconds: 3")
    assert stack.create(on) == "CREATE_COMPLETE", stack.reasons()
    outputs, dynamodb, sqs = (
        stack.outputs(),
        client("dynamodb", account=account),
        client("sqs", account=account),
    )
    for identity in ("a", "b", "c"):
        dynamodb.put_item(TableName=outputs["Table"], Item={"id": {"S": identity}})
        time.sleep(0.3)
    assert received(sqs, outputs["Seen"], 1, SETTLE_SECONDS) == [["a", "b", "c"]]
