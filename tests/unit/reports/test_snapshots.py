"""Every format of every sample, whole. `UPDATE_SNAPSHOTS=1 make test PYTEST_ARGS=tests/unit/reports` writes them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from validator.reports import FORMATS

from .samples import SAMPLES

SNAPSHOTS = Path(__file__).parent / "snapshots"
ENDINGS = {
    "text": "txt",
    "json": "json",
    "sarif": "sarif",
    "github": "github.txt",
    "junit": "xml",
    "markdown": "md",
}


def test_every_module_of_a_format_is_registered() -> None:
    """A format is one file and one line: neither without the other."""
    package = Path(FORMATS["text"].__code__.co_filename).parent
    modules = {path.stem for path in package.glob("*.py")} - {"__init__", "escaping", "report"}
    assert modules == set(FORMATS) == set(ENDINGS)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_whole_output(sample: str, name: str) -> None:
    """Byte for byte."""
    path = SNAPSHOTS / f"{sample}.{ENDINGS[name]}"
    output = FORMATS[name](SAMPLES[sample]).encode("utf-8")
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_bytes(output)
    assert output == path.read_bytes()


def test_no_snapshot_is_left_over() -> None:
    expected = {f"{sample}.{ending}" for sample in SAMPLES for ending in ENDINGS.values()}
    assert {path.name for path in SNAPSHOTS.iterdir()} == expected
