"""Packages of functions that were built for another machine: their compiled parts are this interpreter's own here.

A package holds wheels for Python 3.13 on arm64 (REQ-C6). Most of them fall back to Python where the compiled part does
not fit; what reads declared variances needs YAML's. The versions are those of this interpreter, since the locks agree.
"""

from __future__ import annotations

import importlib.util
import io
import re
import zipfile
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.lambda_workers import ACQUIRE
from sandbox.extension.names import replace

_COMPILED = re.compile(r"(?P<package>[^/]+)/.*\.so")


@cache
def _is_here(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


@cache
def fitted(code: bytes) -> bytes:
    """Return a package without the folders whose compiled parts do not fit and that this interpreter has itself."""
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        compiled = [found for name in archive.namelist() if (found := _COMPILED.fullmatch(name))]
        foreign = {
            found["package"]
            for found in compiled
            if not found[0].endswith(tuple(suffix for suffix in EXTENSION_SUFFIXES if suffix != ".so"))
            and _is_here(found["package"])
        }
        if not foreign:
            return code
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as smaller:
            for info in archive.infolist():
                if info.filename.split("/", 1)[0] not in foreign:
                    smaller.writestr(info, archive.read(info))
        return kept.getvalue()


def _fitting(original: Any) -> Any:
    def acquire(
        func_name: str, config: Any, code_zip: Any, qualifier: str = "$LATEST", max_concurrency: Any = None
    ) -> Any:
        code = fitted(code_zip) if isinstance(code_zip, bytes) else code_zip
        return original(func_name, config, code, qualifier, max_concurrency)

    return acquire


EXTENSION = Extension(
    name="lambda_wheels",
    claims=(
        emulated(
            "Lambda architecture",
            "compiled parts of arm64 packages are this interpreter's own, of the same version",
        ),
    ),
    names=(ACQUIRE,),
    install=lambda: replace(ACQUIRE, _fitting),
)
