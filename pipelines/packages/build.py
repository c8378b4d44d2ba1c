"""Building a package: a zip whose bytes follow from its input alone."""

from __future__ import annotations

import re
import stat
import tempfile
import threading
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from validator.errors import TechnicalError

from .source import read_source
from .wheels import fetch_wheels

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold."""
_MODE = (stat.S_IFREG | 0o644) << 16
_UNIX = 3

# A wheel's `.data` folder holds what goes elsewhere at installation (PyPA, "Binary distribution
# format"): libraries go to the root; scripts and headers go nowhere, since nothing is run or compiled here.
_DATA = re.compile(r"[^/]+\.data/(?P<scheme>[a-z]+)/(?P<path>.+)")
_LIBRARIES = frozenset({"purelib", "platlib"})
_SOURCES_IN_C = (".c", ".h")

_built: set[Path] = set()
"""What this process built: the two stacks that use a package share one build."""
_building = threading.Lock()
"""Held while wheels are fetched and a package is built, so that stacks side by side fetch and build nothing twice."""


def build_package(root: Path, name: str, cache_dir: Path) -> Path:
    """Return the zip of the package `name`, built from the project at `root` once in this process.

    The zip holds the modules of `functions/<name>` and the wheels of the lock, uncompressed: deflated bytes
    differ between builds of zlib, and Lambda unpacks either. Several builders may share the folder. A zip that lies
    there from elsewhere is not used: its name tells the sources, and nothing would tell its content.
    Raises `ConfigurationError` for an unknown package and `TechnicalError` when wheels cannot be fetched.
    """
    source = read_source(root, name)
    package = cache_dir / source.key
    with _building:
        if package not in _built or not package.is_file():
            _build(package, dict(source.modules), fetch_wheels(source.lock, cache_dir))
            _built.add(package)
    return package


def _build(package: Path, entries: dict[str, bytes], wheels: Iterable[Path]) -> None:
    for wheel in wheels:
        _add(entries, wheel)
    package.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=package.parent) as scratch:
        unfinished = Path(scratch) / package.name
        _write(unfinished, entries)
        unfinished.replace(package)


def _add(entries: dict[str, bytes], wheel: Path) -> None:
    for path, content in _runtime_files(wheel):
        if entries.setdefault(path, content) != content:
            raise TechnicalError(f"{wheel.name} and another part of the package both hold {path}, and differ")


def _runtime_files(wheel: Path) -> Iterable[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for info in archive.infolist():
            data = _DATA.fullmatch(info.filename)
            if info.is_dir() or info.filename.endswith(_SOURCES_IN_C):
                continue
            if data is None:
                yield info.filename, archive.read(info)
            elif data["scheme"] in _LIBRARIES:
                yield data["path"], archive.read(info)


def _write(path: Path, entries: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(entries.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system, info.external_attr = _UNIX, _MODE
            archive.writestr(info, content)
