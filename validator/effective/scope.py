"""The state of one evaluation: what is known, what was found wrong, what each value came from.

`Scope.value` is the evaluator's heart: it walks plain data, calls the functions of a registry on
intrinsics, and leaves out what is `AWS::NoValue`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from validator.effective.context import Context
from validator.effective.dynamic import resolve_references
from validator.effective.patterns import Steps
from validator.effective.symbols import NO_VALUE, Symbol
from validator.effective.template import LANGUAGE_EXTENSIONS, Path, Template, relocated
from validator.errors import Problem

MAX_VALUES = 400_000
"""The most values that one evaluation visits."""
MAX_TEXT = 8_000_000
"""The most characters that the functions of one evaluation produce."""
MAX_PROBLEMS = 200
"""Evaluation goes on after a problem, but no more than this many are kept."""

Function = Callable[["Scope", Any, Path, Path], Any]
"""An intrinsic: scope, argument as written, effective path, source path."""
Logic = Callable[["Scope", Any, Path], "bool | Symbol"]
"""A condition function: scope, argument as written, source path."""


class IntrinsicError(Exception):
    """The arguments of a function are wrong; becomes a problem at the function's place."""

    def __init__(self, message: str, hint: str = "", path: Path | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.path = message, hint, path


class BoundError(Exception):
    """The evaluation grew beyond its bounds and stops."""


class Origin(NamedTuple):
    """One thing that a value came from: a `parameter`, `mapping` entry, `condition` or `pseudo` parameter."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


Origins = frozenset[Origin]


_EVALUATED = frozenset({dict, list, str})
"""The types that may hold functions; numbers, and what is fixed, evaluate to themselves."""


class Scope:
    """What one evaluation knows and collects."""

    __slots__ = (
        "absent",
        "condition_origins",
        "conditions",
        "extended",
        "functions",
        "logic",
        "mappings",
        "modules",
        "moved",
        "nested",
        "origins",
        "problems",
        "pseudo",
        "resources",
        "sources",
        "steps",
        "strict",
        "template",
        "text",
        "textual",
        "trace",
        "values",
        "variables",
        "zones",
    )

    def __init__(
        self,
        template: Template,
        functions: Mapping[str, Function],
        logic: Mapping[str, Logic],
        context: Context,
    ) -> None:
        self.template, self.functions, self.logic = template, functions, logic
        self.pseudo: Mapping[str, Any] = context.pseudo_parameters()
        self.zones = context.availability_zones
        transforms = template.transforms
        self.extended = LANGUAGE_EXTENSIONS in transforms
        self.strict = all(name == LANGUAGE_EXTENSIONS for name in transforms)
        self.mappings: Mapping[str, Any] = template.section("Mappings")
        self.variables: dict[str, Any] = {}
        self.resources: Mapping[str, Any] = {}
        self.modules: frozenset[str] = frozenset()
        self.absent: set[str] = set()
        self.conditions: dict[str, bool | Symbol] = {}
        self.condition_origins: dict[str, Origins] = {}
        self.origins: dict[Path, Origins] = {}
        self.sources: dict[Path, Path] = {}
        self.moved: dict[Path, Path] = {}
        self.problems: list[Problem] = []
        self.trace: set[Origin] | None = None
        self.nested = False
        self.textual = False
        self.steps = Steps()
        self.values = 0
        self.text = 0

    def value(self, node: Any, at: Path, src: Path) -> Any:
        """Return what `node` evaluates to.

        `at` is where the value goes in the effective template, `src` where the node stands in the source.
        """
        kind = type(node)
        if kind is str:
            return resolve_references(node) if "{{resolve:" in node else node
        if kind is dict:
            if len(node) == 1:
                (name,) = node
                function = self.functions.get(name)
                if function is not None:
                    return self._call(function, name, node[name], at, src)
                if name.startswith("Fn::"):
                    return self.fail((*src, name), f"CloudFormation knows no function {name} here")
            return self._mapping(node, at, src)
        if kind is list:
            return self._list(node, at, src)
        return node

    def _call(self, function: Function, name: str, argument: Any, at: Path, src: Path) -> Any:
        outer, here = self.trace, (*src, name)
        trace: set[Origin] = set()
        self.trace = trace
        self.nested = outer is not None
        try:
            value = function(self, argument, at, here)
            if type(value) is str and "{{resolve:" in value:
                value = resolve_references(value)
        except IntrinsicError as error:
            value = self.fail(error.path or here, error.message, error.hint)
        finally:
            self.trace = outer
        if trace:
            if outer is None:
                self.origins[at] = self.origins[at] | trace if at in self.origins else frozenset(trace)
            else:
                outer |= trace
        return value

    def _mapping(self, node: dict[str, Any], at: Path, src: Path) -> dict[str, Any]:
        self.spend(len(node))
        same = at is src
        result = {}
        for key, item in node.items():
            inner = (*at, key)
            if key[:4] == "Fn::" or key == "Ref":
                value = self._beside(key, item, inner, src)
            elif type(item) not in _EVALUATED or (type(item) is str and "{{resolve:" not in item):
                value = item
            else:
                value = self.value(item, inner, inner if same else (*src, key))
            if value is not NO_VALUE:
                result[key] = value
        return result

    def _beside(self, key: str, argument: Any, at: Path, src: Path) -> Any:
        """Evaluate a function that has other keys beside it, which only Fn::Transform may."""
        if key == "Fn::Transform":
            return self._call(self.functions[key], key, argument, at, src)
        hint = "a function is the only key of its mapping"
        return self.fail((*src, key), f"{key} stands beside other keys", hint)

    def _list(self, node: list[Any], at: Path, src: Path) -> list[Any]:
        self.spend(len(node))
        same = at is src
        result: list[Any] = []
        for index, item in enumerate(node):
            inner = (*at, len(result))
            shifted = len(result) != index
            source = (*src, index) if shifted or not same else inner
            if shifted and self.trace is None:
                self.sources[inner] = source
            value = self.value(item, inner, source) if type(item) in _EVALUATED else item
            if value is not NO_VALUE:
                result.append(value)
        return result

    def spend(self, values: int) -> None:
        """Count `values` more visited values; raise `BoundError` beyond the bound."""
        self.values += values
        if self.values > MAX_VALUES:
            raise BoundError(f"the template expands to more than {MAX_VALUES} values")

    def grow(self, characters: int) -> None:
        """Count `characters` more produced characters; raise `BoundError` beyond the bound."""
        self.text += characters
        if self.text > MAX_TEXT:
            raise BoundError(f"the template's functions produce more than {MAX_TEXT} characters")

    def measure(self, value: Any) -> None:
        """Count what writing `value` out takes, before it is written."""
        queue = [value]
        while queue:
            node = queue.pop()
            if isinstance(node, str | Symbol):
                self.grow(len(node) if isinstance(node, str) else len(node.text))
            elif isinstance(node, dict):
                self.spend(len(node))
                queue += node
                queue += node.values()
            elif isinstance(node, list):
                self.spend(len(node))
                queue += node

    def note(self, kind: str, name: str) -> None:
        """Record that the value being computed came from this."""
        if self.trace is not None:
            self.trace.add(Origin(kind, name))

    def condition(self, name: Any, src: Path) -> bool | Symbol:
        """Return the value of a condition by its name, and record where it came from."""
        if type(name) is not str:
            raise IntrinsicError("a condition is named by its name as text", path=src)
        if name not in self.conditions:
            if name not in self.template.section("Conditions") and self.strict:
                error = self.unknown_condition(name)
                self.fail(src, error.message, error.hint)
            return Symbol("condition", (name,))
        if self.trace is not None:
            self.trace.add(Origin("condition", name))
        return self.conditions[name]

    def unknown_condition(self, name: str) -> IntrinsicError:
        """Return the error of a condition that is not declared."""
        hint = "declare it in Conditions, or correct the name"
        return IntrinsicError(f"no condition is named {name}", hint)

    def found(self) -> tuple[Problem, ...]:
        """Return the problems in the order of the file, no more than can be read."""
        problems = sorted(set(self.problems[:MAX_PROBLEMS]), key=lambda p: (p.line or 0, p.key, p.message))
        if len(self.problems) > MAX_PROBLEMS:
            message = f"there are more than {MAX_PROBLEMS} problems; the rest is not shown"
            problems.append(self.template.problem((), message, "mend these first"))
        return tuple(problems)

    def original(self, path: Path) -> Path:
        """Return where the node at `path` stood before loops were expanded."""
        return relocated(path, self.moved)

    def fail(self, path: Path, message: str, hint: str = "") -> Symbol:
        """Record a problem at a source path and return the symbol that stands for the missing value."""
        if len(self.problems) <= MAX_PROBLEMS:
            self.problems.append(self.template.problem(self.original(path), message, hint))
        return Symbol("invalid", (str(path[-1]) if path else "",))
