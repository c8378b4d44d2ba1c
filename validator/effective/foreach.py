"""Fn::ForEach: copies a fragment once for each item of a collection, before anything else is evaluated.

Identifiers are replaced wherever the fragment names them: `${Name}` in keys and strings, `&{Name}` for the
letters and digits alone, and `Ref`. Sources: AWS CloudFormation Template Reference, "Fn::ForEach" and
"Fn::ForEach examples"; aws-cloudformation/cfn-language-discussion, RFC 0009.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from validator.effective.intrinsics.arguments import need_extensions, text
from validator.effective.scope import MAX_TEXT, IntrinsicError, Origin, Origins, Scope
from validator.effective.symbols import Symbol
from validator.effective.template import Path

PREFIX = "Fn::ForEach::"
MAX_NESTING = 5
"""How deep loops may nest."""
_PLACE = re.compile(r"([$&])\{\s*([A-Za-z0-9]+)\s*\}")
_NOT_ALPHANUMERIC = re.compile(r"[^A-Za-z0-9]+")


def expand(scope: Scope, section: str) -> Any:
    """Return a section with its loops expanded; `scope.moved` then tells where each copy came from."""
    node = scope.template.section(section)
    return _Expansion(scope).copy(node, (section,), (section,)) if scope.template.looped else node


class _Expansion:
    """One pass over a section; `names` are the identifiers of the loops that are open."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.names: Mapping[str, str] = {}
        self.looped = scope.template.looped
        self.loops = 0

    def copy(self, node: Any, at: Path, src: Path) -> Any:
        """Return `node` with identifiers replaced and the loops inside it expanded."""
        if not self.names and src not in self.looped:
            return node
        if isinstance(node, dict):
            if self.names and len(node) == 1:
                (key,) = node
                if key == "Ref" and isinstance(node[key], str) and node[key] in self.names:
                    return self.names[node[key]]
                if key == "Fn::Sub" and isinstance(node[key], list):
                    return {key: self._substituted(node[key], (*at, key), (*src, key))}
            return self._mapping(node, at, src)
        if isinstance(node, list):
            self.scope.spend(len(node))
            return [self.copy(item, (*at, index), (*src, index)) for index, item in enumerate(node)]
        return self._filled(node, self.names) if isinstance(node, str) else node

    def _mapping(self, node: Mapping[str, Any], at: Path, src: Path) -> dict[str, Any]:
        self.scope.spend(len(node))
        result: dict[str, Any] = {}
        for key, item in node.items():
            here = (*src, key)
            try:
                if key.startswith(PREFIX):
                    self._loop(key, item, result, at, here)
                    continue
                name = self._filled(key, self.names)
                if name in result:
                    raise _twice(name)
                if name != key:
                    self.scope.moved[(*at, name)] = here
                result[name] = self.copy(item, (*at, name), here)
            except IntrinsicError as error:
                self.scope.fail(error.path or here, error.message, error.hint)
        return result

    def _loop(self, name: str, body: Any, result: dict[str, Any], at: Path, src: Path) -> None:
        """Expand one loop into `result`, the mapping that the loop stands in."""
        identifiers, listed, fragment = self._parts(name, body)
        rounds, origins = self._rounds(identifiers, listed, at, (*src, 1))
        outer = self.names
        self.loops += 1
        try:
            for values in rounds:
                self.names = {**outer, **dict(zip(identifiers, values, strict=True))}
                for key, value in self._mapping(fragment, at, (*src, 2)).items():
                    self._merge(result, key, value, at)
                    self._came(key, at, (*src, 2, key), origins)
        finally:
            self.names = outer
            self.loops -= 1

    def _merge(self, result: dict[str, Any], key: str, value: Any, at: Path) -> None:
        if key in result:
            raise _twice(key)
        if len(at) == 1 and _NOT_ALPHANUMERIC.search(key):
            hint = "name the identifier as &{...} to keep its letters and digits alone"
            raise IntrinsicError(f"the name {key} must be of letters and digits", hint)
        result[key] = value

    def _parts(self, name: str, body: Any) -> tuple[list[str], Any, dict[str, Any]]:
        """Return a loop's identifiers (several for a collection of lists), its collection and fragment."""
        need_extensions(self.scope, "Fn::ForEach")
        if self.loops >= MAX_NESTING:
            raise IntrinsicError(f"Fn::ForEach nests deeper than {MAX_NESTING} loops")
        if not isinstance(body, list) or len(body) != 3 or not isinstance(body[2], dict):
            raise IntrinsicError("Fn::ForEach takes an identifier, a collection and a mapping to copy")
        identifiers = body[0] if isinstance(body[0], list) else [body[0]]
        if not identifiers or not all(isinstance(part, str) and part for part in identifiers):
            raise IntrinsicError("the identifier of Fn::ForEach is a name or a list of names")
        for taken in (name.removeprefix(PREFIX), *identifiers):
            if taken in self.scope.variables or taken in self.names:
                raise IntrinsicError(f"the name {taken} is taken already", "choose a name of its own")
        return identifiers, body[1], body[2]

    def _came(self, key: str, at: Path, src: Path, origins: Origins) -> None:
        """Record where the copy at `key` came from, unless a loop inside this one knew better."""
        inner = (*at, key)
        self.scope.moved.setdefault(inner, src)
        if origins:
            self.scope.origins[inner] = self.scope.origins.get(inner, frozenset()) | origins

    def _rounds(
        self, identifiers: list[str], listed: Any, at: Path, src: Path
    ) -> tuple[list[list[str]], Origins]:
        """Return the values of each round, and what the collection came from."""
        scope = self.scope
        trace: set[Origin] = set()
        outer, scope.trace = scope.trace, trace
        try:
            value = scope.value(self.copy(listed, at, src), at, src)
        finally:
            scope.trace = outer
        if isinstance(value, Symbol):
            raise _unknown(src)
        if not isinstance(value, list):
            raise IntrinsicError("the collection of Fn::ForEach must be a list", path=src)
        rounds = [item if len(identifiers) > 1 else [item] for item in value]
        if any(not isinstance(values, list) or len(values) != len(identifiers) for values in rounds):
            raise IntrinsicError("each item of the collection needs a value for each identifier", path=src)
        return [[_word(item, src) for item in values] for values in rounds], frozenset(trace)

    def _substituted(self, argument: list[Any], at: Path, src: Path) -> Any:
        """Return the list form of `Fn::Sub`; its own variables come before the loops' identifiers."""
        if len(argument) != 2 or not isinstance(argument[0], str):
            return self.copy(argument, at, src)
        own = argument[1] if isinstance(argument[1], dict) else {}
        names = {name: item for name, item in self.names.items() if name not in own}
        return [self._filled(argument[0], names), self.copy(argument[1], (*at, 1), (*src, 1))]

    def _filled(self, written: str, names: Mapping[str, str]) -> str:
        """Return `written` with the identifiers in it replaced."""
        if names and "{" in written:
            longest = max(len(value) for value in names.values())
            if len(written) + written.count("{") * longest > MAX_TEXT:
                self.scope.grow(MAX_TEXT)
            written = _PLACE.sub(lambda match: _item(match, names), written)
        self.scope.grow(len(written))
        return written


def _item(match: re.Match[str], names: Mapping[str, str]) -> str:
    value = names.get(match[2])
    if value is None:
        return match[0]
    return value if match[1] == "$" else _NOT_ALPHANUMERIC.sub("", value)


def _word(item: Any, src: Path) -> str:
    word = text(item, "an item of the collection")
    if isinstance(word, Symbol):
        raise _unknown(src)
    return word


def _unknown(src: Path) -> IntrinsicError:
    hint = "loop over a list that is written down, or a parameter"
    return IntrinsicError("the collection of Fn::ForEach is known only once deployed", hint, src)


def _twice(key: str) -> IntrinsicError:
    hint = "use the identifiers in the key, and values that differ in it"
    return IntrinsicError(f"the key {key} comes out twice", hint)
