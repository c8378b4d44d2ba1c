"""Read a template's text into plain data with positions, within bounds on size, depth and nodes.

The reader works on PyYAML's stream of events with a stack of its own, so that no depth of nesting can
exhaust the interpreter's. JSON is read as YAML, of which it is a subset.

Sources: AWS CloudFormation User Guide, "Template formats" and "Understand CloudFormation quotas"
(a template body has at most 1 MB); Template Reference, "Intrinsic function reference" (short forms).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from validator.effective.scalars import plain
from validator.effective.template import Path, Position, Template, dotted
from validator.errors import ConfigurationError, Problem

MAX_CHARACTERS = 1_048_576
"""The longest template that CloudFormation takes, in characters."""
MAX_DEPTH = 100
"""The deepest nesting that is read; deeper text is refused."""
MAX_NODES = 150_000
"""The most nodes of a template, each alias counted as the nodes that it stands for."""
MAX_PROBLEMS = 50
"""Reading stops after this many problems: the rest is likely noise."""

FUNCTIONS = frozenset(
    {"And", "Base64", "Cidr", "Contains", "EachMemberEquals", "EachMemberIn", "Equals", "FindInMap", "GetAtt"}
    | {"GetAZs", "GetStackOutput", "If", "ImportValue", "Join", "Length", "Not", "Or", "RefAll", "Select"}
    | {"Split", "Sub", "ToJsonString", "Transform", "ValueOf", "ValueOfAll"}
)
"""Every function that has a short form `!Name` for `Fn::Name`."""
_TAGS = {f"!{name}": f"Fn::{name}" for name in FUNCTIONS} | {"!Ref": "Ref", "!Condition": "Condition"}
_YAML = "tag:yaml.org,2002:"
_STRUCTURE_TAGS = frozenset({None, "!", f"{_YAML}map", f"{_YAML}seq"})
_PLAIN_TAGS = frozenset({f"{_YAML}{name}" for name in ("int", "float", "bool", "null")})
_MERGE = "<<"


def parse(text: str, file: str) -> Template:
    """Return the template in `text`; `file` is the name that problems carry.

    Raises `ConfigurationError` with every problem found: syntax, duplicate keys, unknown tags, null values,
    keys that are no text, and text beyond the bounds of this module.
    """
    if len(text) > MAX_CHARACTERS:
        message = f"the template has {len(text)} characters; CloudFormation takes at most {MAX_CHARACTERS}"
        raise ConfigurationError.single(message, file=file, hint="split it into several stacks")
    reader = _Reader(file, json=text.lstrip("\ufeff \t\r\n")[:1] == "{")
    try:
        reader.read(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        reader.problems.append(_syntax(error, file))
    except _StopReading:
        pass
    body = reader.root
    if not reader.problems and not isinstance(body, dict):
        reader.problems.append(Problem(file, "", "a template is a mapping with a Resources section", line=1))
    if reader.problems:
        raise ConfigurationError(reader.problems)
    return Template(file, body, reader.positions, reader.has_loops)


def _syntax(error: yaml.YAMLError, file: str) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
    line = mark.line + 1 if mark else None
    place = f" at column {mark.column + 1}" if mark else ""
    return Problem(file, "", f"this is not YAML or JSON: {what}{place}", "correct the syntax", line)


class _StopReading(Exception):  # noqa: N818 - ends the reading early, is no error of its own
    """A bound was reached, or too many problems."""


class _Frame:
    """One mapping or list that is being read."""

    __slots__ = ("anchor", "function", "height", "key", "nodes", "path", "value")

    def __init__(self, value: Any, path: Path, function: str | None, anchor: str | None, nodes: int) -> None:
        self.value, self.path, self.function, self.anchor = value, path, function, anchor
        self.nodes, self.height = nodes, 0
        self.key: str | None = None


class _Reader:
    """Builds values from events; `root` is the document once `read` returns."""

    def __init__(self, file: str, *, json: bool) -> None:
        self.file, self.json = file, json
        self.root: Any = None
        self.positions: dict[Path, Position] = {}
        self.problems: list[Problem] = []
        self.has_loops = False
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._nodes = 0
        self._documents = 0

    def read(self, events: Iterator[Any]) -> None:
        """Consume the whole stream."""
        handlers = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open,
            yaml.SequenceStartEvent: self._open,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        for event in events:
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            self._report((), event, "a template is one document, and a second one begins here", "remove it")
            raise _StopReading

    def _report(self, path: Path, event: Any, message: str, hint: str) -> None:
        self.problems.append(Problem(self.file, dotted(path), message, hint, event.start_mark.line + 1))
        if len(self.problems) >= MAX_PROBLEMS:
            raise _StopReading

    def _path(self) -> Path:
        if not self._stack:
            return ()
        frame = self._stack[-1]
        if type(frame.value) is list:
            return (*frame.path, len(frame.value))
        return frame.path if frame.key is None else (*frame.path, frame.key)

    def _scalar(self, event: Any) -> None:
        self._count(1, event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.key is None and type(frame.value) is dict:
            self._key(frame, event)
            return
        path = self._path()
        tag = event.tag
        mark = event.start_mark
        if path not in self.positions:
            self.positions[path] = Position(mark.line + 1, mark.column + 1)
        value: Any = event.value
        function = _TAGS.get(tag) if tag else None
        if function is not None:
            self.positions[(*path, function)] = Position(mark.line + 1, mark.column + 1)
            value = {function: value}
        elif (tag is None and event.implicit[0]) or tag in _PLAIN_TAGS:
            value = plain(value, json=self.json)
            if value is None:
                hint = "give it a value, or leave the key out"
                self._report(path, event, "CloudFormation allows no null value", hint)
        elif tag not in {None, "!", f"{_YAML}str"}:
            self._unknown_tag(path, event)
        self._add(value, event.anchor, 1, 0)

    def _key(self, frame: _Frame, event: Any) -> None:
        key: str = event.value
        path = (*frame.path, key)
        if key in frame.value:
            first = self.positions[path].line
            self._report(path, event, f"the key stands twice; first in line {first}", "keep one of them")
        if key.startswith("Fn::ForEach::"):
            self.has_loops = True
        mark = event.start_mark
        self.positions[path] = Position(mark.line + 1, mark.column + 1)
        frame.key = key

    def _unknown_tag(self, path: Path, event: Any) -> None:
        tag = event.tag.replace(_YAML, "!!")
        self._report(
            path, event, f"CloudFormation knows no tag {tag}", "check its spelling, or quote the text"
        )

    def _open(self, event: Any) -> None:
        path = self._path()
        self._count(1, event)
        if len(self._stack) >= MAX_DEPTH:
            self._report(path[:4], event, f"nested deeper than {MAX_DEPTH} levels", "flatten the template")
            raise _StopReading
        parent = self._stack[-1] if self._stack else None
        if parent is not None and parent.key is None and type(parent.value) is dict:
            self._report(path, event, "a key must be text, not a mapping or a list", "quote the key")
            raise _StopReading
        function = None
        if event.tag not in _STRUCTURE_TAGS:
            function = _TAGS.get(event.tag)
            if function is None:
                self._unknown_tag(path, event)
        mark = event.start_mark
        position = Position(mark.line + 1, mark.column + 1)
        self.positions.setdefault(path, position)
        if function is not None:
            path = (*path, function)
            self.positions[path] = position
        value: Any = {} if type(event) is yaml.MappingStartEvent else []
        self._stack.append(_Frame(value, path, function, event.anchor, self._nodes))

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        value = frame.value
        if type(value) is dict and _MERGE in value:
            value = self._merged(frame.path, value, event)
        if frame.function is not None:
            value = {frame.function: value}
        self._add(value, frame.anchor, self._nodes - frame.nodes + 1, frame.height + 1)

    def _merged(self, path: Path, value: dict[str, Any], event: Any) -> dict[str, Any]:
        sources = value.pop(_MERGE)
        for source in sources if isinstance(sources, list) else [sources]:
            if not isinstance(source, dict):
                self._report((*path, _MERGE), event, "only mappings can be merged", "write the keys out")
                continue
            value = {**source, **value}
        return value

    def _alias(self, event: Any) -> None:
        path = self._path()
        if event.anchor not in self._anchors:
            self._report(path, event, f"*{event.anchor} is not defined before it is used", "write it out")
            raise _StopReading
        value, nodes, height = self._anchors[event.anchor]
        frame = self._stack[-1]
        if type(frame.value) is dict and frame.key is None:
            self._report(path, event, "a key must be text, not an alias", "write the key out")
            raise _StopReading
        self._count(nodes, event)
        if len(self._stack) + height > MAX_DEPTH:
            self._report(path[:4], event, f"aliases nest deeper than {MAX_DEPTH} levels", "write them out")
            raise _StopReading
        mark = event.start_mark
        self.positions.setdefault(path, Position(mark.line + 1, mark.column + 1))
        self._add(value, None, nodes, height)

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"the template has more than {MAX_NODES} nodes, aliases expanded"
            self._report((), event, message, "split it into several stacks, and use no aliases")
            raise _StopReading

    def _add(self, value: Any, anchor: str | None, nodes: int, height: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, nodes, height)
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        frame.height = max(frame.height, height)
        if type(frame.value) is list:
            frame.value.append(value)
        elif frame.key is not None:
            frame.value[frame.key] = value
            frame.key = None
