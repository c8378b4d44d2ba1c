"""Jinja in a sandbox that reaches nothing outside and that ends: bounded work, no file. Pure (REQ-V1, X2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from types import BuiltinMethodType
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext, markup_join, str_join
from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedFormatter

from .jinja_bounds import (
    WIDTH,
    TooMuchError,
    charge,
    counted,
    formatted,
    joined,
    measured,
    operated,
    padded,
    replaced,
)

LEFT_OUT = frozenset({"random", "urlize"})
"""Filters that are not there: one is not the same twice, the other makes more than can be foreseen."""
MARKS = 5_000
"""Expressions and statements in one file: more take minutes to compile."""
EXTENSIONS = frozenset({"jinja2.ext.do", "jinja2.ext.loopcontrols"})
"""Jinja's own extensions, which run nothing but what stands in the file."""
_MARK = re.compile(r"\{[{%]")


class _Generator(CodeGenerator):
    """Writes code that measures what literals and `~` make."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - as Jinja names it
        self.write("environment.concatenated((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:  # noqa: N802 - as Jinja names it
        self._measured(super().visit_List, node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:  # noqa: N802 - as Jinja names it
        self._measured(super().visit_Dict, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:  # noqa: N802 - as Jinja names it
        if node.ctx == "load":
            self._measured(super().visit_Tuple, node, frame)
        else:
            super().visit_Tuple(node, frame)

    def _measured(self, visit: Callable[[Any, Frame], None], node: nodes.Node, frame: Frame) -> None:
        self.write("environment.measured(")
        visit(node, frame)
        self.write(")")


class _Formatter(SandboxedFormatter):
    """`str.format` with bounded widths."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if any(len(digits) > 9 or int(digits) > WIDTH for digits in re.findall(r"\d+", format_spec)):
            raise TooMuchError(f"formats with a width of {format_spec[:20]}; {WIDTH} is the most")
        return str(super().format_field(measured(value), format_spec))


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's own sandbox, with a budget. Nothing is folded while compiling, so that all work is counted."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})
    code_generator_class = _Generator
    measured = staticmethod(measured)

    def __init__(self, **options: Any) -> None:
        super().__init__(
            undefined=jinja2.StrictUndefined, finalize=_finalized, optimized=False, cache_size=0, **options
        )
        self.globals.pop("lipsum")
        self.filters = {
            name: _bounded(name, found) for name, found in FILTERS.items() if name not in LEFT_OUT
        }
        self.filters["counted"] = counted

    @staticmethod
    def concat(parts: Any) -> str:
        """Join what a block or macro put out."""
        return "".join(joined(parts))

    @staticmethod
    def concatenated(parts: tuple[Any, ...]) -> str:
        """Join the operands of `~`."""
        found = joined(parts)
        return markup_join(found) if any(hasattr(part, "__html__") for part in found) else str_join(found)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if len(_MARK.findall(source)) > MARKS:
            raise TooMuchError(f"has more than {MARKS} expressions")
        tree = super()._parse(source, name, filename)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, "counted", [], [], None, None, lineno=loop.lineno)
            loop.iter.set_environment(self)
        return tree

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Run an operator where its result fits."""
        operated(operator, left, right)
        return measured(super().call_binop(context, operator, left, right))

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """Return what stands for `str.format`, with bounded widths."""
        if super().wrap_str_format(value) is None:
            return None
        text, mapped = value.__self__, value.__name__ == "format_map"

        def format_text(*args: Any, **kwargs: Any) -> str:
            given = args[0] if mapped else kwargs
            return str(_Formatter(self).vformat(text, () if mapped else args, given))

        return format_text

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja has it
        """Call what is safe to call where its result fits."""
        charge(10)
        if isinstance(__obj, LoopContext):
            args = tuple(counted(items) for items in args)
        elif isinstance(__obj, BuiltinMethodType):
            args = _checked(__obj, args)
        return measured(super().call(__context, __obj, *args, **kwargs))


def _checked(method: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of a method of a value, where its result fits; numbers and bytes have none to call."""
    owner, name = method.__self__, method.__name__
    if isinstance(owner, int | float | bytes) or (isinstance(owner, str) and name in {"encode", "translate"}):
        raise SecurityError(f"the method {name} is not available")
    if not isinstance(owner, str) or not args:
        return args
    if name in {"center", "ljust", "rjust", "zfill", "expandtabs"}:
        padded(args[0])
    elif name == "replace" and len(args) > 1:
        replaced(owner, args[0], args[1])
    elif name == "join":
        return (joined(args[0], owner),)
    return args


@jinja2.pass_context
def _finalized(context: Context, value: Any) -> Any:
    """Measure a value that is put out."""
    return measured(value)


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that charges for its work, and makes nothing too large."""
    first = 1 if hasattr(function, "jinja_pass_arg") else 0

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        value, *rest = args[first:]
        charge(1 + _length(value) // 10)
        value = _before(name, value, rest, kwargs)
        return measured(function(*args[:first], value, *rest, **kwargs))

    return run


def _length(value: Any) -> int:
    """Return how many parts a value has; a name that is not defined has none, and `default` may stand in for it."""
    return len(value) if hasattr(value, "__len__") and not isinstance(value, jinja2.Undefined) else 0


def _before(name: str, value: Any, rest: list[Any], kwargs: Mapping[str, Any]) -> Any:
    """Return a filter's value, where what the filter makes of it fits."""
    given = [*rest, *kwargs.values()]
    if name in {"center", "indent", "tojson", "batch", "slice", "wordwrap"}:
        for one in given:
            padded(one)
            if isinstance(one, str) and isinstance(value, str):
                replaced(value, "\n" if name == "indent" else "", one)
    elif name == "replace" and len(given) > 1:
        replaced(str(measured(value)), given[0], given[1])
    elif name == "format":
        formatted(str(value))
    elif name == "join":
        return joined(value, given[0] if given else "")
    elif name == "sum" and any(not isinstance(one, int | float | str) for one in given):
        raise SecurityError("sum adds numbers")
    return measured(value)


@lru_cache(maxsize=32)
def _sandbox(kind: str, options: tuple[tuple[str, Any], ...]) -> Sandbox:
    """Return the sandbox for files that end in `kind`, with options of Jinja."""
    escape = jinja2.select_autoescape(disabled_extensions=(kind,), default=True) if kind else False
    given: dict[str, Any] = {"autoescape": escape, **dict(options)}
    return Sandbox(**given)


def sandbox(kind: str = "", options: Mapping[str, Any] | None = None) -> Sandbox:
    """Return a sandbox that escapes nothing, or, with a `kind`, what Sceptre would: files that do not end in it."""
    found = {
        key: tuple(value) if isinstance(value, list) else value for key, value in (options or {}).items()
    }
    return _sandbox(kind, tuple(sorted(found.items())))


@lru_cache(maxsize=512)
def compiled(environment: Sandbox, text: str, name: str | None) -> jinja2.Template:
    """Return a template, compiled once for all who have the same text."""
    code = environment.compile(text, name, name)
    return environment.template_class.from_code(environment, code, environment.make_globals(None))
