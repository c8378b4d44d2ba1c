"""Config files of another project as values: each tag stays what it is, `!anything`, and nothing is made of it. Pure.

Thousands of files are read by one pass over the events of YAML. Whatever is not plain (aliases, merge keys, duplicates,
mistakes) goes the long way through `strict_yaml`, which keeps positions and says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from ..strict_yaml import MAX_DEPTH, Document, parse


@dataclass(frozen=True, slots=True)
class Tag:
    """A resolver or hook as it is written: `!name argument`. Nothing was looked up or run for it."""

    name: str
    argument: Any

    def __deepcopy__(self, memo: object) -> Tag:
        return self

    def __str__(self) -> str:
        raise ValueError(f"!{self.name} has no value while files are read")

    def __hash__(self) -> int:
        return hash(self.name)


class _NotPlainError(Exception):
    """The text holds what the short way does not take."""


def values(text: str, file: str, *, moved: bool = False) -> Any:
    """Return the value of a config file; raises ConfigurationError as `strict_yaml.parse` does."""
    loader: Any = None
    try:
        loader = yaml.CSafeLoader(text)
        return _whole(loader.get_event)
    except (_NotPlainError, yaml.YAMLError, ValueError, RecursionError):
        return document(text, file, moved=moved).value
    finally:
        if loader is not None:
            loader.dispose()


def document(text: str, file: str, *, moved: bool = False) -> Document:
    """Return a config file with the line of every key; raises ConfigurationError as `strict_yaml.parse` does."""
    return parse(text, file, other=_construct, moved=moved)


def _construct(loader: Any, name: str, node: yaml.Node) -> Tag:
    # The argument is what stands behind the tag, read as if it stood alone: as Sceptre does.
    if isinstance(node, yaml.ScalarNode):
        return Tag(name, _scalar(node.value))
    if isinstance(node, yaml.SequenceNode):
        return Tag(name, loader.construct_sequence(node, deep=True))
    return Tag(name, loader.construct_mapping(node, deep=True))


def _whole(event: Any) -> Any:
    """Return the value of a stream with one document, or none."""
    event()  # the stream begins
    if type(event()) is yaml.StreamEndEvent:
        return None
    found = _value(event, event(), 0)
    event()  # the document ends
    if type(event()) is not yaml.StreamEndEvent:
        raise _NotPlainError
    return found


def _value(event: Any, first: Any, depth: int) -> Any:
    """Return the value that begins with the event `first`."""
    kind = type(first)
    if kind is yaml.AliasEvent or first.anchor is not None or depth > MAX_DEPTH:
        raise _NotPlainError
    tag = first.tag
    if tag is not None and (tag[0] != "!" or len(tag) == 1):
        raise _NotPlainError
    found: Any
    if kind is yaml.ScalarEvent:
        # Behind a tag, quotes do not count: Sceptre resolves its argument as plain text.
        found = _scalar(first.value) if first.implicit[0] or tag is not None else first.value
    elif kind is yaml.SequenceStartEvent:
        found = []
        while type(item := event()) is not yaml.SequenceEndEvent:
            found.append(_value(event, item, depth + 1))
    else:
        found = {}
        while type(item := event()) is not yaml.MappingEndEvent:
            key = _key(item)
            if key in found:
                raise _NotPlainError
            found[key] = _value(event, event(), depth + 1)
    return found if tag is None else Tag(tag[1:], found)


def _key(event: Any) -> Any:
    if type(event) is not yaml.ScalarEvent or event.tag is not None or event.anchor is not None:
        raise _NotPlainError
    value: str = event.value
    if value == "<<":
        raise _NotPlainError
    return _scalar(value) if event.implicit[0] else value


@lru_cache(maxsize=65536)
def _scalar(text: str) -> Any:
    """Return what plain text stands for: a number, a date, true or false, nothing, or itself."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    if tag == "tag:yaml.org,2002:str":
        return text
    return yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, text))


_RESOLVER: Any = yaml.resolver.Resolver()
