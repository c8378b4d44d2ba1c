"""Jinja of config files, in a sandbox that sees no file and no environment variable. Pure (REQ-V1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from typing import Any

import jinja2

from .errors import ConfigurationError, Problem
from .jinja_bounds import LARGEST, TooMuchError, budget, charge, fits
from .jinja_sandbox import Sandbox, compiled, sandbox

DEFINE = "define the name in a config.yaml above, or correct it; environment variables are not read"
CORRECT = "correct the expression, or write the value itself"
SHORTER = "write the values themselves, or fewer of them"

Include = Callable[[str], str | None]
"""Gives the text of another file by the name that an expression gives; None where it is not read."""
_PLAIN = re.compile(r"\{\{ *([A-Za-z]\w*)(?:\.([A-Za-z]\w*))? *\}\}")
_WORDS = frozenset(
    {
        "and",
        "caller",
        "else",
        "false",
        "if",
        "in",
        "is",
        "kwargs",
        "loop",
        "none",
        "not",
        "or",
        "self",
        "super",
    }
    | {"true", "varargs"}
)
"""Names that mean something of their own to Jinja."""
_QUOTED = re.compile(r"""(['"])(.*?)\1""")
_INCLUDE: ContextVar[Include] = ContextVar("include")


def expand(
    text: str,
    file: str,
    variables: Mapping[str, Any],
    *,
    include: Include | None = None,
    environment: Sandbox | None = None,
) -> str:
    """Return `text` with its Jinja expanded; `include` gives what it includes, `environment` is another sandbox.

    Raises ConfigurationError for whatever an expression does wrong, and for one that works or makes too much.
    """
    if "{{" not in text and "{%" not in text and "{#" not in text and environment is None:
        return text
    if environment is None:
        simple = _plain(text, variables)
        if simple is not None:
            return simple
    used = environment or sandbox()
    token = _INCLUDE.set(include or (lambda name: None))
    try:
        with budget():
            fits(len(text))
            used.loader = _LOADER
            given = {**variables, "environment_variable": _NoEnvironment()}
            return _whole(compiled(used, text, file), given)
    except Exception as error:  # noqa: BLE001 - an expression can raise anything: ZeroDivisionError, a filter's TypeError
        raise ConfigurationError([_problem(error, file, included=include is not None)]) from None
    finally:
        _INCLUDE.reset(token)


def moves_lines(text: str, expanded: str, marks: Iterable[str] = ("{%",)) -> bool:
    """Tell whether lines of the expanded text may be others than those of the file: `marks` begin its blocks."""
    if expanded is text:
        return False
    lines = (len(one.rstrip().splitlines()) for one in (text, expanded))
    return any(mark in text for mark in marks) or len(set(lines)) > 1


def _problem(error: Exception, file: str, *, included: bool) -> Problem:
    own = getattr(error, "name", None) in {None, file}  # A file that is included counts its own lines.
    line = (own and getattr(error, "lineno", None)) or _line(error, file)
    hint = DEFINE if isinstance(error, jinja2.UndefinedError) else CORRECT
    hint = SHORTER if isinstance(error, TooMuchError | TimeoutError) else hint
    return Problem(file, _undefined_name(error), f"Jinja: {_words(error, included=included)}", hint, line)


def _whole(template: jinja2.Template, variables: Mapping[str, Any]) -> str:
    """Return what a template puts out, stopped where it is too much."""
    pieces: list[str] = []
    length = 0
    for piece in template.generate(variables):
        length += len(piece)
        if length > LARGEST:
            raise TooMuchError(f"puts out more than {LARGEST} characters")
        pieces.append(piece)
    return "".join(pieces)


def _plain(text: str, variables: Mapping[str, Any]) -> str | None:
    """Return `text` expanded where it holds nothing but names of texts and numbers, as most files do; else None.

    Compiling costs a hundred times as much. What it gives is what Jinja would give.
    """
    if "{%" in text or "{#" in text or "{{{" in text or text.count("{{") != len(_PLAIN.findall(text)):
        return None
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        one: Any = variables.get(found[1])
        if found[2] is not None:
            one = one.get(found[2]) if type(one) is dict and not hasattr(dict, found[2]) else None
        if type(one) not in {str, int, float, bool} or found[1].lower() in _WORDS:
            missing = True
            return ""
        return str(one)

    # Ends of lines as Jinja has them, which drops the last one.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removesuffix("\n")
    expanded = _PLAIN.sub(value, lines)
    return None if missing or len(expanded) > LARGEST else expanded


class _NoEnvironment:
    """Stands for the environment in Jinja: a project is loaded the same on every machine (REQ-V1)."""

    def __getitem__(self, name: str) -> str:
        raise jinja2.UndefinedError(f"the environment variable '{name}' is not read")

    __getattr__ = __getitem__

    def get(self, name: str, default: object = None) -> str:
        """Refuse a variable, one with a default too: it would be there on one machine and not on the other."""
        return self[name]


def _load(name: str) -> str | None:
    charge(1000)
    return _INCLUDE.get()(name)


_LOADER = jinja2.FunctionLoader(_load)


def _words(error: Exception, *, included: bool) -> str:
    if isinstance(error, jinja2.TemplateNotFound):
        reason = "no such file in this folder" if included else "a config file includes no other"
        return f"'{error.name}' is not read; {reason}"
    return str(getattr(error, "message", None) or error or type(error).__name__)


def _line(error: BaseException, file: str) -> int | None:
    trace, line = error.__traceback__, None
    while trace:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _undefined_name(error: Exception) -> str:
    """Return the name that is not defined: the last in quotes, as in "'dict object' has no attribute 'region'"."""
    found = _QUOTED.findall(str(error)) if isinstance(error, jinja2.UndefinedError) else []
    return str(found[-1][1]) if found else ""
