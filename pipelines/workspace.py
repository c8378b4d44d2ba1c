"""A project on disk, loaded and rendered once for as long as no file of it changes. I/O.

What is rendered depends on files alone (REQ-V1), so it is kept under a digest of them, of this tool's own source and
of the versions beneath it. A cache file that cannot be read is a miss, never an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from validator.model import Project, project_from_json, project_to_json

if TYPE_CHECKING:
    from validator.loader import Loaded

SCHEMA = "lockstep/cache/v1"
SOURCES = ("sceptre", "templates", "functions", "locks/functions.lock")
"""Everything in a project that rendering reads."""
TOOL = Path(__file__).parents[1]
KEPT = 8
"""Cache files kept: enough for a few branches."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a cache file holds: the project, and the `stacks` of `lockstep/render/v1`."""

    project: Project
    stacks: list[dict[str, Any]]


@dataclass(slots=True)
class Workspace:
    """The project below `root`. `LOCKSTEP_CACHE=off` in the environment loads it anew each time."""

    root: Path
    _content: Content | None = None
    _loaded: Loaded | None = None

    def loaded(self) -> Loaded:
        """Return the project with Sceptre's own stacks; raises ConfigurationError for what is wrong in it."""
        from validator.loader import load

        if self._loaded is None:
            self._loaded = load(self.root)
        return self._loaded

    def project(self) -> Project:
        """Return the project; every stack of it evaluates without a problem, or ConfigurationError is raised."""
        return self._read().project

    def rendered(self, environment: str | None = None) -> list[dict[str, Any]]:
        """Return the `stacks` of `lockstep/render/v1`, of one environment or of all."""
        stacks = self._read().stacks
        return [stack for stack in stacks if environment in (None, stack["environment"])]

    def _read(self) -> Content:
        if self._content is None:
            file = self._file()
            self._content = _kept(file) or self._render(file)
        return self._content

    def _render(self, file: Path | None) -> Content:
        from validator.rendering import as_json, render

        project = self.loaded().project
        stacks = as_json(render(project.stacks))
        if file is not None:
            _keep(file, json.dumps({"schema": SCHEMA, "project": project_to_json(project), "stacks": stacks}))
        return Content(project, stacks)

    def _file(self) -> Path | None:
        if os.environ.get("LOCKSTEP_CACHE") == "off":
            return None
        return self.root / ".lockstep" / "cache" / f"{self._key()}.json"

    def _key(self) -> str:
        digest = hashlib.sha256(f"{SCHEMA} {sys.version} {version('sceptre')} {version('pydantic')}".encode())
        roots = [self.root / name for name in SOURCES] + [TOOL / "validator", TOOL / "pipelines"]
        for path in (path for root in roots for path in _files(root)):
            content = path.read_bytes() if path.is_file() else b"\0missing"
            digest.update(f"{path}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()[:32]


def _files(root: Path) -> Iterator[Path]:
    """Yield the files below a folder in a stable order; links are read, folders behind links are not entered twice."""
    if root.is_file():
        yield root
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        yield from (Path(folder, name) for name in sorted(names))


def _kept(file: Path | None) -> Content | None:
    """Return what a cache file holds; None where it is missing or not whole."""
    if file is None:
        return None
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        document = json.loads(file.read_text(encoding="utf-8"))
        if document["schema"] == SCHEMA and isinstance(document["stacks"], list):
            return Content(project_from_json(document["project"]), document["stacks"])
    return None


def _keep(file: Path, text: str) -> None:
    """Write a cache file whole or not at all, and drop the oldest; a project that cannot be written to has none."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        (file.parents[1] / ".gitignore").write_text("*\n", encoding="utf-8")
        draft = file.with_suffix(f".{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
        by_age = sorted(file.parent.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in by_age[KEPT:]:
            old.unlink(missing_ok=True)
