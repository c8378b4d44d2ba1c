"""REST API methods with `AuthorizationType: AWS_IAM` refuse a request that is not signed.

ministack asks for a signature only when it enforces every IAM policy. Here the signature has to be there;
whose it is and what it allows is not checked.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
"""

from __future__ import annotations

from typing import Any

from sandbox.extension.names import Name, replace
from sandbox.extension.registry import Extension, absent, emulated

ENFORCE = Name.function(
    "app",
    "_enforce_execute_api",
    "api_id",
    "stage",
    "method",
    "execute_path",
    "headers",
    "query_params",
    "iam_action",
)
TYPE = Name.function(
    "services.apigateway_v1", "method_authorization_type", "api_id", "stage_name", "method", "path"
)
ANSWER = Name.function(
    "services.apigateway_v1",
    "authentication_error_response",
    "api_id",
    "stage_name",
    "error",
    "headers",
    "query_params",
)
FAILURE = Name("core.iam_evaluator", "AuthError")


def _is_signed(headers: Any, query_params: Any) -> bool:
    return (
        headers.get("authorization", "").startswith("AWS4-HMAC-SHA256 ") or "X-Amz-Signature" in query_params
    )


def _make(original: Any) -> Any:
    def enforce(*arguments: Any, **named: Any) -> Any:
        api_id, stage, method, path, headers, query_params = arguments[:6]
        if TYPE.get()(api_id, stage, method, path) == "AWS_IAM" and not _is_signed(headers, query_params):
            missing = FAILURE.get()("MissingAuthenticationToken", "Missing Authentication Token")
            return ANSWER.get()(api_id, stage, missing, headers, query_params)
        return original(*arguments, **named)

    return enforce


EXTENSION = Extension(
    name="signed_requests",
    claims=(
        emulated("AuthorizationType AWS_IAM", "a request without a signature is a 403"),
        absent("Signatures and policies of callers", "not verified; any signature is taken"),
    ),
    names=(ENFORCE, TYPE, ANSWER, FAILURE),
    install=lambda: replace(ENFORCE, _make),
)
