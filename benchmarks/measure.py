"""Measuring commands: wall time, and the peak memory of a process with everything below it."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Run:
    """One measured command: `seconds` of wall time and `peak_mb` of resident memory, children included."""

    seconds: float
    peak_mb: float
    output: str


def command(
    arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, check: bool = True
) -> Run:
    """Run a command to its end and measure it; raises RuntimeError with its output when it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        cwd=cwd,
        env=dict(env or os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with Peak(process.pid) as peak:
        output, _ = process.communicate()
    seconds = time.perf_counter() - started
    if check and process.returncode:
        raise RuntimeError(f"{' '.join(arguments)} ended {process.returncode}:\n{output}")
    return Run(seconds, peak.megabytes, output)


def best_of(count: int, run: Callable[[], Run]) -> Run:
    """Return the fastest of several runs: the one with the least noise of the machine in it."""
    return min((run() for _ in range(count)), key=lambda found: found.seconds)


class Peak:
    """Samples the resident memory of a process tree from /proc while it is open; 0 where there is no /proc."""

    def __init__(self, pid: int) -> None:
        self._pid, self._stop = pid, threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.megabytes = 0.0

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.is_set():
            self.megabytes = max(self.megabytes, sum(map(_resident_mb, _tree(self._pid))))
            self._stop.wait(SAMPLE_SECONDS)


def _tree(root: int) -> list[int]:
    """Return a process and all below it, by the parent ids in /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.parent.name)] = int(fields[1])
    found, seen = [root], 0
    while seen < len(found):
        found += [pid for pid, parent in parents.items() if parent == found[seen]]
        seen += 1
    return found


def _resident_mb(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000
