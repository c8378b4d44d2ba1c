"""YAML with positions and without silent duplicates. Pure: text in, values or problems out.

PyYAML keeps the last of two equal keys without a word, so a value could stand twice and only one count
(REQ-P1). Here a duplicate is an error, and the line of every key is kept for later messages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from .errors import ConfigurationError, Problem, of_expanded

KeyPath = tuple[str, ...]

MAX_NODES = 100_000
"""Values that a file may come to with its aliases written out: far beyond any config file, far below a denial."""
MAX_DEPTH = 50
"""Levels of a file. Counted, and not left to the interpreter's own limit, which depends on who calls."""
_KEY_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"}
_LEAD = re.compile("(?:^|[\n\r\x85\u2028\u2029])[ \t?:\ufeff-]*")
OtherTag = Callable[[Any, str, yaml.Node], Any]
"""Makes a value of a node with a tag of the file's own, given the loader, the tag behind its `!`, and the node."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its value, and the line of every key path in it; None where that is not known."""

    value: Any
    lines: Mapping[KeyPath, int | None]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a tag that exists is not taken here, and what to write in its place."""

    message: str
    hint: str


def parse(
    text: str,
    file: str,
    constructors: Mapping[str, Any] | None = None,
    refused: Mapping[str, Refusal] | None = None,
    other: OtherTag | None = None,
    *,
    moved: bool = False,
) -> Document:
    """Return the document in `text`; `constructors` add tags (`{"!setting": constructor}`), `refused` forbids some,
    `other` takes every tag of the file's own that has no constructor; with it, keys may be numbers too. Where Jinja
    has `moved` the lines, there are none.

    Raises ConfigurationError with a problem for each syntax error, duplicate key, key that is no text, refused or
    unknown tag, value that holds itself, and text beyond the bounds on size and depth.
    """
    if not moved:
        return _parsed(text, file, constructors, refused, other)
    try:
        found = _parsed(text, file, constructors, refused, other)
    except ConfigurationError as error:
        raise ConfigurationError(of_expanded(error.problems)) from None
    return Document(found.value, dict.fromkeys(found.lines))


def _parsed(
    text: str,
    file: str,
    constructors: Mapping[str, Any] | None,
    refused: Mapping[str, Refusal] | None,
    other: OtherTag | None,
) -> Document:
    loader: Any = None
    try:
        loader = yaml.CSafeLoader(text)
        # On the instance: PyYAML keeps constructors on the class, where every user would share them.
        loader.yaml_constructors = {**yaml.CSafeLoader.yaml_constructors, **(constructors or {})}
        if other is not None:
            loader.yaml_multi_constructors = {"!": other}
        if not is_shallow(text):
            _check_depth(text, file)
        node = loader.get_single_node()
        walk = _Walk(file, refused or {}, any_key=other is not None)
        if node is not None:
            walk.visit(node, ())
        if walk.problems:
            raise ConfigurationError(walk.problems)
        return Document(loader.construct_document(node) if node is not None else None, walk.lines)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        hint = "check indentation, quotes and colons around this line"
        if isinstance(error, yaml.constructor.ConstructorError) and "could not determine" in str(
            error.problem
        ):
            known = "" if other else ", or use a resolver that exists: !setting, !output, !package"
            hint = f"correct the tag{known}"
        message = f"YAML: {error.problem or error.context}"
        raise ConfigurationError([Problem(file, "", message, hint, line)]) from None
    except yaml.YAMLError as error:
        message = f"YAML: {str(error).splitlines()[0]}"
        raise ConfigurationError([Problem(file, "", message, "save the file as UTF-8 text")]) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A constructor's own words, for a date that no calendar has or an argument that no resolver takes.
        raise ConfigurationError.single(
            f"YAML: {error}", file=file, hint="quote the value that the message is about"
        ) from None
    finally:
        if loader is not None:
            loader.dispose()


def is_shallow(text: str) -> bool:
    """Tell whether a text surely nests no deeper than MAX_DEPTH, without reading it as YAML.

    A block is inside another where it begins further right, or is a list of a mapping in the same column; it begins
    where nothing but blanks, dashes and question marks stand before it. Each bracket opens one level more.
    """
    blocks = 2 * (max(map(len, _LEAD.findall(text))) + 1)
    return blocks + text.count("[") + text.count("{") <= MAX_DEPTH


def _check_depth(text: str, file: str) -> None:
    """Raise ConfigurationError where a text nests beyond MAX_DEPTH; reads its events one by one, without recursion."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            line = event.start_mark.line + 1 if event.start_mark else None
            message, hint = f"YAML: is nested more than {MAX_DEPTH} levels deep", "write it with fewer levels"
            raise ConfigurationError([Problem(file, "", message, hint, line)])


@dataclass(slots=True)
class _Walk:
    """One pass over a document's nodes, before anything is made of them."""

    file: str
    refused: Mapping[str, Refusal]
    any_key: bool = False
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _open: set[int] = field(default_factory=set)
    _count: int = 0

    def visit(self, node: yaml.Node, path: KeyPath) -> None:
        """Note the line of every key below `node`, and what is wrong there."""
        self._count += 1
        if self._count > MAX_NODES:
            message = f"YAML: comes to more than {MAX_NODES} values with its aliases written out"
            raise ConfigurationError.single(message, file=self.file, hint="use fewer aliases (`*name`)")
        if node.tag in self.refused:
            refusal = self.refused[node.tag]
            self._problem(path, refusal.message, refusal.hint, node)
        if isinstance(node, yaml.ScalarNode):
            return
        if id(node) in self._open:
            self._problem(path, "YAML: an alias here holds itself", "write the value in its place", node)
            return
        self._open.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.visit(item, (*path, str(index)))
        else:
            for key, value in node.value:
                self._pair(key, value, path)
        self._open.remove(id(node))

    def _pair(self, key: yaml.Node, value: yaml.Node, path: KeyPath) -> None:
        name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
        here = (*path, name)
        if key.tag not in _KEY_TAGS and not (self.any_key and isinstance(key, yaml.ScalarNode)):
            self._problem(here, "this key is no text", "write the key in quotes", key)
            return
        if here in self.lines:
            self._problem(here, f"stands twice, first in line {self.lines[here]}", "keep one of the two", key)
            return
        self.lines[here] = key.start_mark.line + 1
        self.visit(value, here)

    def _problem(self, path: KeyPath, message: str, hint: str, node: yaml.Node) -> None:
        self.problems.append(Problem(self.file, ".".join(path), message, hint, node.start_mark.line + 1))
