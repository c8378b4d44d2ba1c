"""Calls to ministack's EC2, in process, in the words of its public API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.extension.names import Name
from sandbox.extension.resources import Properties, RefusedError

ACTIONS = Name("services.ec2", "_ACTION_MAP")
DEFAULTS = Name.function("services.ec2", "_ensure_defaults_initialized")
TAG = Name.function(
    "services.cloudformation.provisioners", "_ec2_apply_tags", "physical_id", "props", "old_props"
)

NAMES = (ACTIONS, DEFAULTS, TAG)


def _flat(prefix: str, value: object) -> dict[str, list[str]]:
    """Return one parameter as EC2's query protocol writes it: `Name.1.Member`."""
    if isinstance(value, Mapping):
        parts = [_flat(f"{prefix}.{key}", member) for key, member in value.items()]
    elif isinstance(value, list):
        parts = [_flat(f"{prefix}.{number}", member) for number, member in enumerate(value, 1)]
    else:
        return {prefix: [str(value).lower() if isinstance(value, bool) else str(value)]}
    return {key: text for part in parts for key, text in part.items()}


def _find(root: ET.Element, name: str) -> str:
    return next((node.text or "" for node in root.iter() if node.tag.rpartition("}")[2] == name), "")


def call(action: str, result: str = "", **parameters: Any) -> str:
    """Run an action and return the text of the first element named `result` in its answer.

    `RefusedError` with the service's code and message when it answers with an error.
    """
    DEFAULTS.get()()
    query: dict[str, list[str]] = {}
    for name, value in parameters.items():
        query |= _flat(name, value)
    status, _headers, body = ACTIONS.get()[action](query)
    root = ET.fromstring(body)  # noqa: S314 - written by our own process
    if status >= 400:
        raise RefusedError(f"{_find(root, 'Message')} (Service: Ec2, Code: {_find(root, 'Code')})")
    return _find(root, result) if result else ""


def tag(physical_id: str, new: Properties, old: Properties | None = None) -> None:
    """Put the tags of the properties on a resource; tags from elsewhere stay."""
    TAG.get()(physical_id, new, old or {})
