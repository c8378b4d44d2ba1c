"""What ministack's `AWS::Lambda::Function` leaves out, set on the function that its Lambda runs.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name
from sandbox.extension.resources import NAMES, Properties, RefusedError, accepted, complete

FUNCTIONS = Name("services.lambda_svc", "_functions")
VPC = Name.function("services.lambda_svc", "_vpc_config_with_id", "request_config")
PUT_CONCURRENCY = Name.function("services.lambda_svc", "_put_function_concurrency", "func_name", "data")
DELETE_CONCURRENCY = Name.function("services.lambda_svc", "_delete_function_concurrency", "func_name")


def _require_code(name: str, function: Any, properties: Properties) -> None:
    """Refuse a package that is not in its bucket; ministack would make a function without code."""
    code = properties.get("Code") or {}
    if "S3Key" in code and function["code_zip"] is None:
        raise RefusedError(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key "
            f"does not exist: s3://{code.get('S3Bucket')}/{code['S3Key']} (Service: Lambda, Status Code: 400)"
        )


def _apply(name: str, old: Properties, new: Properties) -> None:
    function = FUNCTIONS.get()[name]
    _require_code(name, function, new)
    config = function["config"]
    config["VpcConfig"] = VPC.get()(new.get("VpcConfig"))
    config["KMSKeyArn"] = new.get("KmsKeyArn", "")
    if "DeadLetterConfig" in new:
        config["DeadLetterConfig"] = new["DeadLetterConfig"]
    else:
        config.pop("DeadLetterConfig", None)
    reserved = new.get("ReservedConcurrentExecutions")
    if reserved is None:
        accepted(DELETE_CONCURRENCY.get()(name))
    else:
        accepted(PUT_CONCURRENCY.get()(name, {"ReservedConcurrentExecutions": int(reserved)}))


EXTENSION = Extension(
    name="lambda_functions",
    claims=(
        emulated("AWS::Lambda::Function ReservedConcurrentExecutions", "more calls at a time are throttled"),
        emulated("AWS::Lambda::Function Code in S3", "a package that is not there fails the resource"),
        emulated(
            "AWS::Lambda::Function DeadLetterConfig",
            "takes the event after two retries within a second, in the form of an on-failure destination",
        ),
        recorded(
            "AWS::Lambda::Function VpcConfig, KmsKeyArn, TracingConfig",
            "shown; no network, key or trace is used",
        ),
        recorded(
            "AWS::Lambda::Function MemorySize, Architectures, Runtime", "runs on this machine's own Python"
        ),
    ),
    names=(*NAMES, FUNCTIONS, VPC, PUT_CONCURRENCY, DELETE_CONCURRENCY),
    install=lambda: complete("AWS::Lambda::Function", _apply),
)
