"""What the config hierarchy says of a stack that Sceptre loaded: its settings, its files, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sceptre.exceptions import SceptreException
from sceptre.stack import Stack as SceptreStack

from validator.errors import ConfigurationError, Problem
from validator.layout import Layout
from validator.sceptre_values import settings_of
from validator.settings import WorkloadSettings, models
from validator.settings.build import validate


class ResolverError(ConfigurationError, SceptreException):  # type: ignore[misc]  # Sceptre ships no types
    """A resolver's argument is wrong. A Sceptre error too, so that plain `sceptre` prints it without a traceback."""


def wrong(stack: SceptreStack, message: str, hint: str) -> ResolverError:
    """Return the error of what a stack file holds, with its mend."""
    layout = Layout(project_root(stack).resolve())
    file = layout.shown(layout.config / f"{stack.name}.yaml")
    return ResolverError([Problem(file, "", message, hint)])


def stack_settings(stack: SceptreStack) -> WorkloadSettings:
    """Return the validated settings of a stack's environment and workload (REQ-P2).

    They are kept on the stack, since Sceptre's stacks compare by resolving everything they hold.
    """
    kept: WorkloadSettings | None = getattr(stack, "_lockstep_settings", None)
    if kept is not None:
        return kept
    environment, group, raw = settings_of(stack)
    workload = raw["workload"]
    known = models(environment)
    model = known.get(workload)
    if model is None:
        raise wrong(stack, f"{workload} is no known workload", f"known: {', '.join(known)}")
    file = f"sceptre/config/{environment}/{group}/config.yaml"
    try:
        found = validate(model, raw, lambda path: (file, ".".join(("settings", *path)), None))
    except ConfigurationError as error:
        raise ResolverError(error.problems) from None
    stack._lockstep_settings = found
    return found


def project_root(stack: SceptreStack) -> Path:
    """Return the repository's root: Sceptre's project folder is `sceptre/` in it."""
    return Path(stack.config["project_path"]).parent


def value_at(
    stack: SceptreStack, settings: WorkloadSettings, written: str, path: str
) -> str | list[str] | None:
    """Return the value at a path of settings; raises ResolverError where there is none, or more than one."""
    value: Any = settings
    for part in path.split("."):
        if part.startswith("_") or (not hasattr(type(value), part) and part not in _fields(value)):
            known = ", ".join(sorted(_fields(value))) or "none"
            raise wrong(stack, f"{written}: there is no `{part}`", f"known here: {known}")
        value = getattr(value, part)
    if hasattr(type(value), "model_fields") or callable(value):
        raise wrong(stack, f"{written}: is a group of values", "name one value in it")
    return _text(value)


def _fields(value: Any) -> Mapping[str, Any]:
    return getattr(type(value), "model_fields", {})


def _text(value: Any) -> str | list[str] | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    return None if value is None else str(value)
