"""The syntax of regular expressions, as much of it as `patterns` can match."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import dataclass

MAX_PATTERN = 2_000
"""The longest pattern that is read, in characters."""
MAX_GROUPS = 40
"""How deep groups may nest."""


class UnsupportedError(Exception):
    """The pattern is malformed, or uses what this module does not cover."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a pattern.

    `kind` is test, sequence, either, repeat, begin, end, ahead or not_ahead.
    """

    kind: str
    parts: tuple[Node, ...] = ()
    test: Callable[[str], bool] | None = None
    least: int = 0
    most: int | None = None


_WORD = frozenset(string.ascii_letters + string.digits + "_")
_SPACE = frozenset(" \t\n\x0b\f\r")
_SETS = {"d": frozenset(string.digits), "w": _WORD, "s": _SPACE}
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "a": "\a", "e": "\x1b"}
_PROPERTIES = {
    "Alpha": frozenset(string.ascii_letters),
    "Digit": frozenset(string.digits),
    "Alnum": frozenset(string.ascii_letters + string.digits),
    "Upper": frozenset(string.ascii_uppercase),
    "Lower": frozenset(string.ascii_lowercase),
    "Punct": frozenset(string.punctuation),
    "Space": _SPACE,
    "XDigit": frozenset(string.hexdigits),
}
Test = Callable[[str], bool]


def parse_pattern(pattern: str) -> Node:
    """Return the tree of `pattern`; raise `UnsupportedError` when it cannot be told what it matches."""
    if len(pattern) > MAX_PATTERN:
        raise UnsupportedError
    parser = _Parser(pattern)
    node = parser.either()
    if parser.index != len(pattern):
        raise UnsupportedError
    return node


def _member(characters: frozenset[str], *, negated: bool = False) -> Test:
    return (lambda c: c not in characters) if negated else (lambda c: c in characters)


def _literal(character: str) -> Test:
    return lambda c: c == character


class _Parser:
    """Reads a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern, self.index, self.depth = pattern, 0, 0

    def _peek(self) -> str:
        return self.pattern[self.index : self.index + 1]

    def _take(self) -> str:
        character = self._peek()
        if not character:
            raise UnsupportedError
        self.index += 1
        return character

    def _skip(self, text: str) -> bool:
        found = self.pattern.startswith(text, self.index)
        self.index += len(text) if found else 0
        return found

    def either(self) -> Node:
        """Read alternatives up to the end of the pattern or of the group."""
        branches = [self._sequence()]
        while self._skip("|"):
            branches.append(self._sequence())
        return branches[0] if len(branches) == 1 else Node("either", tuple(branches))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while self._peek() not in {"", "|", ")"}:
            parts.append(self._repeated(self._atom()))
        return Node("sequence", tuple(parts))

    def _repeated(self, node: Node) -> Node:
        while True:
            bounds = self._bounds()
            if bounds is None:
                return node
            if self._peek() == "+":
                raise UnsupportedError
            self._skip("?")
            node = Node("repeat", (node,), least=bounds[0], most=bounds[1])

    def _bounds(self) -> tuple[int, int | None] | None:
        for sign, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self._skip(sign):
                return bounds
        if not self._skip("{"):
            return None
        least = self._number()
        most: int | None = least
        if self._skip(","):
            most = None if self._peek() == "}" else self._number()
        if not self._skip("}") or (most is not None and most < least):
            raise UnsupportedError
        return least, most

    def _number(self) -> int:
        digits = ""
        while self._peek().isascii() and self._peek().isdigit() and len(digits) < 6:
            digits += self._take()
        if not digits:
            raise UnsupportedError
        return int(digits)

    def _atom(self) -> Node:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return Node("test", test=self._class())
        if character == "\\":
            return self._escaped()
        if character == ".":
            return Node("test", test=_member(frozenset("\n\r\u0085\u2028\u2029"), negated=True))
        if character == "^":
            return Node("begin")
        if character == "$":
            return Node("end")
        if character in "*+?{)":
            raise UnsupportedError
        return Node("test", test=_literal(character))

    def _group(self) -> Node:
        self.depth += 1
        if self.depth > MAX_GROUPS:
            raise UnsupportedError
        kind = ""
        if self._skip("?"):
            kind = {":": "", "=": "ahead", "!": "not_ahead", "<": "name"}.get(self._take(), "unknown")
        if kind == "name":
            while (character := self._take()) != ">":
                if not (character.isascii() and character.isalnum()):
                    raise UnsupportedError
        elif kind == "unknown":
            raise UnsupportedError
        node = self.either()
        if not self._skip(")"):
            raise UnsupportedError
        self.depth -= 1
        return Node(kind, (node,)) if kind in {"ahead", "not_ahead"} else node

    def _escaped(self) -> Node:
        character = self._take()
        if character in "AzZ":
            return Node("begin" if character == "A" else "end")
        return Node("test", test=self._escape_test(character))

    def _escape_test(self, character: str) -> Test:
        if character.lower() in _SETS:
            return _member(_SETS[character.lower()], negated=character.isupper())
        if character in "pP" and self._skip("{"):
            name = ""
            while (letter := self._take()) != "}":
                name += letter
            if name not in _PROPERTIES:
                raise UnsupportedError
            return _member(_PROPERTIES[name], negated=character == "P")
        return _literal(self._escape_character(character))

    def _escape_character(self, character: str) -> str:
        """Return the one character that an escape stands for."""
        if character in _CONTROL:
            return _CONTROL[character]
        width = {"x": 2, "u": 4}.get(character)
        if width is not None:
            digits = self.pattern[self.index : self.index + width]
            if len(digits) != width or not set(digits) <= set(string.hexdigits):
                raise UnsupportedError
            self.index += width
            return chr(int(digits, 16))
        if character.isascii() and character.isalnum():
            raise UnsupportedError
        return character

    def _class(self) -> Test:
        negated = self._skip("^")
        tests: list[Test] = []
        while not self._skip("]") or not tests:
            tests.append(self._class_item(first=not tests))
        return lambda c: any(test(c) for test in tests) is not negated

    def _class_item(self, *, first: bool) -> Test:
        character = self.pattern[self.index - 1] if first and self.pattern[self.index - 1] == "]" else ""
        if not character:
            character = self._take()
            if character == "[" or (character == "&" and self._peek() == "&"):
                raise UnsupportedError
            if character == "\\":
                character = self._take()
                if character.lower() in "dwsp":
                    return self._escape_test(character)
                character = self._escape_character(character)
        if self._peek() == "-" and self.pattern[self.index + 1 : self.index + 2] not in {"]", ""}:
            self.index += 1
            return self._range(character)
        return _literal(character)

    def _range(self, low: str) -> Test:
        high = self._take()
        if high == "\\":
            high = self._escape_character(self._take())
        if high == "[" or high < low:
            raise UnsupportedError
        return lambda c: low <= c <= high
