"""Build plain data and positions from PyYAML's stream of events.

The reader keeps a stack of its own, so that no depth of nesting can exhaust the interpreter's, and counts an
alias as what it stands for, so that none can multiply.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from validator.effective.scalars import plain
from validator.effective.template import FixedDict, FixedList, Path, Position, dotted
from validator.errors import Problem

MAX_CHARACTERS = 1_048_576
"""The longest template that CloudFormation takes, in characters; aliases count as what they stand for."""
MAX_DEPTH = 100
"""The deepest nesting that is read; deeper text is refused."""
MAX_NODES = 250_000
"""The most nodes of a template; aliases count as what they stand for."""
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
_TEXT_TAGS = frozenset({None, "!", f"{_YAML}str"})
_PLAIN_TAGS = frozenset({f"{_YAML}{name}" for name in ("int", "float", "bool", "null")})
_MERGE = "<<"
_LIVE = frozenset({dict, list})


class StopReading(Exception):  # noqa: N818 - ends the reading early, is no error of its own
    """A bound was reached, or too many problems."""


class _Frame:
    """One mapping or list that is being read."""

    __slots__ = (
        "anchor",
        "chars",
        "fixed",
        "function",
        "height",
        "key",
        "loops",
        "mapping",
        "nodes",
        "path",
        "value",
    )

    def __init__(self, value: Any, path: Path, function: str | None, anchor: str | None) -> None:
        self.value, self.path, self.function, self.anchor = value, path, function, anchor
        self.nodes, self.chars, self.height = 1, 0, 1
        self.mapping = type(value) is dict
        self.fixed = True
        self.loops = 0
        self.key: str | None = None


class Reader:
    """Builds values from events; `root` is the document once `read` returns."""

    def __init__(self, file: str, *, json: bool) -> None:
        self.file, self.json = file, json
        self.root: Any = None
        self.positions: dict[Path, Position] = {}
        self.problems: list[Problem] = []
        self.loops: list[Path] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int, int, int]] = {}
        self._anchored_loops: dict[str, list[Path]] = {}
        self._nodes = self._chars = self._documents = 0

    def read(self, events: Iterator[Any]) -> None:
        """Consume the whole stream; raise `StopReading` at a bound, with its problem recorded."""
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

    def _report(self, path: Path, event: Any, message: str, hint: str, *, stop: bool = False) -> None:
        self.problems.append(Problem(self.file, dotted(path), message, hint, event.start_mark.line + 1))
        if stop or len(self.problems) >= MAX_PROBLEMS:
            raise StopReading

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            message = "a template is one document, and a second one begins here"
            self._report((), event, message, "remove it", stop=True)

    def _count(self, nodes: int, chars: int, event: Any) -> None:
        self._nodes += nodes
        self._chars += chars
        if self._nodes > MAX_NODES or self._chars > MAX_CHARACTERS:
            message = f"more than {MAX_NODES} nodes or {MAX_CHARACTERS} characters, aliases expanded"
            self._report((), event, message, "split it into several stacks, and use no aliases", stop=True)

    def _path(self) -> Path:
        """Return where the next value goes."""
        if not self._stack:
            return ()
        frame = self._stack[-1]
        if not frame.mapping:
            return (*frame.path, len(frame.value))
        return frame.path if frame.key is None else (*frame.path, frame.key)

    def _key_frame(self) -> _Frame | None:
        """Return the mapping that waits for a key, if the innermost one does."""
        frame = self._stack[-1] if self._stack else None
        return frame if frame is not None and frame.key is None and frame.mapping else None

    def _scalar(self, event: Any) -> None:
        text: str = event.value
        self._nodes += 1
        self._chars += len(text)
        if self._nodes > MAX_NODES or self._chars > MAX_CHARACTERS:
            self._count(0, 0, event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.mapping and frame.key is None:
            self._key(frame, event)
            return
        # What stands under a key is placed at the key already.
        if frame is None or not frame.mapping:
            mark = event.start_mark
            self.positions.setdefault(self._path(), Position(mark.line + 1, mark.column + 1))
        value = self._value(event, text)
        if frame is None or event.anchor is not None:
            self._add(value, event.anchor, (1, len(text), 0))
            return
        frame.nodes += 1
        frame.chars += len(text)
        self._put(frame, value)

    def _value(self, event: Any, text: str) -> Any:
        """Return what a scalar stands for: text, a number, a boolean, or the function of its tag."""
        tag = event.tag
        if tag is None:
            if not event.implicit[0]:
                return text
        elif tag in _TAGS:
            mark = event.start_mark
            self.positions[(*self._path(), _TAGS[tag])] = Position(mark.line + 1, mark.column + 1)
            return {_TAGS[tag]: text}
        elif tag not in _PLAIN_TAGS:
            if tag not in _TEXT_TAGS:
                self._unknown_tag(self._path(), event)
            return text
        value = plain(text, json=self.json)
        if value is None:
            hint = "give it a value, or leave the key out"
            self._report(self._path(), event, "CloudFormation allows no null value", hint)
        return value

    def _key(self, frame: _Frame, event: Any) -> None:
        key: str = event.value
        path = (*frame.path, key)
        if event.tag in _TAGS:
            self._report(path, event, "a key must be text, not a function", "write the key out")
        if key in frame.value:
            first = self.positions[path].line
            self._report(path, event, f"the key stands twice; first in line {first}", "keep one of them")
        if key.startswith(("Fn::", "Ref", "$symbol", _MERGE)):
            frame.fixed = False
            if key.startswith("Fn::ForEach::"):
                self.loops.append(path)
        mark = event.start_mark
        self.positions[path] = Position(mark.line + 1, mark.column + 1)
        frame.key = key

    def _unknown_tag(self, path: Path, event: Any) -> None:
        tag = event.tag.replace(_YAML, "!!")
        hint = "check its spelling, or quote the text"
        self._report(path, event, f"CloudFormation knows no tag {tag}", hint)

    def _open(self, event: Any) -> None:
        path = self._path()
        self._count(1, 0, event)
        if len(self._stack) >= MAX_DEPTH:
            message = f"nested deeper than {MAX_DEPTH} levels"
            self._report(path[:4], event, message, "flatten the template", stop=True)
        if self._key_frame() is not None:
            message = "a key must be text, not a mapping or a list"
            self._report(path, event, message, "quote the key", stop=True)
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
        self._stack.append(_Frame(value, path, function, event.anchor))
        self._stack[-1].loops = len(self.loops)

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        value = frame.value
        if type(value) is dict and _MERGE in value:
            value = self._merged(frame.path, value)
        if frame.fixed:
            value = FixedDict(value) if type(value) is dict else FixedList(value)
        if frame.function is not None:
            value = {frame.function: value}
        if frame.anchor is not None:
            length = len(frame.path) - (frame.function is not None)
            self._anchored_loops[frame.anchor] = [loop[length:] for loop in self.loops[frame.loops :]]
        self._add(value, frame.anchor, (frame.nodes, frame.chars, frame.height))

    def _merged(self, path: Path, value: dict[str, Any]) -> dict[str, Any]:
        sources = value.pop(_MERGE)
        here = (*path, _MERGE)
        for source in sources if isinstance(sources, list) else [sources]:
            if isinstance(source, dict):
                value = {**source, **value}
            else:
                line = self.positions[here].line
                message = "only mappings can be merged"
                self.problems.append(Problem(self.file, dotted(here), message, "write the keys out", line))
        return value

    def _alias(self, event: Any) -> None:
        path = self._path()
        if self._key_frame() is not None:
            self._report(path, event, "a key must be text, not an alias", "write the key out", stop=True)
        if event.anchor not in self._anchors:
            message = f"*{event.anchor} is not defined before it is used"
            self._report(path, event, message, "write it out", stop=True)
        value, nodes, chars, height = self._anchors[event.anchor]
        self._count(nodes, chars, event)
        if len(self._stack) + height > MAX_DEPTH:
            message = f"aliases nest deeper than {MAX_DEPTH} levels"
            self._report(path[:4], event, message, "write them out", stop=True)
        mark = event.start_mark
        self.positions.setdefault(path, Position(mark.line + 1, mark.column + 1))
        self.loops += [path + loop for loop in self._anchored_loops.get(event.anchor, ())]
        self._add(value, None, (nodes, chars, height))

    def _add(self, value: Any, anchor: str | None, size: tuple[int, int, int]) -> None:
        """Put a finished value of this size (nodes, characters, height) where it belongs."""
        if anchor is not None:
            self._anchors[anchor] = (value, *size)
        if not self._stack:
            self.root = value
            return
        frame = self._stack[-1]
        frame.nodes += size[0]
        frame.chars += size[1]
        frame.height = max(frame.height, size[2] + 1)
        self._put(frame, value)

    def _put(self, frame: _Frame, value: Any) -> None:
        """Put a finished value under the key of a mapping, or at the end of a list."""
        if type(value) in _LIVE or (type(value) is str and "{{resolve:" in value):
            frame.fixed = False
        if not frame.mapping:
            frame.value.append(value)
        elif frame.key is not None:
            frame.chars += len(frame.key)
            frame.value[frame.key] = value
            frame.key = None
