"""Jinja of config files, in a sandbox that sees no file and no environment variable. Pure (REQ-V1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .errors import ConfigurationError, Problem

DEFINE = "define the name in a config.yaml above, or correct it; environment variables are not read"
CORRECT = "correct the expression, or write the value itself"


def expand(text: str, file: str, variables: Mapping[str, Any]) -> str:
    """Return `text` with its Jinja expanded; raises ConfigurationError for whatever an expression does wrong."""
    if not any(mark in text for mark in ("{{", "{%", "{#")):
        return text
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, loader=jinja2.DictLoader({})
    )
    try:
        return environment.from_string(text).render({**variables, "environment_variable": _NoEnvironment()})
    except Exception as error:  # noqa: BLE001 - an expression can raise anything: ZeroDivisionError, a filter's TypeError
        line = getattr(error, "lineno", None) or _line(error)
        message = f"Jinja: {_words(error)}"
        hint = DEFINE if isinstance(error, jinja2.UndefinedError) else CORRECT
        raise ConfigurationError([Problem(file, _undefined_name(error), message, hint, line)]) from None


class _NoEnvironment:
    """Stands for the environment in Jinja: a project is loaded the same on every machine (REQ-V1)."""

    def __getitem__(self, name: str) -> str:
        raise jinja2.UndefinedError(f"the environment variable '{name}' is not read")


def _words(error: Exception) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        return f"'{error.name}' is not read; a config file includes no other"
    return str(getattr(error, "message", None) or error or type(error).__name__)


def _line(error: BaseException) -> int | None:
    trace, line = error.__traceback__, None
    while trace:
        if trace.tb_frame.f_code.co_filename in {"<template>", "<unknown>"}:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _undefined_name(error: Exception) -> str:
    words = str(error).split("'")
    return words[1] if isinstance(error, jinja2.UndefinedError) and len(words) > 2 else ""
