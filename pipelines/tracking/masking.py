"""Hiding secrets in the values of drifted properties: they go into events, a table, logs and mails (REQ-P7)."""

from __future__ import annotations

import json
import re
from typing import Any

MASKED = "(masked)"

_NAMES = re.compile(
    r"passw|pass$|pwd|secret|token|credential|private.?key|api.?key|access.?key|auth|connection.?string|"
    r"certificate.?body|signature|passphrase|dsn$|salt$",
    re.IGNORECASE,
)
_VALUES = re.compile(
    r"\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN|eyJ[\w-]{8,}\.[\w-]{8,}\.|://[^/\s:@]+:[^/\s@]+@|gh[pousr]_\w{20,}"
)
_PLACES = re.compile(
    r"/Environment/Variables/|/ContainerDefinitions/\d+/Environment/|/UserData$|/SecretString$|/DefinitionString$|"
    r"/Environment$|/Environment/Variables$"
)
"""Where people put values that no name tells from secrets: nothing of them is shown."""
_REFERENCE = re.compile(r"\{\{resolve:[^}]+\}\}|arn:aws[a-z-]*:[^\s]+")


def masked(path: str, value: str | None) -> str | None:
    """Return a property's value with secrets hidden: by what path and keys are called, and by what it looks like.

    A reference to a secret (an ARN, a dynamic reference) is none and stays.
    """
    if value is None:
        return None
    if _NAMES.search(path) or _PLACES.search(path):
        return _hidden(value)
    try:
        inner = json.loads(value)
    except (ValueError, RecursionError):
        inner = None
    if isinstance(inner, dict | list):
        try:
            return json.dumps(_walk(inner), sort_keys=True)
        except RecursionError:
            return MASKED
    return MASKED if _VALUES.search(value) else value


def _walk(value: Any) -> Any:
    if isinstance(value, dict):
        named = str(value.get("Name") or value.get("Key") or "")
        return {
            key: _hidden(each)
            if _NAMES.search(key) or (key == "Value" and _NAMES.search(named))
            else _walk(each)
            for key, each in value.items()
        }
    if isinstance(value, list):
        return [_walk(each) for each in value]
    if isinstance(value, str):
        return masked("", value)
    return value


def _hidden(value: Any) -> str:
    text = value if isinstance(value, str) else ""
    return text if _REFERENCE.fullmatch(text) else MASKED
