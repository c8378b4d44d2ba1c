"""What a config file may hold, checked before Sceptre sees it: shapes, not values. Pure (REQ-P2).

Values of the settings have their own models (validator/settings); here a wrong shape (a list for a mapping, a key that
nobody reads, nothing at all) becomes a problem, where Sceptre would ignore it or fail somewhere inside.
Source: Sceptre's documentation, "Stack Config" and "Stack Group Config".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

from .errors import Problem
from .settings import WORKLOADS
from .settings.base import FOLDER_VALUES
from .settings.build import HINTS
from .strict_yaml import Document

ONE_VALUE = "write text, a number, true or false, or a resolver such as `!setting a.b`"
MAPPING = ("must be a mapping", "write `key: value` lines below the key")
SHAPES = {
    "dict_type": MAPPING,
    "model_type": MAPPING,
    "list_type": ("must be a list", "write one line with a dash for each value"),
    "string_type": ("must be text", HINTS["string_type"]),
    "bool_type": ("must be true or false", HINTS["bool_type"]),
    "int_type": ("must be a whole number", HINTS["int_type"]),
}
"""Message and mend for each kind of pydantic error about a shape."""


def _wrong(message: str, hint: str) -> PydanticCustomError:
    return PydanticCustomError("shape", "{message}", {"message": message, "hint": hint})


def _value(value: Any) -> Any:
    """Accept a scalar or a resolver, which has `resolve` where a hook has not."""
    if value is None:
        raise _wrong("has no value", f"{ONE_VALUE}; `!no_value` leaves it out")
    if not isinstance(value, str | int | float) and not hasattr(value, "resolve"):
        raise _wrong("must be one value", ONE_VALUE)
    return value


def _parameter(value: Any) -> Any:
    for item in value if isinstance(value, list) else [value]:
        _value(item)
    return value


def _hook(value: Any) -> Any:
    if not hasattr(value, "run"):
        raise _wrong(f"{_shown(value)} is no hook", "write a hook such as `!upload_package orders`")
    return value


def _stack_name(value: Any) -> Any:
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", value):
        message = f"{value!r}: a stack name holds letters, digits and dashes only, and begins with a letter"
        raise _wrong(message, "choose a name of that form")
    return value


def _inside_templates(value: str) -> str:
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not value.isprintable():
        raise _wrong(f"{value!r} lies outside templates/", "name a file in templates/, relative to it")
    return value


def absent() -> Any:
    """Return the default of a key that may be left out; `null` is not leaving it out."""
    return Field(default=None)


Value = Annotated[Any, AfterValidator(_value)]
Hooks = Annotated[list[Annotated[Any, AfterValidator(_hook)]], Field(default=None)]
Inheritance = Annotated[Literal["merge", "override"], Field(default=None)]
TemplatePath = Annotated[str, AfterValidator(_inside_templates)]


class Shape(BaseModel):
    """A strict mapping with no other key than its fields; each is left out or has its shape, never null."""

    model_config = ConfigDict(extra="forbid", strict=True)


class TemplateHandler(Shape):
    """`template`: a file of templates/, the one handler that works offline and everywhere alike."""

    type: Literal["file"] = "file"
    path: TemplatePath


class HookPoints(Shape):
    """`hooks`: the points at which Sceptre runs one; at any other name it never would."""

    before_create: Hooks
    after_create: Hooks
    before_update: Hooks
    after_update: Hooks
    before_launch: Hooks
    after_launch: Hooks
    before_delete: Hooks
    after_delete: Hooks
    before_create_change_set: Hooks
    after_create_change_set: Hooks
    before_execute_change_set: Hooks
    after_execute_change_set: Hooks
    before_validate: Hooks
    after_validate: Hooks
    before_diff: Hooks
    after_diff: Hooks
    before_drift_detect: Hooks
    after_drift_detect: Hooks
    before_drift_show: Hooks
    after_drift_show: Hooks
    before_dump_config: Hooks
    after_dump_config: Hooks
    before_dump_template: Hooks
    after_dump_template: Hooks


class StackFile(Shape):
    """A stack file: everything that Sceptre reads in one."""

    template: TemplateHandler = absent()
    template_path: TemplatePath = absent()
    parameters: dict[str, Annotated[Any, AfterValidator(_parameter)]] = absent()
    parameters_inheritance: Inheritance
    stack_tags: dict[str, Value] = absent()
    stack_tags_inheritance: Inheritance
    dependencies: list[str] = absent()
    dependencies_inheritance: Inheritance
    hooks: HookPoints = absent()
    hooks_inheritance: Inheritance
    notifications: list[Value] = absent()
    notifications_inheritance: Inheritance
    sceptre_user_data: dict[str, Any] = absent()
    sceptre_user_data_inheritance: Inheritance
    stack_name: Annotated[Value, AfterValidator(_stack_name)] = absent()
    iam_role: Value = absent()
    iam_role_session_duration: int = absent()
    sceptre_role: Value = absent()
    sceptre_role_session_duration: int = absent()
    role_arn: Value = absent()
    cloudformation_service_role: Value = absent()
    profile: Value = absent()
    protect: bool = absent()
    ignore: bool = absent()
    obsolete: bool = absent()
    on_failure: Literal["DO_NOTHING", "ROLLBACK", "DELETE"] = absent()
    stack_timeout: int = absent()
    template_bucket_name: Any = None
    template_key_prefix: str = absent()
    template_key_value: str = absent()


class GroupFile(StackFile):
    """A config.yaml: what its stacks inherit, and what Lockstep adds."""

    project_code: Annotated[str, AfterValidator(_stack_name)] = absent()
    region: Value = absent()
    required_version: str = absent()
    j2_environment: dict[str, Any] = absent()
    account: Value = absent()
    settings: dict[str, Any] = absent()
    workloads: dict[str, dict[str, Any]] = absent()


def wrong_shapes(shape: type[Shape], document: Document, file: str) -> Iterator[Problem]:
    """Yield a problem for each place of a config file that is not as its shape says."""

    def at(path: tuple[str, ...], message: str, hint: str) -> Problem:
        near = path
        while near and near not in document.lines:
            near = near[:-1]
        return Problem(file, ".".join(path), message, hint, document.lines.get(near))

    if not isinstance(document.value, Mapping):
        yield at((), "the file holds no mapping", "write `key: value` lines")
        return
    try:
        shape.model_validate(document.value)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            path = tuple(str(part) for part in detail["loc"])
            yield at(path, *_words(shape, path, dict(detail)))
    else:
        for path, message, hint in _misplaced(document.value):
            yield at(path, message, hint)


def _words(shape: type[Shape], path: tuple[str, ...], detail: dict[str, Any]) -> tuple[str, str]:
    kind, given = detail["type"], _shown(detail["input"])
    if kind == "shape":
        return str(detail["ctx"]["message"]), str(detail["ctx"]["hint"])
    if kind == "missing":
        return "is missing", f"give `{path[-1]}` a value here"
    if kind == "extra_forbidden":
        below: dict[str, type[Shape]] = {"template": TemplateHandler, "hooks": HookPoints}
        known = sorted(below[path[0]].model_fields if len(path) > 1 else shape.model_fields)
        other = f"known here: {', '.join(known)}" if len(path) > 1 else "values belong under `settings`"
        return "is not a key that Sceptre or Lockstep knows", meant(path[-1], known, f"remove it; {other}")
    if detail["input"] is None and kind not in {"dict_type", "model_type", "list_type"}:
        return "has no value", "give it one, or remove the key"
    message, hint = SHAPES.get(kind, (detail["msg"].removeprefix("Input "), HINTS.get(kind, ONE_VALUE)))
    return f"{given}: {message}", hint


def _misplaced(value: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    """Yield what has its shape, but stands where nobody reads it: unknown workloads, values of the folders."""
    for name in value.get("workloads", {}):
        if name not in WORKLOADS:
            hint = meant(
                name, list(WORKLOADS), f"add its model to validator/settings; known: {', '.join(WORKLOADS)}"
            )
            yield ("workloads", name), f"{name} is no known workload", hint
    sections: dict[tuple[str, ...], Any] = {("settings",): value.get("settings", {})}
    sections |= {("workloads", name): values for name, values in value.get("workloads", {}).items()}
    for path, values in sections.items():
        for key in FOLDER_VALUES.keys() & values.keys():
            yield (*path, key), "is no setting, and would have no effect here", FOLDER_VALUES[key]


def meant(written: str, known: list[str], otherwise: str) -> str:
    """Return the mend for a name that does not exist: the name that is close, or else `otherwise`."""
    close = difflib.get_close_matches(written, known, n=1)
    return f"did you mean `{close[0]}`?" if close else otherwise


def _shown(value: Any) -> str:
    if isinstance(value, str | int | float):
        return repr(value)
    if value is None:
        return "nothing"
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "this value"
