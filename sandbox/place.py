"""Where one sandbox keeps everything it has: one folder, nothing outside it."""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass
from pathlib import Path

HOST = "127.0.0.1"
"""The only address that the sandbox listens on."""

DEFAULT = Path(".lockstep") / "sandbox"
"""The folder of a project's own sandbox, below the project."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the running server wrote about itself; `token` tells it from every other process."""

    pid: int
    port: int
    token: str

    @property
    def endpoint(self) -> str:
        """The URL that AWS clients use."""
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one sandbox and the files in it."""

    directory: Path

    @classmethod
    def of(cls, directory: str | Path | None) -> Place:
        """Return the place for a folder, by default the project's own below the current folder."""
        return cls(Path(directory if directory is not None else DEFAULT).absolute())

    def command(self, name: str) -> str:
        """Return the command line of a `lockstep sandbox` command for this place, as a user types it."""
        option = "" if self == Place.of(None) else f" --dir {shlex.quote(str(self.directory))}"
        return f"lockstep sandbox {name}{option}"

    @property
    def record_file(self) -> Path:
        """The pid file: JSON, written by the server once it holds its port."""
        return self.directory / "sandbox.json"

    @property
    def lock_file(self) -> Path:
        """Held while a start or a stop is under way."""
        return self.directory / "lock"

    @property
    def log_file(self) -> Path:
        """Everything that the server and the functions in it print."""
        return self.directory / "sandbox.log"

    @property
    def state(self) -> Path:
        """What survives a stop: resources and objects."""
        return self.directory / "state"

    @property
    def temporary(self) -> Path:
        """Unpacked function packages; emptied at each start."""
        return self.directory / "tmp"

    @property
    def marker(self) -> Path:
        """Says that the saved state is whole; there from the end of one run to the start of the next."""
        return self.state / "complete"

    def unreadable(self) -> list[Path]:
        """Return the files of the saved state that hold no JSON object, sorted; the server cannot take those."""
        return [file for file in sorted(self.state.glob("*.json")) if not _holds_object(file)]

    def was_cut_off(self) -> bool:
        """Tell whether the last server ended without saving its state; of one that runs it is true too."""
        return self.state.is_dir() and any(self.state.iterdir()) and not self.marker.exists()

    def begin(self) -> None:
        """Note that a server holds the state from now on; `begun` stands for what it has in memory alone."""
        (self.state / "begun").touch()
        self.marker.unlink(missing_ok=True)

    def prepare(self) -> None:
        """Make the folders."""
        for folder in (self.directory, self.state, self.temporary):
            folder.mkdir(parents=True, exist_ok=True)

    def read(self) -> Record | None:
        """Return what the last server wrote; None when there is nothing, or nothing that can be read."""
        try:
            found = json.loads(self.record_file.read_text(encoding="utf-8"))
            return Record(pid=int(found["pid"]), port=int(found["port"]), token=str(found["token"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, record: Record) -> None:
        """Write the record whole or not at all."""
        draft = self.record_file.with_suffix(".new")
        draft.write_text(json.dumps(asdict(record)), encoding="utf-8")
        os.replace(draft, self.record_file)  # noqa: PTH105 - atomic on every platform


def _holds_object(file: Path) -> bool:
    try:
        return isinstance(json.loads(file.read_bytes()), dict)
    except (OSError, ValueError, RecursionError):
        return False
