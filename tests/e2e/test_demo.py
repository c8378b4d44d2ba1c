"""The demo as the README has it, whole: `make demo` is this command (REQ-X1)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from tests.e2e.commands import BIN, ROOT


def test_it_tells_the_whole_story_and_leaves_nothing_behind(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [BIN / "lockstep", "sandbox", "demo"],
        cwd=clone,
        env=env,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found, resolved = "Subject: [prod] FOUND drift", "Subject: [prod] RESOLVED drift"
    assert 0 < done.stdout.find(found) < done.stdout.find(resolved), done.stdout
    board = done.stdout.partition(resolved)[2]
    assert "control/agent (StackSet)" in board
    assert not {"missing", "unknown", "drifted", "differs"} & set(board.split()), board
    left = subprocess.run(
        [BIN / "lockstep", "sandbox", "status"],
        cwd=clone,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "not running" in left.stdout + left.stderr
