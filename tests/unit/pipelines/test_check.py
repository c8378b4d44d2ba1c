"""`lockstep check` as a command: what it prints and writes, what it keeps, and what it says when a tool fails."""

from __future__ import annotations

import datetime
import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines import check, cli, guard
from pipelines.kept import Store
from pipelines.linting import pool
from pipelines.workspace import Workspace
from tests.unit.pipelines.test_cli import validate

BASE = Path(__file__).parents[2] / "corpus" / "checks" / "bases" / "house"
TOO_LONG = ("MessageRetentionPeriod: 1209600", "MessageRetentionPeriod: 1209601")
"""A change that cfn-lint refuses: SQS keeps a message for two weeks at most."""
DAY = datetime.date(2026, 6, 30)

pytestmark = pytest.mark.xdist_group("check")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a clean project that was checked once, so that everything of it is kept."""
    root = shutil.copytree(BASE, tmp_path_factory.mktemp("checked") / "project", symlinks=True)
    assert check.check(root, DAY).findings == ()
    return root


@pytest.fixture
def project(checked: Path, tmp_path: Path) -> Path:
    """Return a copy of it; results are kept by content and not by place, but for the whole run."""
    return shutil.copytree(checked, tmp_path / "project", symlinks=True)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the templates that cfn-lint is asked about, and the stacks that cfn-guard is."""
    asked: list[str] = []
    run, judge = pool.run, guard._judge

    def counted_run(jobs, *more):  # type: ignore[no-untyped-def]
        asked.extend("lint" for _ in jobs)
        return run(jobs, *more)

    def counted_judge(stacks, *more):  # type: ignore[no-untyped-def]
        asked.extend(stack["name"] for stack in stacks.values())
        return judge(stacks, *more)

    monkeypatch.setattr(sys.modules["pipelines.linting.lint"], "run", counted_run)
    monkeypatch.setattr(guard, "_judge", counted_judge)
    yield asked


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{old!r} is not in {path.name}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_clean_project_is_success(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check", "--project", str(project)]) == cli.SUCCESS
    assert capsys.readouterr().out.startswith("No findings in ")


def test_one_run_prints_one_format_and_writes_the_others(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(project / "templates" / "queue.yaml", *TOO_LONG)
    files = {name: tmp_path / f"report.{name}" for name in ("sarif", "junit", "markdown", "github", "text")}
    outputs = [part for name, path in files.items() for part in ("--output", f"{name}={path}")]
    assert cli.run(["check", "--project", str(project), "--format", "json", *outputs]) == cli.FAILURE
    document = validate(capsys.readouterr().out, "check")
    assert document["findings"]
    results = json.loads(files["sarif"].read_text(encoding="utf-8"))["runs"][0]["results"]
    assert len(results) == len(document["findings"])
    assert files["markdown"].read_text(encoding="utf-8").startswith("<!-- lockstep check -->")
    assert "::error file=templates/queue.yaml," in files["github"].read_text(encoding="utf-8")
    assert "<failure" in files["junit"].read_text(encoding="utf-8")
    assert "MessageRetentionPeriod: 1209601" in files["text"].read_text(encoding="utf-8"), (
        "the source line is shown"
    )


@pytest.mark.parametrize("output", ["html=x", "json", "json=", "=x"])
def test_an_output_of_another_form_is_refused_before_anything_is_done(output: str, project: Path) -> None:
    assert cli.run(["check", "--project", str(project), "--output", output]) == cli.USAGE


def test_an_output_that_cannot_be_written_is_a_technical_error(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["check", "--project", str(project), "--output", f"json={tmp_path / 'no' / 'folder'}"]
    assert cli.run(arguments) == cli.TECHNICAL
    assert "cannot be written" in capsys.readouterr().err


def test_an_environment_shows_what_concerns_it_and_what_belongs_to_none(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(project / "sceptre/config/dev/config.yaml", 'account: "', 'account: "9')

    def shown(*environments: str) -> tuple[int, set[str]]:
        code = cli.run(["check", *environments, "--project", str(project), "--format", "json"])
        return code, {one["check"] for one in json.loads(capsys.readouterr().out)["findings"]}

    assert shown("dev") == (cli.FAILURE, {"settings"})
    assert shown("prod") == (cli.SUCCESS, set())
    assert shown("dev", "prod") == (cli.FAILURE, {"settings"})
    assert cli.run(["check", "prd", "--project", str(project)]) == cli.USAGE
    assert "prod" in capsys.readouterr().err


def test_a_run_over_the_same_content_on_the_same_day_is_kept(project: Path, jobs: list[str]) -> None:
    first = check.check(project, DAY)
    jobs.clear()
    assert check.check(project, DAY) == first
    assert check.check(project, DAY + datetime.timedelta(days=1)).findings == first.findings
    assert jobs == [], "neither tool was asked again"


def test_a_template_that_changed_is_all_that_is_done_again(project: Path, jobs: list[str]) -> None:
    check.check(project, DAY)
    jobs.clear()
    edit(project / "templates" / "queue.yaml", "maxReceiveCount: 3", "maxReceiveCount: 4")
    assert check.check(project, DAY).findings == ()
    stacks = [
        stack for stack in Workspace(project).survey().project.stacks if stack.template.endswith("queue.yaml")
    ]
    assert sorted(jobs) == sorted([stack.name for stack in stacks] + ["lint"] * len(stacks))


@pytest.mark.parametrize(
    "rubbish",
    [b"", b"{", b"\xff", b"[]", b'{"schema": "lockstep/checked/v0"}', b"[" * 100_000],
    ids=["empty", "cut off", "no text", "a list", "old", "deep"],
)
def test_kept_results_that_are_broken_or_old_are_a_miss(project: Path, rubbish: bytes) -> None:
    """Whole runs and what cfn-guard said; tests/unit/linting has the same of cfn-lint."""
    edit(project / "sceptre/config/dev/config.yaml", 'account: "', 'account: "9')
    expected = check.check(project, DAY)
    assert expected.findings
    files = [
        file for kind in ("checked", "guard") for file in (project / ".lockstep/cache" / kind).glob("*.json")
    ]
    assert len(files) > 2
    for file in files:
        file.write_bytes(rubbish)
    assert check.check(project, DAY) == expected


def test_results_that_came_with_a_branch_are_not_used(project: Path) -> None:
    """Somebody commits a whole run without findings under the right name: it is named, and found all the same."""
    edit(project / "templates" / "queue.yaml", *TOO_LONG)
    expected = check.check(project, DAY).findings
    workspace = Workspace(project)
    store = Store(workspace.cache("checked"), check.SCHEMA)
    store.put(check._digest(workspace, DAY), {"counts": {"dev": 1}, "findings": []})
    assert check.check(project, DAY).findings == (), "the forgery is of no use to this test"
    for command in (["init", "-q"], ["add", "-f", ".lockstep"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    found = check.check(project, DAY).findings
    assert set(expected) < set(found)
    (stray,) = set(found) - set(expected)
    assert (stray.file, stray.check) == (".lockstep", "config-files")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (None, "is not installed"),
        ("#!/bin/sh\nexit 139\n", "ended with 139"),
        ("#!/bin/sh\nkill -9 $$\n", "ended with -9"),
        ("#!/bin/sh\necho '[]'\n", "leaves out or adds documents"),
        ("#!/bin/sh\necho rubbish\n", "cannot be read"),
        ("#!/bin/sh\nsleep 60\n", "did not end within"),
    ],
    ids=["missing", "crash", "killed", "empty", "rubbish", "hangs"],
)
def test_a_guard_that_gives_no_answer_is_an_error_and_the_rest_is_checked(
    script: str | None, words: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is never a pass, and what the run found is not kept, since the next run may find more."""
    engine = tmp_path / "cfn-guard"
    if script is None:
        monkeypatch.setattr(guard, "TOOL", tmp_path)
        monkeypatch.setattr(guard, "PACKAGE", "nothing")
        monkeypatch.setenv("PATH", str(tmp_path))
    else:
        engine.write_text(script, encoding="utf-8")
        engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(guard, "find_engine", lambda: engine)
    real = guard.run
    monkeypatch.setattr(guard, "run", lambda command, seconds: real(command, min(seconds, 3)))
    edit(project / "templates" / "queue.yaml", *TOO_LONG)
    found = check.check(project, DAY).findings
    (failed,) = [one for one in found if one.check == "cfn-guard"]
    assert words in failed.message
    assert failed.severity == "error"
    assert [one for one in found if one.check == "cfn-lint"], "the other checks ran"
    monkeypatch.undo()
    assert all(one.check != "cfn-guard" for one in check.check(project, DAY).findings)


def test_a_project_cannot_pass_for_one_of_other_conventions(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody hides the workloads, and turns checks off: where the project has to be our own, that is refused."""
    edit(project / "sceptre/config/config.yaml", "workloads:", "workloadz:")
    (project / "lockstep.yaml").write_text("checks: {without: [cfn-guard, parity]}\n", encoding="utf-8")
    assert cli.run(["check", "--own", "--project", str(project)]) == cli.USAGE
    assert "does not keep Lockstep's own conventions" in capsys.readouterr().err


def test_checks_that_a_project_turns_off_are_named(tmp_path: Path) -> None:
    project = shutil.copytree(BASE.parent / "foreign", tmp_path / "project")
    (project / "lockstep.yaml").write_text("checks: {without: [cfn-guard, cfn-lint]}\n", encoding="utf-8")
    (warning,) = [one for one in check.check(project, DAY).findings if one.file == "lockstep.yaml"]
    assert warning.message == "these checks do not run here: cfn-guard, cfn-lint"
    assert warning.severity == "warning"


@pytest.mark.parametrize("how", ["file", "template"])
def test_errors_of_cfn_lint_cannot_be_turned_off(how: str, project: Path) -> None:
    """Neither by the project's cfn-lint configuration nor by a template's metadata (REQ-V6)."""
    template = project / "templates" / "queue.yaml"
    edit(template, *TOO_LONG)
    if how == "file":
        (project / ".cfnlintrc.yaml").write_text("ignore_checks: [E, W, I]\n", encoding="utf-8")
    else:
        edit(template, "Metadata:\n", "Metadata:\n  cfn-lint: {config: {ignore_checks: [E, W, I]}}\n")
    found = [one for one in check.check(project, DAY).findings if one.check == "cfn-lint"]
    assert any("1209601 is greater than the maximum" in one.message for one in found)


def test_a_project_s_git_configuration_runs_nothing(project: Path) -> None:
    """Whether results are committed is read from the index: git would run what the configuration says."""
    (project / ".lockstep" / "x").write_text("", encoding="utf-8")
    for command in (["init", "-q"], ["config", "core.fsmonitor", "touch RAN; false"]):
        subprocess.run(["git", *command], cwd=project, check=True)
    assert not Workspace(project).is_committed
    assert not (project / "RAN").exists()
    subprocess.run(["git", "-c", "core.fsmonitor=", "add", "-f", ".lockstep/x"], cwd=project, check=True)
    assert Workspace(project).is_committed
    (project / ".git" / "index").chmod(0)
    (project / ".git" / "index").unlink()
    (project / ".git" / "index").mkdir()
    assert Workspace(project).is_committed, "an index that cannot be read may name anything"


def test_modules_of_the_folder_that_it_runs_in_are_not_imported(project: Path) -> None:
    shutil.rmtree(project / ".lockstep")
    for name in ("multiprocessing", "cfnlint", "validator", "yaml"):
        (project / f"{name}.py").write_text("open('RAN', 'w').close()\n", encoding="utf-8")
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lockstep"), "check"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, (project / "RAN").exists()) == (0, False), done.stdout + done.stderr
