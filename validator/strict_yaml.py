"""YAML with positions and without silent duplicates. Pure: text in, values or problems out.

PyYAML keeps the last of two equal keys without a word, so a value could stand twice and only one count
(REQ-P1). Here a duplicate is an error, and the line of every key is kept for later messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from .errors import ConfigurationError, Problem

KeyPath = tuple[str, ...]

MAX_NODES = 100_000
"""Values that a file may come to with its aliases written out: far beyond any config file, far below a denial."""
MAX_DEPTH = 50
"""Levels of a file. Counted, and not left to the interpreter's own limit, which depends on who calls."""
_KEY_TAGS = {"tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"}


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its value, and the line of every key path in it."""

    value: Any
    lines: Mapping[KeyPath, int]


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
) -> Document:
    """Return the document in `text`; `constructors` add tags (`{"!setting": constructor}`), `refused` forbids some.

    Raises ConfigurationError with a problem for each syntax error, duplicate key, key that is no text, refused or
    unknown tag, value that holds itself, and text beyond the bounds on size and depth.
    """
    known: dict[str | None, Any] = {**yaml.CSafeLoader.yaml_constructors}
    known.update(constructors or {})
    # A class of its own for each call: PyYAML keeps constructors on the class, where every user would share them.
    loader = type("Loader", (yaml.CSafeLoader,), {"yaml_constructors": known})(text)
    try:
        _check_depth(text, file)
        node = loader.get_single_node()
        walk = _Walk(file, refused or {})
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
            hint = "correct the tag, or use a resolver that exists: !setting, !output, !package"
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
        loader.dispose()


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
        if key.tag not in _KEY_TAGS:
            self._problem(here, "this key is no text", "write the key in quotes", key)
            return
        if here in self.lines:
            self._problem(here, f"stands twice, first in line {self.lines[here]}", "keep one of the two", key)
            return
        self.lines[here] = key.start_mark.line + 1
        self.visit(value, here)

    def _problem(self, path: KeyPath, message: str, hint: str, node: yaml.Node) -> None:
        self.problems.append(Problem(self.file, ".".join(path), message, hint, node.start_mark.line + 1))
