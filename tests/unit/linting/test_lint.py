"""Requests to findings: each distinct job once, results kept, environments joined (REQ-V6, REQ-V9)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import partialmethod
from pathlib import Path

import pytest

from pipelines.kept import Store
from pipelines.linting import kept, lint, pool, requests_of, settings_of
from pipelines.linting.job import Job
from pipelines.workspace import Workspace
from validator.effective import Symbol
from validator.findings import Severity
from validator.model import Project

from .samples import BAD, FINISHED, GOOD, outcome, request

ROOT = Path(__file__).parents[3]
Runs = list[list[str]]


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    """The regions of the jobs that were really done, a list for each run."""
    seen: Runs = []

    def counting(jobs: Mapping[str, Job], workers: int, seconds: float, keep: pool.Keep) -> None:
        seen.append([job.region for job in jobs.values()])
        pool.run(jobs, workers, seconds, keep)

    monkeypatch.setattr(sys.modules[lint.__module__], "run", counting)
    return seen


def files(cache: Path) -> dict[str, float]:
    return {path.name: path.stat().st_mtime_ns for path in cache.glob("*.json")}


def test_findings_name_file_and_environments(runs: Runs) -> None:
    """The same content is linted once; each file and environment that has it gets the findings."""
    other = request(BAD, file="templates/copy.yaml", environments=("prod",))
    requests = [request(BAD), request(BAD, environments=("staging",)), other, request(GOOD)]
    found = [finding for finding in lint(requests, None, 1) if "E3012" in finding.message]
    assert [(finding.file, finding.environments) for finding in found] == [
        ("templates/copy.yaml", ("prod",)),
        ("templates/queue.yaml", ("dev", "staging")),
    ]
    assert [len(run) for run in runs] == [2]


def test_parameters_are_told_apart_by_environment(tmp_path: Path) -> None:
    requests = [
        request(parameters={"Delay": value}, environments=(name,))
        for name, value in (("dev", "1"), ("prod", "901"))
    ]
    for _ in range(2):
        (finding,) = lint(requests, tmp_path, 1)
        assert finding.environments == ("prod",)
        assert "'901'" in finding.message


def test_kept_results_are_used_and_only_what_changed_is_done_again(tmp_path: Path, runs: Runs) -> None:
    requests = [request(BAD), request(GOOD), request(GOOD, region="us-east-2")]
    first = lint(requests, tmp_path, 1)
    before = files(tmp_path)
    assert (len(first) > 0, len(before)) == (True, 3)
    assert lint(requests, tmp_path, 1) == first
    requests[2] = replace(requests[2], text=GOOD + "# changed\n")
    assert lint(requests, tmp_path, 1) == first
    assert runs == [["us-east-1", "us-east-1", "us-east-2"], ["us-east-2"]]
    assert files(tmp_path).items() > before.items()
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*\n"


@pytest.mark.parametrize(
    "change",
    [
        {"text": GOOD + "\n"},
        {"region": "us-west-2"},
        {"parameters": {"Delay": "11"}},
        {"deferred": frozenset({"Delay"})},
    ],
    ids=["text", "region", "value", "deferred"],
)
def test_a_result_is_kept_for_exactly_its_content(change: dict[str, object]) -> None:
    def name(**changes: object) -> str:
        given = request(**changes)  # type: ignore[arg-type]
        return kept.digest(Job(given.text, given.region, given.parameters, given.deferred, {}))

    assert name() == name(environments=("prod",), file="templates/other.yaml")
    assert name(**change) != name()


def test_a_result_is_kept_for_exactly_its_rules_and_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    def name(settings: dict[str, object]) -> str:
        kept._tool.cache_clear()
        return kept.digest(Job(GOOD, "us-east-1", FINISHED, frozenset(), settings))

    names = {name({}), name({"include_checks": ["I"]})}
    with monkeypatch.context() as patch:
        patch.setattr(kept, "version", lambda package: f"{package} of tomorrow")
        names.add(name({}))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version", "3.99")
        names.add(name({}))
    assert len(names) == 4
    assert name({}) in names


def test_a_corrupt_result_is_done_again(tmp_path: Path, runs: Runs) -> None:
    first = lint([request(BAD)], tmp_path, 1)
    (file,) = tmp_path.glob("*.json")
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    assert lint([request(BAD)], tmp_path, 1) == first
    assert (len(runs), file.read_bytes()) == (2, whole)


def keep_one(folder: Path) -> Path:
    """Keep the outcome of a bad template, and return its file."""
    kept.Kept.at(folder).put("name", outcome(BAD, FINISHED))
    assert kept.Kept.at(folder).get("name") == outcome(BAD, FINISHED)
    return folder / "name.json"


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"schema": "lockstep/lint/v2"}']
)
def test_a_corrupt_result_is_a_miss(tmp_path: Path, damage: bytes) -> None:
    keep_one(tmp_path).write_bytes(damage)
    assert kept.Kept.at(tmp_path).get("name") is None


@pytest.mark.parametrize(
    "change",
    [{"severity": "fine"}, {"line": "8"}, {"message": None}, {"environments": 1}, {"unknown": 1}],
    ids=lambda change: next(iter(change)),
)
def test_a_result_of_another_shape_is_a_miss(tmp_path: Path, change: dict[str, object]) -> None:
    file = keep_one(tmp_path)
    document = json.loads(file.read_text(encoding="utf-8"))
    document["result"][0] |= change
    file.write_text(json.dumps(document), encoding="utf-8")
    assert kept.Kept.at(tmp_path).get("name") is None


def test_a_result_under_another_name_is_a_miss(tmp_path: Path) -> None:
    keep_one(tmp_path).rename(tmp_path / "other.json")
    assert kept.Kept.at(tmp_path).get("other") is None


def test_a_folder_that_cannot_be_written_to_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert lint([request(BAD)], tmp_path / "file" / "lint", 1) == lint([request(BAD)], None, 1) != []


def test_the_number_of_kept_results_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first; those of the present run stay, however many."""
    monkeypatch.setattr(Store, "__init__", partialmethod(Store.__init__, most=2))
    for name in ("old", "older", "oldest", "leftover"):
        (tmp_path / f"{name}.{'1' if name == 'leftover' else 'json'}").write_text("", encoding="utf-8")
    for age, name in enumerate(("old.json", "older.json", "oldest.json", "leftover.1")):
        os.utime(tmp_path / name, (1000 - age, 1000 - age))
    lint([request(GOOD, region=region) for region in ("us-east-1", "us-east-2", "us-west-2")], tmp_path, 1)
    left = {path.name for path in tmp_path.iterdir()}
    assert left >= {".gitignore", "old.json", "older.json"}
    assert not left & {"oldest.json", "leftover.1"}
    assert len(left) == 6


def test_cfn_lint_is_not_imported_where_everything_is_kept(tmp_path: Path) -> None:
    """Its import takes longer than all the rest; and no process is started."""
    script = f"""
import sys
from pathlib import Path
from pipelines.linting import LintRequest, lint
requests = [LintRequest("templates/queue.yaml", {BAD!r}, "us-east-1", {FINISHED!r}, ("dev",))]
found = lint(requests, Path({str(tmp_path)!r}), 1)
print(len(found), any(name.split(".")[0] == "cfnlint" for name in sys.modules))
"""
    expected = lint([request(BAD)], tmp_path, 1)
    before = files(tmp_path)
    result = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == [str(len(expected)), "False"]
    assert (len(before), files(tmp_path)) == (1, before)


def test_requests_of_a_project_leave_symbols_out() -> None:
    project = Workspace(ROOT).project()
    stack = replace(project.stacks[0], parameters={"Known": "1", "Later": Symbol.named("release")})
    (made,) = requests_of(Project(("dev",), (stack,)))
    assert (made.file, made.text, made.region) == (stack.template, stack.body, stack.region)
    assert (made.parameters, made.deferred) == ({"Known": "1"}, frozenset({"Later"}))
    assert made.environments == (stack.environment,)


def test_this_repository_has_no_findings(kept: Path, runs: Runs) -> None:
    """Every stack of every environment, with its own parameters and region, informational findings included.

    Nothing is left to ask: a check of the repository has asked about all of them.
    """
    requests = requests_of(Workspace(ROOT).project())
    settings = settings_of(ROOT)
    assert settings.values == {"include_checks": ["I"]}
    assert lint(requests, kept / "lint", 2, settings.without_exceptions()) == []
    assert runs == []
    assert len(requests) > 50


def test_a_bad_value_of_this_repository_is_found() -> None:
    """The silence above is not that of a tool that looks away."""
    stacks = [
        stack for stack in requests_of(Workspace(ROOT).project()) if stack.file == "templates/network.yaml"
    ]
    bad = [replace(stack, parameters={**stack.parameters, "LogRetentionDays": "31"}) for stack in stacks]
    found = lint(bad, None, 1)
    assert {finding.severity for finding in found} == {Severity.ERROR}
    assert {finding.environments for finding in found} == {("dev", "staging", "prod")}
