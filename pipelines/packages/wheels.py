"""The wheels that a lock names, for the Lambda runtime: fetched once by pip, checked at each use."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from validator.errors import TechnicalError

PYTHON_VERSION = "3.13"
PLATFORMS = ("manylinux_2_34_aarch64", "manylinux_2_28_aarch64", "manylinux2014_aarch64")
"""What runs on the runtime's Amazon Linux 2023 (glibc 2.34) on arm64, best first."""

_REQUIREMENT = re.compile(rb"^([A-Za-z0-9._-]+==[^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(rb"--hash=sha256:([0-9a-f]{64})")
_NOT_FOUND = re.compile(r"No matching distribution found for ([^\s(]+)")
_MISMATCH = re.compile(r"DO NOT MATCH THE HASHES.*?\n\s+([A-Za-z0-9._-]+==[^\s]+)", re.DOTALL)


def fetch_wheels(lock: bytes, cache_dir: Path) -> tuple[Path, ...]:
    """Return the wheels of `lock`, sorted by name, from the cache or else through pip.

    Builders at the same time do not disturb each other: each downloads beside the cache, the first one's
    folder becomes the cache by one rename. Raises `TechnicalError` naming what could not be fetched.
    """
    target = "\n".join((PYTHON_VERSION, *PLATFORMS)).encode()
    folder = cache_dir / "wheels" / hashlib.sha256(lock + target).hexdigest()[:32]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, ignore_cleanup_errors=True) as scratch:
            fresh = Path(scratch) / "wheels"
            _download(lock, fresh)
            try:
                fresh.rename(folder)
            except OSError:
                if not folder.is_dir():  # it is there when another builder came first, with the same wheels
                    raise
    return _checked(lock, folder)


def _download(lock: bytes, folder: Path) -> None:
    folder.mkdir()
    requirements = folder.parent / "functions.lock"
    requirements.write_bytes(lock)
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ]
    command += ["--require-hashes", "--no-deps", "--only-binary=:all:", "--implementation", "cp"]
    command += ["--python-version", PYTHON_VERSION, *(f"--platform={each}" for each in PLATFORMS)]
    command += ["--dest", str(folder), "--requirement", str(requirements)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise TechnicalError(_explain(lock, ended.stderr, ended.returncode))


def _explain(lock: bytes, stderr: str, code: int) -> str:
    """Return what failed in words of ours: pip's own name hosts and paths of this machine."""
    if match := _MISMATCH.search(stderr):
        return f"the wheel of {match[1]} is not the one that the lock names: its hash differs"
    if match := _NOT_FOUND.search(stderr):
        return f"no wheel of {match[1]} for Python {PYTHON_VERSION} on arm64 Linux could be fetched"
    names = ", ".join(name.decode() for name in _REQUIREMENT.findall(lock))
    return f"pip ended with code {code} while fetching the wheels of: {names}"


def _checked(lock: bytes, folder: Path) -> tuple[Path, ...]:
    wheels = tuple(sorted(folder.glob("*.whl"), key=lambda path: path.name))
    locked = {digest.decode() for digest in _HASH.findall(lock)}
    strange = [path.name for path in wheels if hashlib.sha256(path.read_bytes()).hexdigest() not in locked]
    if strange or len(wheels) != len(_REQUIREMENT.findall(lock)):
        shutil.rmtree(folder, ignore_errors=True)
        what = f": {', '.join(strange)}" if strange else ", some are missing"
        raise TechnicalError(
            f"the cached wheels were not those that the lock names{what}; removed, run again"
        )
    return wheels
