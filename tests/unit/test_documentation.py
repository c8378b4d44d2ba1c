"""What the documents name exists (REQ-X5)."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pipelines import cli

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of every document."""
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "docs/architecture.md"])
def test_folders_and_files_in_code_marks_exist(document: str) -> None:
    """A path with a slash that stands in backquotes is a path of this repository."""
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_.]*)`", text))
    assert named, "the pattern finds nothing"
    missing = [
        name
        for name in named
        if not (ROOT / name).exists() and not name.startswith(("tests/schemas", "env/"))
    ]
    assert [name for name in missing if not (ROOT / "docs" / name).exists()] == []


def test_the_architecture_names_every_folder_and_every_function() -> None:
    """Each package of the code, and the file of each Lambda handler that a stack or a template deploys."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    packages = {
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for root in ("validator", "pipelines", "functions", "sandbox")
        for path in [ROOT / root / "__init__.py", *(ROOT / root).glob("*/__init__.py")]
    }
    deployed = [*ROOT.glob("templates/*.yaml"), *ROOT.glob("sceptre/**/*.yaml")]
    handlers = {
        found.replace(".", "/") + ".py"
        for path in deployed
        for found in re.findall(r"Handler: (functions\.[a-z_.]+)\.handler", path.read_text(encoding="utf-8"))
    }
    assert len(handlers) >= 8, "the pattern finds too little"
    assert {name for name in packages | handlers if f"`{name}`" not in text} == set()


def test_the_readme_names_every_command_and_exit_code() -> None:
    """And no other."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `lockstep ([a-z]+)", text, flags=re.MULTILINE))
    assert named == {*cli.COMMANDS, "sandbox"}
    codes = [int(code) for code in re.findall(r"^\| (\d) \|", text, flags=re.MULTILINE)]
    assert codes == [cli.SUCCESS, cli.FAILURE, cli.USAGE, cli.TECHNICAL, cli.PENDING]


def test_every_decision_record_is_listed() -> None:
    """In the index, by its title."""
    index = (ROOT / "docs/adr/README.md").read_text(encoding="utf-8")
    records = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    assert records
    for record in records:
        title = record.read_text(encoding="utf-8").splitlines()[0].split(" ", 2)[2]
        assert f"]({record.name})" in index
        assert title in index
