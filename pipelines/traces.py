"""Traces of a function of the control plane (REQ-C6)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def traced(handler: Handler) -> Handler:
    """Return a handler whose calls to AWS are traced where Lambda says where its X-Ray daemon is, else the handler.

    What the answer says is in no trace. X-Ray's SDK is imported for that alone: it makes an AWS client while it is
    imported, which takes about as long as boto3 itself.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    if "AWS_XRAY_DAEMON_ADDRESS" not in os.environ:
        return handler
    from aws_lambda_powertools.tracing import Tracer

    tracer = Tracer(patch_modules=("botocore",))
    traces: Handler = tracer.capture_lambda_handler(capture_response=False)(handler)
    return traces
