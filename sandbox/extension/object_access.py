"""Putting an object may be limited to where none is: `s3:if-none-match` has the header of that name.

ministack keeps the header's promise, and gives policies no such key.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

CONTEXT = Name.function(
    "core.iam_actions", "s3_service_context", "iam_action", "query_params", "path", "headers"
)
IF_NONE_MATCH = "if-none-match"


def _giving(original: Any) -> Any:
    def context(
        iam_action: str,
        query_params: Mapping[str, Any] | None,
        path: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        found: dict[str, Any] = original(iam_action, query_params, path, headers)
        given = (headers or {}).get(IF_NONE_MATCH)
        return {**found, f"s3:{IF_NONE_MATCH}": given} if given and iam_action == "s3:PutObject" else found

    return context


EXTENSION = Extension(
    name="object_access",
    claims=(emulated("IAM: s3:if-none-match", "of a put, so that a policy may allow new objects alone"),),
    names=(CONTEXT,),
    install=lambda: replace(CONTEXT, _giving),
)
