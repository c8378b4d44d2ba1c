"""YAML with positions and without silent duplicates. Pure: text in, values or problems out.

PyYAML keeps the last of two equal keys without a word, so a value could stand twice and only one count
(REQ-P1). Here a duplicate is an error, and the line of every key is kept for later messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from .errors import ConfigurationError, Problem

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its value, and the line of every key path in it."""

    value: Any
    lines: Mapping[KeyPath, int]


def parse(text: str, file: str, constructors: Mapping[str, Any] | None = None) -> Document:
    """Return the document in `text`; `constructors` add tags (`{"!setting": constructor}`).

    Raises ConfigurationError with a problem for each syntax error, duplicate key and unknown tag.
    """
    known: dict[str | None, Any] = {**yaml.CSafeLoader.yaml_constructors}
    known.update(constructors or {})
    # A class of its own for each call: PyYAML keeps constructors on the class, where every user would share them.
    loader = type("Loader", (yaml.CSafeLoader,), {"yaml_constructors": known})(text)
    try:
        node = loader.get_single_node()
        problems: list[Problem] = []
        lines: dict[KeyPath, int] = {}
        if node is not None:
            _walk(node, (), file, lines, problems)
        if problems:
            raise ConfigurationError(problems)
        return Document(loader.construct_document(node) if node is not None else None, lines)
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
    finally:
        loader.dispose()


def _walk(
    node: yaml.Node, path: KeyPath, file: str, lines: dict[KeyPath, int], problems: list[Problem]
) -> None:
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, str(index)), file, lines, problems)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*path, str(key.value))
        line = key.start_mark.line + 1
        if here in lines:
            message = f"stands twice, first in line {lines[here]}"
            problems.append(Problem(file, ".".join(here), message, "keep one of the two", line))
            continue
        lines[here] = line
        _walk(value, here, file, lines, problems)
