"""A small project with one package of functions, for the tests of the builder and of the upload."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

from pipelines.packages import build_package

ROOT = Path(__file__).parents[3]
CACHE = ROOT / ".lockstep" / "packages"


def write_wheel(folder: Path, name: str, files: dict[str, str], tag: str = "py3-none-any") -> str:
    """Write a minimal wheel and return its line of a lock."""
    path = folder / f"{name}-1.0-{tag}.whl"
    metadata = {
        f"{name}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{name}-1.0.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{name}-1.0.dist-info/RECORD": "",
    }
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as wheel:
        for file, content in {**files, **metadata}.items():
            wheel.writestr(zipfile.ZipInfo(file, (2020, 1, 1, 0, 0, 0)), content)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Project:
    """A project with one package of functions and an index of wheels in a folder."""

    def __init__(self, root: Path) -> None:
        self.root, self.cache, self.index = root / "project", root / "cache", root / "index"
        self.write("functions/__init__.py", "")
        self.write("functions/shop/__init__.py", '"""A shop."""\n')
        self.write("functions/shop/api.py", "def handler(event, context):\n    return 1\n")
        self.write("functions/shop/deep/__init__.py", "")
        self.lock(
            write_wheel(
                self.index,
                "alpha",
                {
                    "alpha/__init__.py": "VALUE = 1\n",
                    "alpha/speedup.c": "int x;\n",
                    "alpha-1.0.data/scripts/tool.py": "#!python\n",
                    "alpha-1.0.data/purelib/alpha/more.py": "MORE = 1\n",
                },
            )
        )

    def write(self, path: str, content: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")

    def lock(self, *lines: str) -> None:
        self.write("locks/functions.lock", "".join(lines))

    def build(self) -> Path:
        return build_package(self.root, "shop", self.cache)


def names(package: Path) -> list[str]:
    with zipfile.ZipFile(package) as archive:
        return archive.namelist()
