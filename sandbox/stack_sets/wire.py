"""Requests and answers of the API, by botocore's own model of it: what the model does not have cannot be said.

The query protocol: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from html import escape
from typing import Any

from botocore.model import OperationModel, ServiceModel, Shape
from botocore.session import Session
from botocore.validate import ParamValidator

from sandbox.stack_sets.records import RefusedError

Params = Mapping[str, Any]
"""A query string: name to list of values, as ministack parses it."""


@functools.cache
def model() -> ServiceModel:
    """Return botocore's model of CloudFormation."""
    return Session().get_service_model("cloudformation")


def request(operation: str, params: Params) -> dict[str, Any]:
    """Return the input of an operation; `RefusedError` for what the model does not allow."""
    shape: Any = model().operation_model(operation).input_shape
    flat = {name: str(value[0] if isinstance(value, list) else value) for name, value in params.items()}
    found: dict[str, Any] = _read(shape, flat, "") or {}
    report = ParamValidator().validate(found, shape)
    if report.has_errors():
        raise RefusedError("ValidationError", report.generate_report())
    return found


def _read(shape: Any, flat: Mapping[str, str], prefix: str) -> Any:
    """Return the value below a prefix; None when the request does not have it."""
    if shape.type_name == "structure":
        dot = f"{prefix}." if prefix else ""
        read = {name: _read(member, flat, f"{dot}{name}") for name, member in shape.members.items()}
        found = {name: value for name, value in read.items() if value is not None}
        return found or (None if prefix and prefix not in flat else {})
    if shape.type_name == "list":
        return _read_list(shape, flat, prefix)
    return _scalar(shape, flat[prefix], prefix) if prefix in flat else None


def _read_list(shape: Any, flat: Mapping[str, str], prefix: str) -> list[Any] | None:
    found: list[Any] = []
    while (value := _read(shape.member, flat, f"{prefix}.member.{len(found) + 1}")) is not None:
        found.append(value)
    # An empty list arrives as a bare name, which is not the same as no list.
    return found if found or prefix in flat else None


def _scalar(shape: Shape, text: str, where: str) -> Any:
    if shape.type_name == "boolean":
        return text.lower() == "true"
    if shape.type_name == "integer":
        try:
            return int(text)
        except ValueError:
            raise RefusedError("ValidationError", f"{where} must be a number") from None
    allowed = getattr(shape, "enum", None)
    if allowed and text not in allowed:
        raise RefusedError(
            "ValidationError",
            f"1 validation error detected: Value '{text}' at '{where}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(allowed)}]",
        )
    return text


def answer(operation: str, found: Mapping[str, Any], request_id: str) -> bytes:
    """Return the body of an answer; KeyError for a member that the operation's output does not have."""
    described: OperationModel = model().operation_model(operation)
    shape = described.output_shape
    result = ""
    if shape is not None:
        wrapper = shape.serialization["resultWrapper"]
        result = f"<{wrapper}>{_write(shape, found)}</{wrapper}>"
    namespace = model().metadata["xmlNamespace"]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><{operation}Response xmlns="{namespace}">{result}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{operation}Response>"
    ).encode()


def _write(shape: Any, value: Any) -> str:
    if shape.type_name == "structure":
        kept = {name: one for name, one in value.items() if one is not None and one != ""}
        return "".join(f"<{name}>{_write(shape.members[name], one)}</{name}>" for name, one in kept.items())
    if shape.type_name == "list":
        return "".join(f"<member>{_write(shape.member, one)}</member>" for one in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))
