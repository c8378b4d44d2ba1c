"""What ministack's API Gateway resources leave out: request validation, access logs, a few settings.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-method.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-stage.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-restapi.html
"""

from __future__ import annotations

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Properties, complete, truth

APIS = Name("services.apigateway_v1", "_rest_apis")
RESOURCES = Name("services.apigateway_v1", "_resources")
STAGES = Name("services.apigateway_v1", "_stages_v1")
VALIDATORS = Name("services.apigateway_v1", "_request_validators")
_API_FIELDS = {
    "ApiKeySourceType": ("apiKeySource", "HEADER"),
    "DisableExecuteApiEndpoint": ("disableExecuteApiEndpoint", False),
    "SecurityPolicy": ("securityPolicy", None),
    "EndpointAccessMode": ("endpointAccessMode", None),
}


def _api(physical_id: str, old: Properties, new: Properties) -> None:
    record = APIS.get()[physical_id]
    for name, (field, default) in _API_FIELDS.items():
        value = new.get(name, default)
        if value is None:
            record.pop(field, None)
        else:
            record[field] = value


def _validator(physical_id: str, old: Properties, new: Properties) -> None:
    VALIDATORS.get().setdefault(new["RestApiId"], {})[physical_id] = {
        "id": physical_id,
        "name": new.get("Name", ""),
        "validateRequestBody": truth(new.get("ValidateRequestBody", False)),
        "validateRequestParameters": truth(new.get("ValidateRequestParameters", False)),
    }


def _drop_validator(physical_id: str, properties: Properties) -> None:
    VALIDATORS.get().get(properties["RestApiId"], {}).pop(physical_id, None)


def _method(physical_id: str, old: Properties, new: Properties) -> None:
    resource = RESOURCES.get()[new["RestApiId"]][new["ResourceId"]]
    resource["resourceMethods"][new["HttpMethod"]]["requestValidatorId"] = new.get("RequestValidatorId")


def _stage(physical_id: str, old: Properties, new: Properties) -> None:
    logs = new.get("AccessLogSetting") or {}
    named = {"DestinationArn": "destinationArn", "Format": "format"}
    stage = STAGES.get()[new["RestApiId"]][physical_id]
    stage["accessLogSettings"] = {field: logs[name] for name, field in named.items() if name in logs}


def _install() -> None:
    complete("AWS::ApiGateway::RestApi", _api)
    complete("AWS::ApiGateway::RequestValidator", _validator, before_delete=_drop_validator)
    complete("AWS::ApiGateway::Method", _method)
    complete("AWS::ApiGateway::Stage", _stage)


EXTENSION = Extension(
    name="rest_apis",
    claims=(
        emulated(
            "AWS::ApiGateway::RequestValidator, Method RequestValidatorId",
            "a body or parameter that breaks the model is a 400",
        ),
        recorded(
            "AWS::ApiGateway::Stage AccessLogSetting, TracingEnabled",
            "shown by GetStage; nothing is logged or traced",
        ),
        recorded(
            "AWS::ApiGateway::RestApi SecurityPolicy, EndpointAccessMode",
            "shown by GetRestApi; there is no TLS",
        ),
    ),
    names=(*NAMES, APIS, RESOURCES, STAGES, VALIDATORS),
    install=_install,
)
