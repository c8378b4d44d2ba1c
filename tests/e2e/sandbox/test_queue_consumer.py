"""SQS to Lambda: partial batches, redelivery, and the dead letter queue for what always fails."""

from __future__ import annotations

import json
import time

from tests.e2e.conftest import Client
from tests.e2e.sandbox.functions import ROLE, package
from tests.e2e.sandbox.stacks import Stack

SOURCE = """
    import json, os, boto3
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    def handler(event, context):
        failed = []
        for record in event["Records"]:
            body = json.loads(record["body"])
            if "poison" in body:
                failed.append({"itemIdentifier": record["messageId"]})
            else:
                table.put_item(Item={"id": body["id"]})
        return {"batchItemFailures": failed}
"""
TEMPLATE = f"""
Resources:{ROLE}
  Dead: {{Type: AWS::SQS::Queue}}
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 1
      MessageRetentionPeriod: 86400
      RedrivePolicy: {{deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2}}
  Allow:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Queue]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Deny
            Principal: "*"
            Action: "sqs:*"
            Resource: "*"
            Condition: {{Bool: {{"aws:SecureTransport": "false"}}}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{{AttributeName: id, KeyType: HASH}}]
      AttributeDefinitions: [{{AttributeName: id, AttributeType: S}}]
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: code.handler
      Role: !GetAtt Role.Arn
      Code: {{S3Bucket: code-BUCKET, S3Key: code.zip}}
      Environment: {{Variables: {{TABLE: !Ref Table}}}}
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      EventSourceArn: !GetAtt Queue.Arn
      FunctionName: !Ref Function
      BatchSize: 10
      MaximumBatchingWindowInSeconds: 1
      FunctionResponseTypes: [ReportBatchItemFailures]
      ScalingConfig: {{MaximumConcurrency: 2}}
Outputs: {{Queue: {{Value: !Ref Queue}}, Dead: {{Value: !Ref Dead}}, Table: {{Value: !Ref Table}}}}
"""
SETTLE_SECONDS = 20.0


def test_poison_ends_in_the_dead_letter_queue_and_the_rest_is_done(
    client: Client, account: str, stack: Stack
) -> None:
    """One bad message among good ones: the good are done, the bad one is dead after two receptions."""
    s3 = client("s3", account=account)
    s3.create_bucket(Bucket=f"code-{account}")
    s3.put_object(Bucket=f"code-{account}", Key="code.zip", Body=package(SOURCE))
    template = TEMPLATE.replace("BUCKET", account)
    assert stack.create(template, tags={"Environment": "dev"}) == "CREATE_COMPLETE", stack.reasons()
    outputs, sqs = stack.outputs(), client("sqs", account=account)
    bodies = [{"id": str(number)} for number in range(9)] + [{"poison": True}]
    entries = [{"Id": str(number), "MessageBody": json.dumps(body)} for number, body in enumerate(bodies)]
    sqs.send_message_batch(QueueUrl=outputs["Queue"], Entries=entries)
    deadline, dead = time.monotonic() + SETTLE_SECONDS, []
    while not dead and time.monotonic() < deadline:
        dead = sqs.receive_message(QueueUrl=outputs["Dead"], WaitTimeSeconds=1).get("Messages", [])
    assert [json.loads(message["Body"]) for message in dead] == [{"poison": True}]
    done = client("dynamodb", account=account).scan(TableName=outputs["Table"])["Items"]
    assert sorted(item["id"]["S"] for item in done) == [str(number) for number in range(9)]
    aws = client("lambda", account=account)
    mapping = aws.get_event_source_mapping(UUID=stack.physical("Mapping"))
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 2}
    tags = aws.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"]
    assert tags["Environment"] == "dev"
