"""The config of every stack, put together from files as Sceptre does: groups from the root down, then the stack's own.

Source: sceptre/config/reader.py of Sceptre 4.7 (`_read`, `_recursive_read`, `_construct_stack`). Each file is read and
parsed once, a group's values are shared by its stacks, and what a file says is said once however many stacks have it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from ..config_jinja import expand, moves_lines
from ..errors import ConfigurationError, Problem, of_check
from ..jinja_sandbox import EXTENSIONS, Sandbox, sandbox
from ..strict_yaml import Document
from ..time_limit import time_limit
from . import tags
from .folders import Folders, Tree
from .keys import Found, unknown_keys, wrong_shapes
from .merging import laid_over

CONFIG = "config.yaml"
LEAF = ("stack_group_path", "command_path")
"""Names whose value is the stack's own folder, in the files above too."""
OPTIONS = frozenset(
    {
        "block_start_string",
        "block_end_string",
        "variable_start_string",
        "variable_end_string",
        "comment_start_string",
    }
    | {"comment_end_string", "line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks"}
    | {"newline_sequence", "keep_trailing_newline", "extensions", "autoescape"}
)
"""Options of `j2_environment` that are followed; the others would load code or read elsewhere."""
Level = tuple[str, str, Mapping[str, Any]]
"""One file of a stack: its folder below config, its name, and what it says."""


class BrokenGroupError(Exception):
    """A group above a stack cannot be read, which was said when it was tried first."""


@dataclass(frozen=True, slots=True)
class Group:
    """What the stacks of a folder inherit: values, and the files they are from. `leafy` files depend on the folder."""

    config: dict[str, Any]
    levels: tuple[Level, ...]
    leafy: bool = False


@dataclass(slots=True)
class Reader:
    """Reads the config files of one project. `problems` collects what hides no stack, each of its check."""

    folders: Folders
    tree: Tree
    variables: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)
    _groups: dict[tuple[str, str], Group | None] = field(default_factory=dict)
    _said: set[str] = field(default_factory=set)

    def group(self, folder: str) -> Group:
        """Return what the stacks of a folder inherit; raises ConfigurationError, and BrokenGroupError the next time."""
        return self._group(folder, folder)

    def _group(self, folder: str, leaf: str) -> Group:
        for key in ((folder, ""), (folder, leaf)):
            if key in self._groups:
                known = self._groups[key]
                if known is None:
                    raise BrokenGroupError
                return known
        try:
            found = self._read_group(folder, leaf)
        except (ConfigurationError, BrokenGroupError):
            self._groups[folder, ""] = None
            raise
        self._groups[folder, leaf if found.leafy else ""] = found
        return found

    def _read_group(self, folder: str, leaf: str) -> Group:
        above = self._group(folder.rpartition("/")[0], leaf) if folder else Group({}, ())
        if self._name(folder, CONFIG) in self.tree.broken:
            raise BrokenGroupError
        if CONFIG not in self.tree.folders[folder]:
            return above
        file = self.tree.folders[folder][CONFIG]
        text = self.folders.listed(file)
        leafy = above.leafy or any(name in text for name in LEAF)
        variables = {**self._base(leaf), **above.config}
        own = self._mapping(text, folder, CONFIG, self._given(variables, leaf), group=True)
        config = {**above.config, **laid_over(above.config, own, file)}
        return Group(config, (*above.levels, (folder, CONFIG, own)), leafy)

    def _base(self, leaf: str) -> dict[str, Any]:
        return {"project_path": self.folders.sceptre or ".", "stack_group_path": leaf}

    def _given(
        self, config: Mapping[str, Any], leaf: str, group: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Return what Jinja sees: `var`, the group's config as a whole where it is read for a stack, and every key."""
        whole = {} if group is None else {"stack_group_config": group}
        return {"var": self.variables, **whole, **config, "command_path": leaf.split("/")}

    def stack(self, folder: str, name: str) -> tuple[dict[str, Any], tuple[Level, ...]]:
        """Return the config of a stack with all that it inherits, and the files that it is from.

        Raises ConfigurationError where one of its files is wrong, and BrokenGroupError where that is said already.
        """
        group = self.group(folder)
        base = {**self._base(folder), **group.config}
        own: dict[str, Any] = {}
        levels = group.levels
        for above in _above(folder):  # A file of the same name in a folder above is inherited too.
            if name in self.tree.folders[above]:
                file = self.tree.folders[above][name]
                text = self.folders.listed(file)
                marked = "{" in text and ("{{" in text or "{%" in text or "{#" in text)
                given = (
                    self._given({**base, **own}, folder, base) if marked or "j2_environment" in base else {}
                )
                found = self._mapping(text, above, name, given, group=False)
                own = {**own, **laid_over(own, found, file)} if own else found
                levels = (*levels, (above, name, found))
        merged = {**base, **laid_over(base, own, self.shown(folder, name))}
        return merged, levels

    def _mapping(
        self, text: str, folder: str, name: str, given: Mapping[str, Any], *, group: bool
    ) -> dict[str, Any]:
        """Return what a file says; a problem of its shape is raised, a key that is ignored is only noted."""
        file = self.tree.folders[folder][name]
        expanded, moved = self._expanded(text, file, folder, given)
        value = tags.values(expanded, file, moved=moved)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ConfigurationError.single(
                "the file holds no mapping", file=file, hint="write `key: value` lines"
            )
        wrong = list(wrong_shapes(value))
        if wrong:
            raise ConfigurationError(_placed(wrong, tags.document(expanded, file, moved=moved), file))
        ignored = list(unknown_keys(value, group=group))
        if ignored and file not in self._said:
            self._said.add(file)
            document = tags.document(expanded, file, moved=moved)
            self.problems += of_check("sceptre-keys", _placed(ignored, document, file))
        return value

    def _expanded(self, text: str, file: str, folder: str, given: Mapping[str, Any]) -> tuple[str, bool]:
        """Return a file's text with its Jinja expanded, and whether that moved its lines."""
        options = given.get("j2_environment")
        environment = sandbox_of(options, "yaml", file) if options else None
        if environment is None and "{{" not in text and "{%" not in text and "{#" not in text:
            return text, False
        with time_limit():
            expanded = expand(
                text, file, given, include=lambda name: self._included(folder, name), environment=environment
            )
        return expanded, moves_lines(text, expanded, _block_marks(options or {}))

    def _included(self, folder: str, name: str) -> str | None:
        """Return the text of a file beside a config file, or below it; None for any other."""
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            return None
        file = self.folders.within("config", folder, name)
        inside = self.folders.shown(file).startswith(f"{self.folders.within('config')}/")
        return self.folders.text(file) if inside and self.folders.exists(file) else None

    def document(self, folder: str, name: str, leaf: str) -> Document:
        """Return a file with the line of every key, read again; raises ConfigurationError as `stack` does."""
        file = self.tree.folders[folder][name]
        text = self.folders.listed(file)
        if name == CONFIG:
            above = self._group(folder.rpartition("/")[0], leaf).config if folder else {}
            given = self._given({**self._base(leaf), **above}, leaf)
        else:
            base = {**self._base(leaf), **self.group(leaf).config}
            given = self._given(base, leaf, base)
        expanded, moved = self._expanded(text, file, folder, given)
        return tags.document(expanded, file, moved=moved)

    def shown(self, folder: str, name: str) -> str:
        """Return the file that a user has to edit for a file of the hierarchy."""
        held = self.tree.folders.get(folder, {})
        return held.get(name) or self.folders.within("config", self._name(folder, name))

    @staticmethod
    def _name(folder: str, name: str) -> str:
        return f"{folder}/{name}" if folder else name


def _placed(found: list[Found], document: Document, file: str) -> Iterator[Problem]:
    for path, message, hint in found:
        yield Problem(file, ".".join(path), message, hint, document.lines.get(path))


def _block_marks(options: Mapping[str, Any]) -> list[str]:
    """Return what begins a block of Jinja."""
    given = (options.get("block_start_string"), options.get("line_statement_prefix"))
    return ["{%", *(mark for mark in given if mark)]


def _above(folder: str) -> list[str]:
    """Return a folder and those above it, from the root down."""
    parts = folder.split("/") if folder else []
    return ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]


def sandbox_of(options: Any, kind: str, file: str) -> Sandbox:
    """Return the sandbox that `j2_environment` asks for, for files that end in `kind`.

    Raises ConfigurationError for an option that is not followed.
    """
    extensions = options.get("extensions") or [] if isinstance(options, dict) else []
    wrong = sorted(options.keys() - OPTIONS) if isinstance(options, dict) else ["j2_environment"]
    wrong += [one for one in extensions if one not in EXTENSIONS]
    wrong += [key for key in options if key != "extensions" and not isinstance(options[key], str | bool)]
    if wrong:
        message = f"{wrong[0]} is not followed: it may load code, or read what is not here"
        hint = "remove it, or leave these stacks to another check"
        raise ConfigurationError.single(message, file=file, key="j2_environment", hint=hint)
    return sandbox(kind, options)
