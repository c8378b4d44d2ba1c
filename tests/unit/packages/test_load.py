"""What stacks name a package by: worked out once for all stacks of a load, and anew at the next (REQ-P6)."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from pipelines.packages import package_key, source
from tests.unit.small_project import orders_alone
from validator.loader import load


def named(root: Path) -> set[str]:
    """Return every key of a package that a parameter of the project at `root` is."""
    values = [str(value) for stack in load(root).project.stacks for value in stack.parameters.values()]
    return {value for value in values if re.fullmatch(r"functions/\w+/\w+\.zip", value)}


def test_a_package_is_read_once_a_load_and_a_change_is_seen_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = orders_alone(tmp_path / "project")
    read: Counter[str] = Counter()

    def counted(root: Path, name: str) -> source.PackageSource:
        read[name] += 1
        return real(root, name)

    real = source.read_source
    monkeypatch.setattr(sys.modules[source.__name__], "read_source", counted)
    before = named(root)
    assert read == {"orders": 1}
    assert before == {package_key(root, "orders")}
    handler = root / "functions/orders/api.py"
    handler.write_text(handler.read_text(encoding="utf-8") + "\n# Changed.\n", encoding="utf-8")
    after = named(root)
    assert after == {package_key(root, "orders")}
    assert len(before | after) == 2
