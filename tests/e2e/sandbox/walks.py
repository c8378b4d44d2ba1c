"""What walks through AWS's calls have in common: each is the same client code for the sandbox and for moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

Make = Callable[[str], Any]
"""Makes the client of a service."""

Walk = Callable[[Make, str], Iterator[tuple[str, Any]]]
"""What an account's clients are told, and the answers, call by call."""


def refusal(call: Callable[..., Any], **request: Any) -> str:
    """Return the code with which a call is refused; empty if it is not."""
    try:
        call(**request)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def picked(found: dict[str, Any], *keys: str) -> dict[str, Any]:
    """Return some members of an answer, those that it has."""
    return {key: found[key] for key in keys if key in found}
