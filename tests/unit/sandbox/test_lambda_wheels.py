"""Packages built for arm64 run here: what is compiled in them is this interpreter's own."""

from __future__ import annotations

import io
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES

from sandbox.extension.lambda_wheels import fitted


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return held.getvalue()


def names(code: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(code)) as archive:
        return archive.namelist()


FOREIGN = "pydantic_core/_pydantic_core.cpython-313-other-linux-gnu.so"


def test_a_package_whose_compiled_part_does_not_fit_is_this_interpreters_own() -> None:
    assert names(fitted(zipped("pydantic_core/__init__.py", FOREIGN, "functions/x.py"))) == ["functions/x.py"]


def test_what_fits_or_is_not_here_stays() -> None:
    own = f"pydantic_core/_pydantic_core{EXTENSION_SUFFIXES[0]}"
    code = zipped("pydantic_core/__init__.py", own, "nowhere_at_all/x.cpython-313-other.so", "functions/x.py")
    assert fitted(code) is code


def test_a_package_without_compiled_parts_is_handed_on_as_it_is() -> None:
    code = zipped("functions/x.py")
    assert fitted(code) is code
