"""Every bad input ends in a finding or a clear error, within bounds on time and memory (REQ-V2).

All are read from disk in one process of its own, whose peak of memory is the operating system's figure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from .bad_input import CASES

SECONDS = 10.0
"""The most that one file may take; on a busy machine the slowest takes two."""
PEAK_MB = 400
"""The most resident memory of the process, after all of them; Python and the evaluator begin with 60."""
READ_ALL = """
import json, resource, sys, time
from pathlib import Path
from validator.config_reader import read_text
from validator.effective import Context, evaluate, parse
from validator.errors import ConfigurationError

context = Context(account="111111111111", region="us-east-1", stack_name="stack")
for path in sorted(Path(sys.argv[1]).iterdir()):
    print(path.name, file=sys.stderr, flush=True)
    started = time.process_time()
    try:
        problems = evaluate(parse(read_text(path, "t.yaml"), "t.yaml"), {}, context).problems
    except ConfigurationError as error:
        problems = error.problems
    messages = [problem.message for problem in problems]
    print(json.dumps([path.name, time.process_time() - started, len(messages), *messages[:1]]))
status = Path("/proc/self/status")
peaks = [int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")] \\
    if status.exists() else []
# Of this program alone where the system tells: the other figure begins with the size of the process that started it.
print(json.dumps(peaks[0] if peaks else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """Return how each case ended, and the peak of memory under an empty name."""
    folder = tmp_path_factory.mktemp("bad-input")
    for name, (content, _) in CASES.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    arguments = [sys.executable, "-c", READ_ALL, str(folder)]
    run = subprocess.run(
        arguments, capture_output=True, text=True, timeout=120, check=False, cwd=Path(__file__).parents[3]
    )
    assert run.returncode == 0, run.stderr[-2_000:]
    *lines, peak = map(json.loads, run.stdout.splitlines())
    unit = 1_000_000 if sys.platform == "darwin" else 1_000  # bytes there, kilobytes elsewhere
    return {name: found for name, *found in lines} | {"": peak / unit}


@pytest.mark.parametrize(("name", "message"), [(name, message) for name, (_, message) in CASES.items()])
def test_it_ends_soon_in_a_clear_error(ended: Mapping[str, Any], name: str, message: str) -> None:
    seconds, count, *first = ended[name]
    assert seconds < SECONDS
    assert bool(count) is bool(message), first
    assert message in "".join(first)
    assert len("".join(first)) < 2_000


def test_all_of_it_stays_within_memory(ended: Mapping[str, Any]) -> None:
    assert 10 < ended[""] < PEAK_MB
