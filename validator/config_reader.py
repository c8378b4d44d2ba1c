"""How a config file is read: Sceptre's reader with strict YAML, checked shapes, sandboxed Jinja (REQ-V1, REQ-P2)."""

from __future__ import annotations

import threading
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

import yaml
from sceptre.config.reader import ConfigReader
from sceptre.context import SceptreContext
from sceptre.exceptions import VersionIncompatibleError

from . import strict_yaml
from .config_jinja import expand, moves_lines
from .config_problems import mended
from .config_shapes import GroupFile, StackFile
from .errors import ConfigurationError, Problem
from .layout import CONFIG, Layout
from .time_limit import time_limit

ALLOWED_RESOLVERS = frozenset(
    {"setting", "output", "parameter_path", "package", "template_digest", "template_key", "home"}
    | {"accounts", "release"}
    | {"join", "no_value", "select", "split", "sub"}
)
"""Our own resolvers, and those of Sceptre that need nothing but their arguments. Every other resolver reads what is not
in the repository, so that the same commit would not always be the same stacks (REQ-V1, REQ-P7)."""

_YAML_REGISTRY = threading.Lock()


@cache
def installed_plugins(group: str) -> EntryPoints:
    """Return what is installed under an entry point: looked up once, since it asks every package there is."""
    return entry_points(group=group)


def refused_resolvers() -> dict[str, strict_yaml.Refusal]:
    """Return the tag of each installed resolver that is not allowed."""
    installed = {entry.name for entry in installed_plugins("sceptre.resolvers")}
    hint = "use `!setting` for a value of the settings, `!output` for what another stack publishes"
    return {
        f"!{name}": strict_yaml.Refusal(f"!{name} reads what is not in this repository", hint)
        for name in installed - ALLOWED_RESOLVERS
    }


class OfflineReader(ConfigReader):  # type: ignore[misc]  # Sceptre ships no types
    """Sceptre's config reader with strict files and a sandboxed Jinja. `documents` are the files read so far.

    `problems` is what was wrong with the shape of a file each time it was read, and `lost` the places of each file that
    were left out for it.
    """

    _iterate_entry_points = staticmethod(installed_plugins)

    def __init__(self, context: SceptreContext, layout: Layout) -> None:
        self.layout = layout
        self.documents: dict[str, strict_yaml.Document] = {}
        self.problems: list[Problem] = []
        self.lost: dict[str, frozenset[strict_yaml.KeyPath]] = {}
        self._refused = refused_resolvers()
        self._fitting: list[Any] = []
        with _YAML_REGISTRY:
            before = dict(yaml.SafeLoader.yaml_constructors)
            super().__init__(context)
            self._tags = {
                tag: constructor
                for tag, constructor in yaml.SafeLoader.yaml_constructors.items()
                if isinstance(tag, str) and tag.startswith("!")
            }
            yaml.SafeLoader.yaml_constructors = before

    def _render(self, directory_path: str, basename: str, stack_group_config: dict[str, Any]) -> Any:
        path = Path(self.full_config_path, directory_path, basename)
        if not path.is_file():
            return None
        file = self.layout.shown(path)
        command_path = self.context.command_path.split("/")
        variables = {**self.templating_vars, **stack_group_config, "command_path": command_path}
        written = read_text(path, file)
        with time_limit():
            text = expand(written, file, variables)
        moved = moves_lines(written, text)
        document = strict_yaml.parse(text, file, self._tags, self._refused, moved=moved)
        if document.value is not None:
            shape = GroupFile if basename == CONFIG else StackFile
            found = mended(shape, document, file)
            document = found.document
            self.problems += found.problems
            self.lost[file] = found.lost
        self.documents[file] = document
        return document.value

    def _check_version(self, config: dict[str, Any]) -> None:
        key = "required_version"
        if config.get(key) in self._fitting:
            return
        try:
            super()._check_version(config)
            self._fitting.append(config.get(key))
        except (VersionIncompatibleError, ValueError) as error:
            same = ((doc.value or {}).get(key) == config[key] for doc in self.documents.values())
            file = next(file for file, found in zip(self.documents, same, strict=True) if found)
            raise ConfigurationError.single(
                str(error),
                file=file,
                key=key,
                hint="write the version of Sceptre that is installed, such as `==4.7.0`",
                line=self.documents[file].lines[key,],
            ) from None


def read_text(path: Path, file: str) -> str:
    """Return a file's text; raises ConfigurationError when it is missing or no UTF-8."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError.single(
            f"is no UTF-8 text: {error}", file=file, hint="save it as UTF-8"
        ) from None
    except OSError as error:
        raise ConfigurationError.single(
            f"cannot be read: {error.strerror}", file=file, hint="restore it"
        ) from None
