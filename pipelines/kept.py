"""Results kept on disk under the digest of everything that they depend on. A file that is not whole is a miss. I/O."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEPT = 4096
"""Results kept beside those of the present run: a few dozen branches of a small project."""


@dataclass(slots=True)
class Store:
    """The results in `folder`, all of one `schema`; without a folder there are none, and none are kept."""

    folder: Path | None
    schema: str
    most: int = KEPT
    _used: set[str] = field(default_factory=set)

    def get(self, name: str) -> Any:
        """Return the result of this name; None where it is missing, not whole, or of another version."""
        if self.folder is None:
            return None
        with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
            document = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            if document["schema"] == self.schema and document["digest"] == name:
                self._used.add(name)
                return document["result"]
        return None

    def put(self, name: str, result: Any) -> None:
        """Write a result whole or not at all; a project that cannot be written to has none kept."""
        if self.folder is None:
            return
        self._used.add(name)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
            draft = self.folder / f"{name}.{os.getpid()}"
            draft.write_text(
                json.dumps({"schema": self.schema, "digest": name, "result": result}), encoding="utf-8"
            )
            draft.replace(self.folder / f"{name}.json")

    def prune(self) -> None:
        """Drop the oldest results beyond `most` that the present run did not use."""
        if self.folder is None:
            return
        with suppress(OSError):
            unused = [path for path in self.folder.iterdir() if path.stem not in self._used and path.suffix]
            unused.sort(key=lambda path: path.stat().st_mtime, reverse=True)
            for old in unused[self.most :]:
                old.unlink(missing_ok=True)
