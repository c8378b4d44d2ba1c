"""A REST API over HTTP: proxy to Lambda, validation, throttling, signatures, gateway responses."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox import accounts
from sandbox.place import HOST, Record
from tests.e2e.conftest import Client
from tests.e2e.sandbox.functions import ROLE, package
from tests.e2e.sandbox.stacks import Stack

SOURCE = """
    import json
    def handler(event, context):
        body = {"method": event["httpMethod"], "path": event["path"], "stage": event["requestContext"]["stage"],
                "order": (event["pathParameters"] or {}).get("order_id")}
        return {"statusCode": 201, "headers": {"Content-Type": "application/json", "X-Own": "1"},
                "body": json.dumps(body)}
"""
_FUNCTION = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}"
_INTEGRATION = f'{{Type: AWS_PROXY, IntegrationHttpMethod: POST, Uri: !Sub "{_FUNCTION}/invocations"}}'
TEMPLATE = (
    "Parameters: {Rate: {Type: Number, Default: 100}, Burst: {Type: Number, Default: 50}}\n"
    + f"Resources:{ROLE}"
    + """
  Logs: {Type: AWS::Logs::LogGroup}
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: code.handler
      Role: !GetAtt Role.Arn
      Code: {S3Bucket: code-BUCKET, S3Key: code.zip}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: api, EndpointConfiguration: {Types: [REGIONAL]}, DisableExecuteApiEndpoint: false}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref Function
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"
  Model:
    Type: AWS::ApiGateway::Model
    Properties: {RestApiId: !Ref Api, ContentType: application/json, Schema: {type: object, required: [symbol]}}
  Validator:
    Type: AWS::ApiGateway::RequestValidator
    Properties: {RestApiId: !Ref Api, ValidateRequestBody: true, ValidateRequestParameters: true}
  BadBody:
    Type: AWS::ApiGateway::GatewayResponse
    Properties:
      RestApiId: !Ref Api
      ResponseType: BAD_REQUEST_BODY
      StatusCode: "422"
      ResponseParameters: {gatewayresponse.header.Content-Type: "'application/problem+json'"}
      ResponseTemplates: {application/json: '{"title": "no order", "detail": $context.error.messageString}'}
  Orders:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: orders}
  Order:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !Ref Orders, PathPart: "{order_id}"}
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Orders
      HttpMethod: POST
      AuthorizationType: AWS_IAM
      RequestValidatorId: !Ref Validator
      RequestModels: {application/json: !Ref Model}
      Integration: INTEGRATION
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Order
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: INTEGRATION
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: [Post, Get, BadBody], Properties: {RestApiId: !Ref Api}}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      DeploymentId: !Ref Deployment
      StageName: dev
      TracingEnabled: true
      AccessLogSetting: {DestinationArn: !GetAtt Logs.Arn, Format: "$context.requestId"}
      MethodSettings:
        - {HttpMethod: "*", ResourcePath: "/*", ThrottlingRateLimit: !Ref Rate, ThrottlingBurstLimit: !Ref Burst}
Outputs: {Api: {Value: !Ref Api}}
""".replace("INTEGRATION", _INTEGRATION)
)
FORGED = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/execute-api/aws4_request"}


@dataclass(frozen=True, slots=True)
class Api:
    """The deployed API, asked over HTTP."""

    sandbox: Record
    stack: Stack
    account: str

    def ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        *,
        signed: bool = False,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, dict[str, object], dict[str, str]]:
        """Return status, JSON body and headers (names in lower case); `signed` by the API's own account."""
        connection = http.client.HTTPConnection(HOST, self.sandbox.port, timeout=30)
        target = f"/_aws/execute-api/{self.stack.outputs()['Api']}/dev{path}"
        request = AWSRequest(
            method,
            f"{self.sandbox.endpoint}{target}",
            headers={"Content-Type": "application/json", **(headers or {})},
            data=body,
        )
        if signed:
            SigV4Auth(Credentials(self.account, accounts.SECRET), "execute-api", "us-east-1").add_auth(
                request
            )
        connection.request(method, target, body, dict(request.headers.items()))
        answer = connection.getresponse()
        found = answer.status, json.loads(answer.read()), {k.lower(): v for k, v in answer.getheaders()}
        connection.close()
        return found


@pytest.fixture
def api(client: Client, account: str, sandbox: Record, stack: Stack) -> Api:
    """Return the API, its function's code uploaded; not yet deployed."""
    s3 = client("s3", account=account)
    s3.create_bucket(Bucket=f"code-{account}")
    s3.put_object(Bucket=f"code-{account}", Key="code.zip", Body=package(SOURCE))
    return Api(sandbox, stack, account)


def test_a_request_reaches_the_function(account: str, api: Api) -> None:
    """Path parameters, stage and headers go through in both directions."""
    assert api.stack.create(TEMPLATE.replace("BUCKET", account)) == "CREATE_COMPLETE", api.stack.reasons()
    status, body, headers = api.ask("GET", "/orders/o-1")
    assert (status, headers["x-own"]) == (201, "1")
    assert body == {"method": "GET", "path": "/orders/o-1", "stage": "dev", "order": "o-1"}
    assert api.ask("POST", "/orders", '{"symbol": "X"}', signed=True)[0] == 201


def test_a_body_that_breaks_the_model_is_refused(account: str, api: Api) -> None:
    """The request validator answers through the gateway response of the API."""
    api.stack.create(TEMPLATE.replace("BUCKET", account))
    status, body, headers = api.ask("POST", "/orders", '{"side": "BUY"}', signed=True)
    assert (status, headers["content-type"]) == (422, "application/problem+json")
    assert body == {"title": "no order", "detail": "Invalid request body"}


def test_an_unsigned_request_is_refused(account: str, api: Api) -> None:
    """A method with AWS_IAM answers 403 to a request without a signature, or with a forged one."""
    api.stack.create(TEMPLATE.replace("BUCKET", account))
    assert api.ask("POST", "/orders", '{"symbol": "X"}')[0] == 403
    assert api.ask("POST", "/orders", '{"symbol": "X"}', headers=FORGED)[0] == 403


def test_more_requests_than_the_stage_allows_are_throttled(account: str, api: Api) -> None:
    """REQ-O3 rests on the stage's limits: what exceeds the burst is a 429."""
    api.stack.create(TEMPLATE.replace("BUCKET", account), {"Rate": "1", "Burst": "2"})
    statuses = [api.ask("GET", "/orders/o-1")[0] for _ in range(5)]
    assert statuses[:2] == [201, 201]
    assert 429 in statuses[2:]


def test_settings_of_a_stage(client: Client, account: str, api: Api) -> None:
    """API Gateway shows limits, tracing and the access log."""
    api.stack.create(TEMPLATE.replace("BUCKET", account), tags={"Environment": "dev"})
    stage = client("apigateway", account=account).get_stage(
        restApiId=api.stack.outputs()["Api"], stageName="dev"
    )
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 100
    assert stage["tracingEnabled"] is True
    assert stage["accessLogSettings"]["format"] == "$context.requestId"
    assert stage["tags"]["Environment"] == "dev"
