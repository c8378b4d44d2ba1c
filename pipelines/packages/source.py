"""What goes into a package, and the digest of it. Reads files of the project, nothing else."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from validator.errors import ConfigurationError

from .closure import closure

BUILDER_VERSION = "2"
"""Part of every digest: raise it when the builder makes other bytes from the same input."""

LOCK = "locks/functions.lock"
OWN_LOCK = "locks/functions-{name}.lock"
"""The lock of a package that needs other wheels than the rest, where there is one."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class PackageSource:
    """One package's input: its modules and data files by their path in the zip, and the lock of its wheels."""

    name: str
    modules: tuple[tuple[str, bytes], ...]
    lock: bytes

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of the modules with their paths, the lock and the builder's version."""
        modules = [[path, hashlib.sha256(content).hexdigest()] for path, content in self.modules]
        parts = [BUILDER_VERSION, self.name, modules, hashlib.sha256(self.lock).hexdigest()]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def key(self) -> str:
        """The package's key in the artifacts bucket, and its place in a cache."""
        return f"functions/{self.name}/{self.digest}.zip"


def read_source(root: Path, name: str) -> PackageSource:
    """Read the input of the package `name` of the project at `root`.

    It is `functions/<name>` with everything that it imports from the project (`closure`).
    Raises `ConfigurationError` when there is no such package or no lock, or when it imports what it cannot hold.
    """
    folder = root / "functions" / name
    if not _NAME.fullmatch(name) or not (folder / "__init__.py").is_file():
        known = sorted(path.parent.name for path in (root / "functions").glob("*/__init__.py"))
        raise ConfigurationError.single(
            f"there is no package of functions named '{name}'",
            file="functions",
            key=name,
            hint=f"name one of: {', '.join(known)}" if known else "add functions/<package>/__init__.py",
        )
    paths = [root / "functions" / "__init__.py", *folder.rglob("*.py")]
    modules = closure(root, {path.relative_to(root).as_posix(): path.read_bytes() for path in paths})
    return PackageSource(name, tuple(sorted(modules.items())), _lock(root, name))


def _lock(root: Path, name: str) -> bytes:
    own = root / OWN_LOCK.format(name=name)
    try:
        return (own if own.is_file() else root / LOCK).read_bytes()
    except FileNotFoundError:
        raise ConfigurationError.single(
            "the lock of the functions' wheels is missing", file=LOCK, key=name, hint="run: make lock"
        ) from None


def package_digest(root: Path, name: str) -> str:
    """Return the digest of the package's input, without building it; raises `ConfigurationError`."""
    return read_source(root, name).digest


def package_key(root: Path, name: str) -> str:
    """Return the S3 key of the package, `functions/<name>/<digest>.zip`; raises `ConfigurationError`."""
    return read_source(root, name).key
