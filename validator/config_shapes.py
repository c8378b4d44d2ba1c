"""What a config file may hold, checked before Sceptre sees it: shapes, not values. Pure (REQ-P2).

Values of the settings have their own models (validator/settings); here a wrong shape (a list for a mapping, a key that
nobody reads, nothing at all) becomes a problem, where Sceptre would ignore it or fail somewhere inside.
Source: Sceptre's documentation, "Stack Config" and "Stack Group Config".
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

ONE_VALUE = "write text, a number, true or false, or a resolver such as `!setting a.b`"


def shown(value: Any) -> str:
    """Return a value as a message shows it: containers and resolvers by their kind."""
    if isinstance(value, str | int | float):
        return repr(value)
    if value is None:
        return "nothing"
    return "a mapping" if isinstance(value, dict) else "a list" if isinstance(value, list) else "this value"


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
        raise _wrong(f"{shown(value)} is no hook", "write a hook such as `!upload_package orders`")
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
