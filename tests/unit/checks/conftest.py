"""What cfn-lint and cfn-guard say of the whole corpus, asked once for all cases and all workers of the tests."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from .corpus import BASES, CASES, CORPUS, assemble, run_tools


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the folder with what the tools say of every case; whoever comes first asks, the others wait."""
    own = tmp_path_factory.getbasetemp()
    folder = (own if worker_id == "master" else own.parent) / "corpus-of-checks"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            bases = [assemble(path, folder / BASES / path.name) for path in (CORPUS / BASES).iterdir()]
            run_tools([*bases, *(case.assemble(folder / case.name) for case in CASES)], folder)
            (folder / "done").touch()
    return folder
