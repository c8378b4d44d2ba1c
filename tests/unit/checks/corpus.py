"""The corpus of checks: `tests/corpus/checks/<check>/{good,bad}/<case>/`, each a change to a project that is clean.

`case.json` says what a case is about, which files of the base it removes, which text it replaces in them (`edit`), and
the findings that `lockstep check` gives then. Whatever else lies in a case's folder is laid over the base.
"""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.check import Checked, check
from pipelines.guard import check_stacks
from pipelines.linting import lint, requests_of
from pipelines.linting.request import LintRequest
from pipelines.workspace import Workspace
from validator.checks import CHECKS
from validator.rendering import as_json, survey
from validator.reports import FORMATS, Report

CORPUS = Path(__file__).parents[2] / "corpus" / "checks"
BASES = "bases"
DAY = datetime.date(2026, 6, 30)
"""The day on which every case is checked, so that what expires does so by itself."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case; `name` is `<check>/<good or bad>/<case>`."""

    name: str

    @property
    def check(self) -> str:
        """The id of the check that the case is about."""
        return self.name.split("/")[0]

    @property
    def is_bad(self) -> bool:
        """Whether the check finds something."""
        return self.name.split("/")[1] == "bad"

    @property
    def file(self) -> Path:
        """Where the case is described."""
        return CORPUS / self.name / "case.json"

    @property
    def description(self) -> dict[str, Any]:
        """What `case.json` says."""
        document: dict[str, Any] = json.loads(self.file.read_text(encoding="utf-8"))
        return document

    def assemble(self, target: Path) -> Path:
        """Lay the case over its base."""
        return assemble(self.file.parent, target)


def assemble(folder: Path, target: Path) -> Path:
    """Make a project of a folder: its base, without what it removes, with its own files, edited.

    Fails where it changes what is not there. A folder without `case.json` is a project as it is.
    """
    described = folder / "case.json"
    if not described.exists():
        return shutil.copytree(folder, target, symlinks=True)
    said = json.loads(described.read_text(encoding="utf-8"))
    assemble(CORPUS / BASES / said["base"], target)
    for name in said.get("remove", ()):
        path = target / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    ignored = shutil.ignore_patterns("case.json")
    shutil.copytree(folder, target, symlinks=True, dirs_exist_ok=True, ignore=ignored)
    for edit in said.get("edit", ()):
        path = target / edit["file"]
        text = path.read_text(encoding="utf-8")
        assert edit["old"] in text, f"{folder.name}: {edit['file']} does not hold {edit['old']!r}"
        path.write_text(text.replace(edit["old"], edit["new"]), encoding="utf-8")
    return target


CASES = sorted(
    (Case(path.parent.relative_to(CORPUS).as_posix()) for path in CORPUS.glob("*/[gb]*/*/case.json")),
    key=lambda case: case.name,
)


def findings(root: Path, tools: Path) -> list[dict[str, Any]]:
    """Return the findings of one project as `lockstep check --format json` gives them.

    `tools` holds what cfn-lint and cfn-guard said before, for every case of the corpus.
    """
    cache = root / ".lockstep" / "cache"
    cache.mkdir(parents=True)
    for name in ("lint", "guard"):
        (tools / name).mkdir(exist_ok=True)
        (cache / name).symlink_to(tools / name)
    return reported(check(root, DAY))


def reported(checked: Checked) -> list[dict[str, Any]]:
    """Return findings as the report for programs has them."""
    facts = {name: one.facts for name, one in CHECKS.items()}
    document = json.loads(FORMATS["json"](Report(checked.findings, checked.stacks, 0.0, facts)))
    found: list[dict[str, Any]] = document["findings"]
    return found


def run_tools(roots: Iterable[Path], tools: Path) -> None:
    """Run cfn-lint and cfn-guard once over everything that differs between projects, and keep what they say.

    One process of each instead of one a case: both take longer to start than to judge.
    """
    requests: list[LintRequest] = []
    stacks: list[dict[str, Any]] = []
    for root in roots:
        project = Workspace(root).survey().project
        requests += requests_of(project)
        stacks += as_json(survey(project.stacks)[0])
    lint(requests, tools / "lint", 2)
    check_stacks(stacks, cache=tools / "guard")
