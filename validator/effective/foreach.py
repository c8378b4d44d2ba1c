"""Fn::ForEach: copies a fragment once for each item of a collection, before anything else is evaluated.

Identifiers are replaced in keys (`${Name}`, or `&{Name}` for the letters and digits alone), in `Ref` and
in `Fn::Sub`. Sources: AWS CloudFormation Template Reference, "Fn::ForEach"; "Fn::ForEach examples";
aws-cloudformation/cfn-language-discussion, RFC 0009.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from validator.effective.intrinsics.arguments import need_extensions, text
from validator.effective.scope import IntrinsicError, Origin, Origins, Scope
from validator.effective.symbols import Symbol
from validator.effective.template import Path

PREFIX = "Fn::ForEach::"
MAX_NESTING = 6
"""How deep loops may nest: up to 5 within a parent loop (RFC 0009)."""
_PLACE = re.compile(r"([$&])\{\s*([A-Za-z0-9]+)\s*\}")
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]+")


def expand(scope: Scope, node: Any, path: Path) -> Any:
    """Return `node` with its loops expanded; `scope.moved` then tells where each copy came from."""
    return _Expansion(scope).copy(node, path, path) if scope.template.has_loops else node


class _Expansion:
    """One pass over a section; `names` are the identifiers of the loops that are open."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.names: Mapping[str, str] = {}

    def copy(self, node: Any, at: Path, src: Path) -> Any:
        """Return a copy of `node` with identifiers replaced and the loops inside it expanded."""
        if isinstance(node, dict):
            if self.names and len(node) == 1:
                (key,) = node
                if key == "Ref" and isinstance(node[key], str) and node[key] in self.names:
                    return self.names[node[key]]
                if key == "Fn::Sub":
                    return {key: self._substituted(node[key], (*at, key), (*src, key))}
            return self._mapping(node, at, src)
        if isinstance(node, list):
            self.scope.spend(len(node))
            return [self.copy(item, (*at, index), (*src, index)) for index, item in enumerate(node)]
        return node

    def _mapping(self, node: Mapping[str, Any], at: Path, src: Path) -> dict[str, Any]:
        self.scope.spend(len(node))
        result: dict[str, Any] = {}
        for key, item in node.items():
            here = (*src, key)
            try:
                if key.startswith(PREFIX):
                    self._loop(item, result, at, here)
                    continue
                name = _filled(key, self.names)
                if name in result:
                    raise _twice(name)
                if name != key:
                    self.scope.moved[(*at, name)] = here
                result[name] = self.copy(item, (*at, name), here)
            except IntrinsicError as error:
                self.scope.fail(error.path or here, error.message, error.hint)
        return result

    def _loop(self, body: Any, result: dict[str, Any], at: Path, src: Path) -> None:
        """Expand one loop into `result`, the mapping that the loop stands in."""
        identifier, listed, fragment = self._parts(body)
        collection, origins = self._collection(listed, at, (*src, 1))
        outer = self.names
        try:
            for item in collection:
                self.names = {**outer, identifier: item}
                for key, value in self._mapping(fragment, at, (*src, 2)).items():
                    if key in result:
                        raise _twice(key)
                    result[key] = value
                    self._came(key, at, (*src, 2, key), origins)
        finally:
            self.names = outer

    def _parts(self, body: Any) -> tuple[str, Any, dict[str, Any]]:
        need_extensions(self.scope, "Fn::ForEach")
        if len(self.names) >= MAX_NESTING:
            raise IntrinsicError(f"Fn::ForEach nests deeper than {MAX_NESTING} loops")
        shape = [type(part) for part in body] if isinstance(body, list) else []
        if len(shape) != 3 or shape[0] is not str or shape[2] is not dict:
            raise IntrinsicError("Fn::ForEach takes an identifier, a collection and a mapping to copy")
        identifier = body[0]
        if identifier in self.names or identifier in self.scope.variables:
            raise IntrinsicError(f"the identifier {identifier} is taken already", "choose a name of its own")
        return identifier, body[1], body[2]

    def _came(self, key: str, at: Path, src: Path, origins: Origins) -> None:
        """Record where the copy at `key` came from, unless a loop inside this one knew better."""
        inner = (*at, key)
        self.scope.moved.setdefault(inner, src)
        if origins:
            self.scope.origins[inner] = self.scope.origins.get(inner, frozenset()) | origins

    def _collection(self, listed: Any, at: Path, src: Path) -> tuple[list[str], Origins]:
        """Return a loop's items and what they came from; raise when only deployment can tell them."""
        scope = self.scope
        trace: set[Origin] = set()
        outer, scope.trace = scope.trace, trace
        try:
            value = scope.value(self.copy(listed, at, src), at, src)
        finally:
            scope.trace = outer
        words = [text(item, "an item of the collection") for item in value] if isinstance(value, list) else []
        if isinstance(value, Symbol) or any(isinstance(word, Symbol) for word in words):
            raise IntrinsicError("the collection of Fn::ForEach is known only once deployed", path=src)
        if not isinstance(value, list):
            raise IntrinsicError("the collection of Fn::ForEach must be a list", path=src)
        return [str(word) for word in words], frozenset(trace)

    def _substituted(self, argument: Any, at: Path, src: Path) -> Any:
        """Return the argument of `Fn::Sub`; its own variables come before the loops' identifiers."""
        if isinstance(argument, str):
            return _filled(argument, self.names)
        if isinstance(argument, list) and len(argument) == 2 and isinstance(argument[0], str):
            own = argument[1] if isinstance(argument[1], dict) else {}
            names = {name: item for name, item in self.names.items() if name not in own}
            return [_filled(argument[0], names), self.copy(argument[1], (*at, 1), (*src, 1))]
        return argument


def _twice(key: str) -> IntrinsicError:
    hint = "use the identifiers in the key, and values that differ in it"
    return IntrinsicError(f"the key {key} comes out twice", hint)


def _filled(written: str, names: Mapping[str, str]) -> str:
    """Return `written` with the identifiers in it replaced."""
    if not names or "{" not in written:
        return written

    def item(match: re.Match[str]) -> str:
        value = names.get(match[2])
        if value is None:
            return match[0]
        return value if match[1] == "$" else _NOT_ALPHANUMERIC.sub("", value)

    return _PLACE.sub(item, written)
