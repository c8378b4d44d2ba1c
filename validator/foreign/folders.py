"""The files of another project, listed and read: an edge, and the only one of this package that touches them (REQ-V1).

Links are followed as Sceptre follows them, but never out of the project and never in a circle. Only regular files are
opened, so that nothing waits for a pipe.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ..errors import ConfigurationError, Problem
from .description import FILE

LARGEST = 1_000_000
"""Bytes of a template: CloudFormation takes no larger one."""
LARGEST_CONFIG = 250_000
"""Bytes of a config file: a hundred times as much as one usually has, and still read within a second or two."""
MOST = 500_000
"""Entries of a config hierarchy, links followed: more than any project has."""
DEEPEST = 40
"""Levels of folders."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A config hierarchy: the YAML files of each folder below config, by name, with the file that a user edits.

    `broken` names the files that are there and cannot be opened.
    """

    folders: dict[str, dict[str, str]] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of one project; `root` is resolved, `sceptre` is relative to it and empty where it is the root."""

    root: Path
    sceptre: str

    def within(self, *parts: str) -> str:
        """Return a path below the Sceptre folder, relative to the project."""
        return "/".join(part for part in (self.sceptre, *parts) if part)

    def tree(self) -> Tree:
        """Return every YAML file below config, where links may lead as long as they stay in the project."""
        tree = Tree()
        config = self.within("config")
        real = os.path.realpath(self.root / config)
        if not _is_inside(real, self.root):
            hint = "put the hierarchy into the project; nothing outside of it is read"
            raise ConfigurationError.single("is a link that leads out of the project", file=config, hint=hint)
        _Walk(self.root, config, tree).folder(str(self.root / config), "", (real,))
        return tree

    def text(self, file: str) -> str:
        """Return the text of a file of the project; raises ConfigurationError where it is none, or none of ours."""
        path = os.path.realpath(self.root / file)
        if not _is_inside(path, self.root):
            hint = "put the file into the project; nothing outside of it is read"
            raise ConfigurationError.single("is a link that leads out of the project", file=file, hint=hint)
        return self._decoded(path.removeprefix(f"{self.root}/"), LARGEST)

    def listed(self, file: str) -> str:
        """Return the text of a config file that is no link, as `tree` has them; raises ConfigurationError as `text`."""
        return self._decoded(file, LARGEST_CONFIG)

    def _decoded(self, file: str, most: int) -> str:
        try:
            return _read(f"{self.root}/{file}", file, most).decode("utf-8")
        except UnicodeDecodeError as error:
            message = f"is no UTF-8 text: {error.reason} at byte {error.start}"
            raise ConfigurationError.single(message, file=file, hint="save it as UTF-8") from None

    def exists(self, file: str) -> bool:
        """Tell whether a regular file of the project has this name."""
        path = os.path.realpath(self.root / file)
        return _is_inside(path, self.root) and Path(path).is_file()

    def names(self, folder: str) -> list[str]:
        """Return the names of the files in a folder and those below it, relative to it, a hundred at most."""
        found = []
        for place, folders, names in os.walk(self.root / folder):
            folders.sort()
            found += [
                PurePosixPath(place, name).relative_to(self.root / folder).as_posix()
                for name in sorted(names)
            ]
            if len(found) >= 100:
                break
        return found[:100]

    def shown(self, file: str) -> str:
        """Return the file that a user has to edit: the target where it is a link inside the project."""
        path = os.path.realpath(self.root / file)
        return PurePosixPath(path).relative_to(self.root).as_posix() if _is_inside(path, self.root) else file


def _is_inside(path: str, root: Path) -> bool:
    return path == str(root) or path.startswith(f"{root}{os.sep}" if str(root) != os.sep else os.sep)


def _read(path: str, file: str, most: int) -> bytes:
    """Return what a regular file holds; raises ConfigurationError for anything else, and for too much."""
    try:
        # A pipe is opened without waiting for a writer, and refused.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                hint = "put a regular file in its place"
                raise ConfigurationError.single("is no file", file=file, hint=hint)
            if facts.st_size > most:
                message = f"has {facts.st_size} bytes; {most} are the most"
                raise ConfigurationError.single(message, file=file, hint="split it into several files")
            return os.read(descriptor, most)
        finally:
            os.close(descriptor)
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
        raise ConfigurationError.single(message, file=file, hint="restore it, readable by you") from None


@dataclass(slots=True)
class _Walk:
    """One pass over a hierarchy."""

    root: Path
    config: str
    tree: Tree
    count: int = 0

    def folder(self, path: str, relative: str, above: tuple[str, ...]) -> None:
        """List a folder; `above` has the real paths of it and of those that it is reached through."""
        shown = PurePosixPath(above[-1]).relative_to(self.root).as_posix()
        held = self.tree.folders[relative] = {}
        try:
            with os.scandir(path) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._problem(relative, f"cannot be listed: {error.strerror}", "make it readable for you")
            return
        for entry in found:
            self.count += 1
            if self.count > MOST:
                hint = "point `sceptre:` of lockstep.yaml at a smaller project"
                raise ConfigurationError.single(
                    f"holds more than {MOST} files and folders", file=self.config, hint=hint
                )
            name = f"{relative}/{entry.name}" if relative else entry.name
            target = f"{shown}/{entry.name}" if shown != "." else entry.name
            if entry.is_symlink():
                self._link(entry, name, held, above)
            elif entry.is_dir(follow_symlinks=False):
                self._deeper(entry.path, name, (*above, f"{above[-1]}/{entry.name}"))
            elif entry.name.endswith(".yaml"):
                self._file(entry, name, target, held)

    def _link(self, entry: os.DirEntry[str], name: str, held: dict[str, str], above: tuple[str, ...]) -> None:
        real = os.path.realpath(entry.path)
        is_folder = Path(real).is_dir()
        if not is_folder and not entry.name.endswith(".yaml"):
            return
        if not _is_inside(real, self.root):
            self._broken(
                name, "this link leads out of the project, where nothing is read", "put what it names here"
            )
        elif is_folder and real in above:
            self._problem(name, "this link leads back to a folder that it is in", "remove it")
        elif is_folder:
            self._deeper(entry.path, name, (*above, real))
        else:
            self._file(entry, name, PurePosixPath(real).relative_to(self.root).as_posix(), held)

    def _deeper(self, path: str, name: str, above: tuple[str, ...]) -> None:
        if len(above) > DEEPEST:
            self._problem(name, f"lies more than {DEEPEST} levels deep", "move it up")
            return
        self.folder(path, name, above)

    def _file(self, entry: os.DirEntry[str], name: str, target: str, held: dict[str, str]) -> None:
        try:
            regular, there = entry.is_file(), Path(entry.path).exists()
        except OSError:
            regular, there = False, False
        if regular:
            held[entry.name] = target
        elif there:
            self._broken(name, "is no file that can be read", "put a regular file in its place, or remove it")
        else:
            self._broken(
                name, "this link points at no file", "restore the file it points at, or remove the link"
            )

    def _broken(self, name: str, message: str, hint: str) -> None:
        self.tree.broken.add(name)
        self._problem(name, message, hint)

    def _problem(self, name: str, message: str, hint: str) -> None:
        self.tree.problems.append(Problem(f"{self.config}/{name}".rstrip("/"), "", message, hint))


def described(root: Path) -> str | None:
    """Return the text of a project's lockstep.yaml; None where it has none."""
    return Folders(root, "").text(FILE) if os.path.lexists(root / FILE) else None


def folder_of(root: Path, given: str) -> str:
    """Return the Sceptre folder of a project, relative to it: the one that is given, or else found.

    Raises ConfigurationError where there is none.
    """
    for name in [given] if given else ["sceptre", ""]:
        parts = PurePosixPath(name)
        if not parts.is_absolute() and ".." not in parts.parts and (root / name / "config").is_dir():
            return "" if name == "." else parts.as_posix().removeprefix(".")
    if given:
        message = f"{given} is no folder of this project with a Sceptre hierarchy in `config`"
        hint = "name the folder that holds `config` and `templates`"
        raise ConfigurationError.single(message, file=FILE, key="sceptre", hint=hint)
    hint = "point `--project` at a Sceptre project, or name its folder by `sceptre:` in a lockstep.yaml"
    raise ConfigurationError.single(
        "there is no Sceptre config hierarchy here", file="sceptre/config", hint=hint
    )
