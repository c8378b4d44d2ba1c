"""What CreateStackSet and UpdateStackSet refuse of a template: form, capabilities, parameters without a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yaml import YAMLError

from sandbox.extension.names import Name
from sandbox.stack_sets.records import RefusedError

PARSE = Name("services.cloudformation.engine", "_parse_template")
CHECK = Name.function(
    "services.cloudformation.handlers", "_check_capabilities", "sent", "template", "params", "macros"
)
RESOLVE = Name.function("services.cloudformation.helpers", "_resolve_template", "params")
NAMES = (PARSE, CHECK, RESOLVE)


def given(request: Mapping[str, Any]) -> str:
    """Return the text of TemplateBody or TemplateURL, empty when there is neither; `RefusedError` when not found."""
    names = [name for name in ("TemplateBody", "TemplateURL") if name in request]
    body, error = RESOLVE.get()({name: [request[name]] for name in names})
    if error:
        raise RefusedError("ValidationError", message_of(error))
    return body or ""


def message_of(answer: tuple[int, Any, bytes]) -> str:
    """Return the message of an error that CloudFormation answered."""
    text = answer[2].decode()
    return text.partition("<Message>")[2].partition("</Message>")[0] or text


def check(text: str, parameters: Mapping[str, str], capabilities: Sequence[str]) -> None:
    """Raise `RefusedError` for a template that no instance could be made of."""
    try:
        template = PARSE.get()(text)
        declared = template.get("Parameters") or {}
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        YAMLError,
    ) as error:
        raise RefusedError("ValidationError", f"Template format error: {error}") from None
    asked = {f"Capabilities.member.{number}": [one] for number, one in enumerate(capabilities, 1)}
    if lacking := CHECK.get()(template, template, asked):
        raise RefusedError("InsufficientCapabilitiesException", message_of(lacking))
    if unknown := sorted(set(parameters) - set(declared)):
        raise RefusedError(
            "ValidationError", f"Parameters: [{', '.join(unknown)}] do not exist in the template"
        )
    missing = [name for name, one in declared.items() if "Default" not in one and name not in parameters]
    if missing:
        raise RefusedError("ValidationError", f"Parameters: [{', '.join(missing)}] must have values")
