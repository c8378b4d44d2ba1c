"""`lockstep.yaml`: what a project that was not born here says of itself, typed. Pure; docs/other-projects.md."""

from __future__ import annotations

import difflib
import json
import re
import string
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
)

from ..errors import ConfigurationError, Problem
from ..strict_yaml import Document, parse

FILE = "lockstep.yaml"
FORM = "see docs/other-projects.md for the keys of this file"
NAMED = ("environment", "workload", "region", "account", "stack")
"""What a pattern of names may name, in braces."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def check_environment(name: str, folder: str) -> None:
    """Raise ValueError for an environment's name or folder that cannot be one."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of an environment: write letters, digits, `-`, `_` and `.`")
    parts = folder.split("/")
    if any(part in {"", ".", ".."} or ("*" in part and part != "*") for part in parts) or parts[-1] == "*":
        raise ValueError(f"{folder!r} is no folder below config: write one such as `dev` or `*/dev`")


def _environments(value: Any) -> Any:
    """Take a list of folders as a mapping: each is called by its last part."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        names = [item.strip("/").rpartition("/")[2] for item in value]
        if len(set(names)) < len(names):
            raise ValueError("names an environment twice: give a mapping of names to folders")
        return dict(zip(names, value, strict=True))
    return value


def _folders(value: dict[str, str]) -> dict[str, str]:
    found = {name: folder.strip("/") for name, folder in value.items()}
    for name, folder in found.items():
        check_environment(name, folder)
    return found


def _pattern(value: str) -> str:
    try:
        fields = [field for _, field, _, _ in string.Formatter().parse(value) if field is not None]
    except ValueError as error:
        raise ValueError(f"is no pattern: {error}") from None
    for field in fields:
        if field not in NAMED:
            raise ValueError(f"names {{{field}}}; known are {', '.join(f'{{{name}}}' for name in NAMED)}")
    return value


_TEXTS = {"type": "array", "items": {"type": "string"}}
_MAPPING = {"type": "object", "additionalProperties": {"type": "string"}}
Environments = Annotated[
    dict[str, str],
    BeforeValidator(_environments),
    AfterValidator(_folders),
    WithJsonSchema({"anyOf": [_MAPPING, _TEXTS]}),
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Identity(_Model):
    """What tells environments apart by intent, and is never compared."""

    parameters: list[str] = Field(
        default=[], description="Parameters whose whole value names the environment."
    )


class Checks(_Model):
    """Which checks run."""

    without: list[str] = Field(
        default=[], description="Ids of checks that do not run; docs/checks.md lists them."
    )


class Description(_Model):
    """The whole file; every key may be left out."""

    sceptre: str = Field(default="", description="The folder that holds `config` and `templates`.")
    environments: Environments | None = Field(
        default=None,
        description="Environments in the order of promotion, each with its folder below `config`; `*` is one folder.",
    )
    variables: dict[str, Any] = Field(default={}, description="What `{{ var.x }}` stands for.")
    tags: list[str] = Field(default=[], description="Tags that every stack has to have.")
    naming: Annotated[str, AfterValidator(_pattern)] = Field(
        default="", description="The pattern of resource names, such as `{environment}-{workload}-*`."
    )
    identity: Identity = Identity()
    checks: Checks = Checks()


def read_description(text: str, known_checks: tuple[str, ...]) -> tuple[Description, Document]:
    """Return what the text of a lockstep.yaml says, and its positions.

    Raises ConfigurationError with a problem for each key that is unknown and each value that is wrong.
    """
    document = parse(text, FILE)
    if document.value is not None and not isinstance(document.value, Mapping):
        raise ConfigurationError.single("the file holds no mapping", file=FILE, hint=FORM, line=1)
    try:
        found = Description.model_validate(document.value or {})
    except ValidationError as error:
        raise ConfigurationError(
            _problem(dict(detail), document) for detail in error.errors(include_url=False)
        ) from None
    unknown = [
        _at(document, ("checks", "without", str(index)), f"{name} is no check", _meant(name, known_checks))
        for index, name in enumerate(found.checks.without)
        if name not in known_checks
    ]
    if unknown:
        raise ConfigurationError(unknown)
    return found, document


def _problem(detail: dict[str, Any], document: Document) -> Problem:
    path = tuple(map(str, detail["loc"]))
    if detail["type"] == "extra_forbidden":
        sections: dict[str, type[_Model]] = {"identity": Identity, "checks": Checks}
        below = sections.get(path[0], Description) if len(path) > 1 else Description
        known = tuple(below.model_fields)
        return _at(document, path, "is not a key of this file", _meant(path[-1], known))
    message = str(detail["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    return _at(document, path, message, FORM)


def _meant(written: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(written, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known are {', '.join(sorted(known))}"


def _at(document: Document, path: tuple[str, ...], message: str, hint: str) -> Problem:
    near = path
    while near and near not in document.lines:
        near = near[:-1]
    return Problem(FILE, ".".join(path), message, hint, document.lines.get(near))


def schema() -> str:
    """Return the JSON schema of lockstep.yaml, which editors check it by while it is written."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Description.model_json_schema()}
    return json.dumps(document, indent=2) + "\n"
