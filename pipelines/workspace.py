"""A project on disk, loaded and rendered once for as long as no file of it changes. I/O.

What is rendered depends on files alone (REQ-V1), so it is kept under a digest of them, of this tool's own source and
of the versions beneath it. A cache file that cannot be read is a miss, never an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.kept import Store
from validator.environments import ENVIRONMENTS, refuse_unknown
from validator.errors import ConfigurationError, Problem
from validator.layout import is_own
from validator.model import Project, project_from_json, project_to_json

if TYPE_CHECKING:
    from validator.loader import Loaded

SCHEMA = "lockstep/cache/v3"
SOURCES = (
    *("sceptre", "templates", "functions", "locks", "pipelines", "validator"),
    *(".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml", "variance.yaml", "lockstep.yaml"),
    ".github/environments.yaml",
)
"""Everything in a project that rendering and checking read: packages of functions hold modules of the last two too."""
TOOL = Path(__file__).parents[1]
DESCRIPTION = "lockstep.yaml"
KEPT_IN = ".lockstep"
"""The folder of a project that this machine keeps results in."""
KEPT = 8
"""Renderings kept beside the present one: enough for a few branches."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a cache file holds: the project, and the `stacks` of `lockstep/render/v1`."""

    project: Project
    stacks: list[dict[str, Any]]


@dataclass(slots=True)
class Workspace:
    """The project below `root`. `LOCKSTEP_CACHE=off` in the environment loads it anew each time.

    It is Lockstep's own, or any Sceptre project (docs/other-projects.md).
    """

    root: Path
    folders: Mapping[str, str] | None = None
    """The folder of each environment, for a project that was not born here."""
    _content: Content | None = None
    _loaded: Loaded | None = None
    _key: str = ""
    _committed: bool | None = None

    def survey(self) -> Loaded:
        """Return what can be loaded of the project, with Sceptre's own stacks, and what is wrong with the rest.

        Raises ConfigurationError where there is no project.
        """
        if self._loaded is None:
            self._loaded = self._own() if is_own(self.root) else self._other()
            if self.is_committed:
                message, hint = (
                    "is committed; what is kept in it is not used",
                    f"git rm -r --cached {KEPT_IN}",
                )
                stray = Problem(KEPT_IN, "", message, hint, check="config-files")
                self._loaded.problems = (*self._loaded.problems, stray)
        return self._loaded

    def _own(self) -> Loaded:
        from validator.loader import survey

        if self.folders:
            message = "the environments of this project are fixed"
            hint = f"leave the option out; they are {', '.join(ENVIRONMENTS)}"
            raise ConfigurationError.single(message, key="--environment", hint=hint)
        loaded = survey(self.root)
        if os.path.lexists(self.root / DESCRIPTION):
            message = "is for projects that were not born here, and changes nothing in this one"
            stray = Problem(DESCRIPTION, "", message, "remove it", check="config-files")
            loaded.problems = (*loaded.problems, stray)
        return loaded

    def _other(self) -> Loaded:
        from validator.foreign.survey import survey

        return survey(self.root, self.folders)

    def loaded(self) -> Loaded:
        """Return the project with Sceptre's own stacks; raises ConfigurationError for what is wrong in it.

        What hides nothing in a project that was not born here is in the project's warnings instead.
        """
        loaded = self.survey()
        wrong = [problem for problem in loaded.problems if problem not in loaded.project.warnings]
        if wrong:
            raise ConfigurationError(wrong)
        return loaded

    def project(self) -> Project:
        """Return the project; every stack of it evaluates without a problem, or ConfigurationError is raised."""
        return self._read().project

    def deployable(self) -> Project:
        """Return the project as `project` does; raises ConfigurationError for one that was not born here too."""
        if not is_own(self.root):
            message = "this project was not born here: Lockstep reads and checks it, and does not deploy it"
            hint = "deploy it by its own means, such as `sceptre launch`; see docs/other-projects.md"
            raise ConfigurationError.single(message, hint=hint)
        return self.project()

    def rendered(self, environment: str | None = None) -> list[dict[str, Any]]:
        """Return the `stacks` of `lockstep/render/v1`, of one environment or of all."""
        content = self._read()
        stacks = content.stacks
        if environment is not None:
            refuse_unknown([environment], content.project.places)
        return [stack for stack in stacks if environment in (None, stack["environment"])]

    def settings(self) -> dict[tuple[str, str], dict[str, Any]]:
        """Return every written setting by (group, path), then by environment, as parity judges them."""
        from pipelines.variances import written

        store = Store(self.cache("settings"), "lockstep/settings/v1", KEPT)
        kept = store.get(self.key)
        if not isinstance(kept, list):
            found = written(self.loaded())
            kept = [[group, path, dict(values)] for (group, path), values in found.items()]
            store.put(self.key, kept)
            store.prune()
        return {(group, path): values for group, path, values in kept}

    def _read(self) -> Content:
        if self._content is None:
            store = Store(self.cache("rendered"), SCHEMA, KEPT)
            self._content = _content(store.get(self.key)) or self._render(store)
        return self._content

    def _render(self, store: Store) -> Content:
        from validator.rendering import as_json, render

        project = self.loaded().project
        stacks = as_json(render(project.stacks))
        store.put(self.key, {"project": project_to_json(project), "stacks": stacks})
        store.prune()
        return Content(project, stacks)

    def cache(self, kind: str) -> Path | None:
        """Return the folder in which results of a kind are kept.

        None where `LOCKSTEP_CACHE` is off, or where the folder is committed: what came with a branch is not what this
        machine found.
        """
        if os.environ.get("LOCKSTEP_CACHE") == "off" or self.is_committed:
            return None
        return self.root / KEPT_IN / "cache" / kind

    @property
    def is_committed(self) -> bool:
        """Whether git tracks anything of the folder in which results are kept."""
        if self._committed is None:
            self._committed = (self.root / KEPT_IN).exists() and _tracks(self.root, KEPT_IN)
        return self._committed

    @property
    def key(self) -> str:
        """A digest of every file that the project is rendered and checked from, the tool's own included."""
        if not self._key:
            given = json.dumps(self.folders)
            digest = hashlib.sha256(" ".join([SCHEMA, sys.version, given, *_versions()]).encode())
            roots = dict.fromkeys(self.root / name for name in (*SOURCES, *self._more()))
            for root in roots:
                digest.update(_digest_of(root))
            for root in (TOOL / name for name in ("validator", "pipelines", "guard_rules")):
                digest.update(b"" if root in roots else _digest_of_tool(root))
            self._key = digest.hexdigest()[:32]
        return self._key

    def _more(self) -> tuple[str, ...]:
        """Return the folders that another project's stacks are read from."""
        if is_own(self.root):
            return ()
        from validator.foreign.survey import sources

        return sources(self.root)


@cache
def _versions() -> tuple[str, ...]:
    return tuple(map(version, ("sceptre", "pydantic", "cfn-lint", "PyYAML")))


def _digest_of(root: Path) -> bytes:
    """Return a digest of a file, or of every file below a folder."""
    digest = hashlib.sha256()
    for path in _files(root):
        content = _bytes(Path(path))
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.digest()


_digest_of_tool = cache(_digest_of)
"""The same of this tool's own source, which does not change while it runs."""


def _bytes(path: Path) -> bytes:
    """Return what a file holds; what cannot be read, which loading it says, counts as that."""
    with suppress(OSError):
        if path.is_file():
            with path.open("rb") as opened:
                return hashlib.file_digest(opened, "sha256").digest()
        return b"\0none"
    return b"\0unreadable"


def _files(root: Path) -> Iterator[str]:
    """Yield the files below a folder in a stable order; links are followed, and no folder is entered twice."""
    if root.is_file():
        yield str(root)
    seen: set[str] = set()
    for folder, folders, names in os.walk(root, followlinks=True):
        seen.add(os.path.realpath(folder))
        inside = sorted(name for name in folders if name != "__pycache__")
        folders[:] = [name for name in inside if os.path.realpath(f"{folder}/{name}") not in seen]
        yield from (f"{folder}/{name}" for name in sorted(names))


def _content(written: Any) -> Content | None:
    """Return what a store holds; None where it has nothing, or another shape."""
    with suppress(ValueError, KeyError, TypeError, AttributeError):
        if isinstance(written["stacks"], list):
            return Content(project_from_json(written["project"]), written["stacks"])
    return None


def _tracks(root: Path, name: str) -> bool:
    """Tell whether git tracks anything below a folder of a project, by the names in its index.

    git itself is not asked: it runs what a repository's own configuration says. An index that cannot be read, or that
    does not spell names out, may name anything.
    """
    for folder in (root, *root.parents):
        place = folder / ".git"
        if not os.path.lexists(place):
            continue
        try:
            if place.is_file():  # A work tree of its own: the file says where the rest is.
                place = folder / place.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
            index = place / "index"
            content = index.read_bytes().lower() if index.exists() else b""
        except (OSError, ValueError):
            return True
        path = f"{root.relative_to(folder).as_posix()}/{name}/".removeprefix("./")
        return path.lower().encode() in content or (
            content[4:8] == b"\0\0\0\x04" and name.lower().encode() in content
        )
    return False
