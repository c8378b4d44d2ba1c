"""Functions run for real: code from S3, their own account and region, their settings."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import Client
from tests.e2e.sandbox.functions import ROLE, package
from tests.e2e.sandbox.stacks import Stack

SOURCE = """
    import os, time, boto3
    def handler(event, context):
        time.sleep(event.get("sleep", 0))
        if event.get("fail"):
            raise RuntimeError("on purpose")
        who = boto3.client("sts").get_caller_identity()["Account"]
        value = boto3.client("ssm").get_parameter(Name="/f/value")["Parameter"]["Value"]
        return {"account": who, "region": os.environ["AWS_REGION"], "value": value, "own": os.environ["OWN"],
                "endpoint": os.environ["AWS_ENDPOINT_URL"], "name": context.function_name,
                "profile": os.environ.get("AWS_PROFILE")}
"""
TEMPLATE = f"""
Parameters: {{Key: {{Type: String}}, Reserved: {{Type: Number, Default: 5}}}}
Resources:{ROLE}
  Dead: {{Type: AWS::SQS::Queue}}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: f
      Runtime: python3.13
      Architectures: [arm64]
      Handler: code.handler
      Timeout: 20
      MemorySize: 512
      Role: !GetAtt Role.Arn
      Code: {{S3Bucket: code-BUCKET, S3Key: !Ref Key}}
      KmsKeyArn: arn:aws:kms:us-east-1:111111111111:key/k
      TracingConfig: {{Mode: Active}}
      ReservedConcurrentExecutions: !Ref Reserved
      DeadLetterConfig: {{TargetArn: !GetAtt Dead.Arn}}
      VpcConfig: {{SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}}
      Environment: {{Variables: {{OWN: mine}}}}
Outputs: {{Dead: {{Value: !Ref Dead}}}}
"""
REGION = "eu-west-1"


@pytest.fixture
def function(client: Client, account: str) -> Stack:
    """Return a stack in a region of its own, its code uploaded as `good.zip`."""
    s3 = client("s3", account=account, region=REGION)
    s3.create_bucket(Bucket=f"code-{account}", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=f"code-{account}", Key="good.zip", Body=package(SOURCE))
    client("ssm", account=account, region=REGION).put_parameter(Name="/f/value", Type="String", Value="read")
    return Stack(client("cloudformation", account=account, region=REGION))


def _template(account: str) -> str:
    return TEMPLATE.replace("BUCKET", account)


def test_a_function_runs_as_its_own_account(
    client: Client, account: str, function: Stack, sandbox: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials, region, endpoint and variables are the function's own; nothing of the user's shell gets in."""
    assert function.create(_template(account), {"Key": "good.zip"}) == "CREATE_COMPLETE", function.reasons()
    answer = client("lambda", account=account, region=REGION).invoke(FunctionName="f", Payload=b"{}")
    found = json.loads(answer["Payload"].read())
    endpoint = found.pop("endpoint")
    assert endpoint.startswith("http://127.0.0.1:")
    assert found == {
        "account": account,
        "region": REGION,
        "value": "read",
        "own": "mine",
        "name": "f",
        "profile": None,
    }


def test_settings_of_a_function(client: Client, account: str, function: Stack) -> None:
    """What ministack drops is shown by Lambda."""
    function.create(_template(account), {"Key": "good.zip"})
    found = client("lambda", account=account, region=REGION).get_function(FunctionName="f")
    config = found["Configuration"]
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    assert config["VpcConfig"]["SubnetIds"] == ["subnet-1"]
    assert config["KMSKeyArn"] == "arn:aws:kms:us-east-1:111111111111:key/k"
    assert config["DeadLetterConfig"]["TargetArn"].startswith(f"arn:aws:sqs:{REGION}:{account}:")
    assert (config["TracingConfig"], config["Architectures"]) == ({"Mode": "Active"}, ["arm64"])
    function.update(_template(account), {"Key": "good.zip", "Reserved": "2"})
    found = client("lambda", account=account, region=REGION).get_function(FunctionName="f")
    assert found["Concurrency"] == {"ReservedConcurrentExecutions": 2}


def test_a_package_that_is_not_there_fails_the_stack(account: str, function: Stack) -> None:
    """A function without code is never made."""
    assert function.create(_template(account), {"Key": "missing.zip"}) == "ROLLBACK_COMPLETE"
    assert "NoSuchKey" in function.reasons()["Function"]


def test_reserved_concurrency_throttles(client: Client, account: str, function: Stack) -> None:
    """More calls at a time than reserved are refused."""
    function.create(_template(account), {"Key": "good.zip", "Reserved": "1"})
    aws = client("lambda", account=account, region=REGION)
    aws.invoke(FunctionName="f", Payload=b"{}")  # warm, so that both calls are under way at once

    def call(_number: int) -> str:
        try:
            aws.invoke(FunctionName="f", Payload=b'{"sleep": 2}')
        except aws.exceptions.TooManyRequestsException:
            return "throttled"
        return "done"

    with ThreadPoolExecutor(max_workers=2) as calls:
        assert sorted(calls.map(call, range(2))) == ["done", "throttled"]


def test_new_code_is_run_after_an_update(client: Client, account: str, function: Stack) -> None:
    """Another key is another package, also for a function that is warm."""
    function.create(_template(account), {"Key": "good.zip"})
    aws = client("lambda", account=account, region=REGION)
    aws.invoke(FunctionName="f", Payload=b"{}")
    changed = package("def handler(event, context): return 'new'")
    client("s3", account=account, region=REGION).put_object(
        Bucket=f"code-{account}", Key="new.zip", Body=changed
    )
    assert function.update(_template(account), {"Key": "new.zip"}) == "UPDATE_COMPLETE"
    assert json.loads(aws.invoke(FunctionName="f", Payload=b"{}")["Payload"].read()) == "new"


def test_a_failed_asynchronous_call_ends_in_the_dead_letter_queue(
    client: Client, account: str, function: Stack
) -> None:
    """The event is there after the retries, wrapped as the page says."""
    function.create(_template(account), {"Key": "good.zip"})
    aws, sqs = (client(service, account=account, region=REGION) for service in ("lambda", "sqs"))
    aws.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"fail": true}')
    dead = sqs.receive_message(QueueUrl=function.outputs()["Dead"], WaitTimeSeconds=15)["Messages"]
    assert [json.loads(message["Body"])["requestPayload"] for message in dead] == [{"fail": True}]


def test_a_function_of_another_account_goes_on(client: Client, account: str, function: Stack) -> None:
    """A change of a function ends no worker of its namesake in another account."""
    function.create(_template(account), {"Key": "good.zip"})
    aws = client("lambda", account=account, region=REGION)
    aws.invoke(FunctionName="f", Payload=b"{}")
    calls = ThreadPoolExecutor(max_workers=1)
    slow = calls.submit(aws.invoke, FunctionName="f", Payload=b'{"sleep": 1}')
    other = f"8{account[1:]}"
    s3 = client("s3", account=other, region=REGION)
    s3.create_bucket(Bucket=f"code-{other}", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket=f"code-{other}", Key="good.zip", Body=package(SOURCE))
    stack = Stack(client("cloudformation", account=other, region=REGION))
    assert stack.create(_template(other), {"Key": "good.zip"}) == "CREATE_COMPLETE"
    assert "FunctionError" not in slow.result()
    calls.shutdown()
