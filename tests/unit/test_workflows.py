"""The workflows: `make lint` reads them, and what it does not see holds. Each check fails on a broken copy."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from pipelines import cli
from tests.unit.small_project import FOLDERS, orders_alone
from validator.environments import ENVIRONMENTS

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(
    path
    for path in (ROOT / ".github").rglob("*")
    if path.suffix in {".yml", ".yaml"}
    and path != ROOT / ".github/environments.yaml"  # What protects GitHub.
)
BRANCHES = sorted(["main", *(f"env/{name}" for name in ENVIRONMENTS)])
"""What belongs to no environment has no branch of its own: it is deployed from main."""
TARGETS = set(re.findall(r"^([\w./-]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
MAY_WRITE = {"security-events"}
"""What a job may write, if nothing of a pull request runs in it."""
RUNNER = {"GITHUB_STEP_SUMMARY", "RUNNER_TEMP"}
"""The variables of the runner that commands may use. GitHub sets them, no pull request does."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow: its text, and its content as YAML 1.2 reads it, where `on` is a word."""

    text: str
    body: dict[str, Any]

    @classmethod
    def of(cls, text: str) -> Workflow:
        return cls(text, YAML(typ="safe", pure=True).load(text))

    def steps(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each step with the name of its job."""
        for name, job in self.body["jobs"].items():
            for step in job["steps"]:
                yield name, step

    def commands(self) -> Iterator[list[str]]:
        """Yield the words of each line of each command, operators of the shell on their own."""
        for _, step in self.steps():
            for line in step.get("run", "").splitlines():
                words = shlex.shlex(line, posix=True, punctuation_chars=True)
                words.whitespace_split = True
                yield list(words)


Check = Callable[[Workflow], Iterator[str]]


def runs_for_pull_requests_alone(workflow: Workflow) -> Iterator[str]:
    """Into main and every environment, and never with the rights of the target, as `pull_request_target` would."""
    events = workflow.body["on"]
    if list(events) != ["pull_request"] or list(events["pull_request"]) != ["branches", "types"]:
        yield f"on is {events}"
    elif sorted(events["pull_request"]["branches"]) != BRANCHES:
        yield f"the branches are not {BRANCHES}"
    elif "edited" not in events["pull_request"]["types"]:
        yield "a pull request that is given another base keeps its result"


def permissions_are_least(workflow: Workflow) -> Iterator[str]:
    """None for all jobs; a job that may write runs nothing and checks nothing out."""
    if workflow.body["permissions"] != {}:
        yield "permissions of the workflow are not {}"
    for name, job in workflow.body["jobs"].items():
        permissions = job.get("permissions")
        if not isinstance(permissions, dict):
            yield f"{name}: permissions are not listed"
            continue
        writes = {scope for scope, access in permissions.items() if access != "read"}
        if writes - MAY_WRITE:
            yield f"{name}: may write {writes - MAY_WRITE}"
        if writes and any("run" in step or "checkout" in step["uses"] for step in job["steps"]):
            yield f"{name}: runs what a pull request brings, and may write {writes}"


def actions_are_pinned(workflow: Workflow) -> Iterator[str]:
    """By a whole commit, with the version beside it."""
    for used in re.findall(r"^ *(?:- )?uses:(.*)$", workflow.text, re.MULTILINE):
        if not re.fullmatch(r" [\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used):
            yield f"{used.strip()} is not a commit with its version"


def nothing_is_secret(workflow: Workflow) -> Iterator[str]:
    """No secret, and no token but the one an action takes by itself; a checkout leaves none behind."""
    yield from re.findall(r"\$\{\{[^}]*\b(?:secrets|github\.token)\b", workflow.text)
    yield from re.findall(r"^ *secrets:.*$", workflow.text, re.MULTILINE)
    for name, step in workflow.steps():
        checks_out = step.get("uses", "").startswith("actions/checkout@")
        if checks_out and step.get("with", {}).get("persist-credentials") is not False:
            yield f"{name}: the checkout leaves its token behind"


def commands_are_of_the_project(workflow: Workflow) -> Iterator[str]:
    """One each line: `make` with a target that exists, `.ci/run`, or `lockstep` with options that exist."""
    for words in workflow.commands():
        line = shlex.join(words)
        operators = [word for word in words if not set(word) - set("();<>|&")]
        if operators:
            yield f"{line}: more than one command"
        elif words[0] == "make":
            yield from (f"{line}: no target {word}" for word in words[1:] if word not in TARGETS)
        elif words[0] == ".venv/bin/lockstep":
            yield from _misused(words[1:])
        elif words != [".ci/run"] or not os.access(ROOT / words[0], os.X_OK):
            yield f"{line}: neither make, .ci/run nor lockstep"


def _misused(words: list[str]) -> Iterator[str]:
    group = click.Context(cli.cli)
    command = cli.cli.get_command(group, words[0])
    if command is None:
        yield f"lockstep has no command {words[0]}"
        return
    try:
        command.make_context(words[0], words[1:], parent=group)
    except click.UsageError as error:
        yield error.format_message()


def commands_are_not_composed(workflow: Workflow) -> Iterator[str]:
    """A `${{ }}` in a command is text of a pull request that a shell reads."""
    for name, step in workflow.steps():
        for text in (step.get("run", ""), step.get("shell", "")):
            if "${{" in text:
                yield f"{name}: an expression in {text!r}"
            yield from (f"{name}: ${word}" for word in set(re.findall(r"\$\{?(\w+)", text)) - RUNNER)


def failures_fail(workflow: Workflow) -> Iterator[str]:
    """No step and no job may fail without the run failing, and none runs on without end or twice."""
    if "continue-on-error" in workflow.text:
        yield "continue-on-error"
    group = workflow.body.get("concurrency", {})
    if "github.event.pull_request.number" not in group.get("group", "") or not group.get(
        "cancel-in-progress"
    ):
        yield "a new commit does not end the run of the last"
    for name, job in workflow.body["jobs"].items():
        if not isinstance(job.get("timeout-minutes"), int):
            yield f"{name}: no timeout"


CHECKS: tuple[Check, ...] = (
    runs_for_pull_requests_alone,
    permissions_are_least,
    actions_are_pinned,
    nothing_is_secret,
    commands_are_of_the_project,
    commands_are_not_composed,
    failures_fail,
)

# A check, and the change to check.yml that it must notice: what stands there, what stands there instead.
BROKEN: tuple[tuple[Check, str, str], ...] = (
    (runs_for_pull_requests_alone, "  pull_request:\n", "  pull_request_target:\n"),
    (runs_for_pull_requests_alone, "  pull_request:\n", "  workflow_dispatch:\n  pull_request:\n"),
    (runs_for_pull_requests_alone, ", env/prod]", "]"),
    (runs_for_pull_requests_alone, ", edited]", "]"),
    (permissions_are_least, "permissions: {}\n", "permissions: read-all\n"),
    (permissions_are_least, "    permissions:\n      contents: read # to check out\n", ""),
    (permissions_are_least, "contents: read # to check out", "contents: write # to check out"),
    (permissions_are_least, "contents: read # to check out", "security-events: write # to upload findings"),
    (permissions_are_least, "actions: read", "actions: write"),
    (actions_are_pinned, "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7.0.1"),
    (actions_are_pinned, "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@3d3c42e5"),
    (actions_are_pinned, " # v8.0.1", ""),
    (nothing_is_secret, "PYTHON: python3.11", "TOKEN: ${{ secrets.TOKEN }}"),
    (nothing_is_secret, "PYTHON: python3.11", "TOKEN: ${{ github.token }}"),
    (nothing_is_secret, "    needs: check\n", "    needs: check\n    secrets: inherit\n"),
    (nothing_is_secret, "persist-credentials: false", "fetch-depth: 1"),
    (nothing_is_secret, "persist-credentials: false", "persist-credentials: true"),
    (commands_are_of_the_project, "make .venv/main", "make .venv/other"),
    (commands_are_of_the_project, "run: .ci/run", "run: .ci/other"),
    (commands_are_of_the_project, "run: .ci/run", "run: .ci/run || true"),
    (commands_are_of_the_project, "run: .ci/run", "run: pytest"),
    (commands_are_of_the_project, "lockstep check", "lockstep chek"),
    (commands_are_of_the_project, "--format github", "--format gitlab"),
    (commands_are_of_the_project, '--output "sarif=', '--report "sarif='),
    (commands_are_not_composed, "run: .ci/run", "run: make ${{ github.event.pull_request.title }}"),
    (commands_are_not_composed, "run: .ci/run", "run: make $GITHUB_HEAD_REF"),
    (failures_fail, "    timeout-minutes: 15\n", ""),
    (failures_fail, "        run: .ci/run", "        continue-on-error: true\n        run: .ci/run"),
    (failures_fail, "  cancel-in-progress: true\n", ""),
)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_workflow_holds(check: Check, path: Path) -> None:
    assert list(check(Workflow.of(path.read_text(encoding="utf-8")))) == []


@pytest.mark.parametrize(("check", "old", "new"), BROKEN, ids=[check.__name__ for check, *_ in BROKEN])
def test_a_broken_workflow_is_noticed(check: Check, old: str, new: str) -> None:
    text = (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
    assert old in text, "the change no longer applies"
    assert list(check(Workflow.of(text.replace(old, new, 1)))) != []


def test_every_check_is_shown_to_fail() -> None:
    assert {check for check, *_ in BROKEN} == set(CHECKS)


@pytest.mark.parametrize(
    ("tool", "old", "new"),
    [
        ("zizmor", "", ""),
        ("zizmor", "@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7.0.1"),
        ("zizmor", "permissions: {}\n", "permissions: write-all\n"),
        ("zizmor", "  pull_request:\n", "  pull_request_target:\n"),
        ("zizmor", "persist-credentials: false", "persist-credentials: true"),
        ("zizmor", "run: .ci/run", "run: make ${{ github.event.pull_request.title }}"),
        ("zizmor", "security-events: write # to upload findings", "security-events: write"),
        ("check-jsonschema", "", ""),
        ("check-jsonschema", "runs-on:", "run-on:"),
        ("check-jsonschema", "timeout-minutes: 15", "timeout: 15"),
    ],
)
def test_make_lint_fails_for_a_broken_workflow(tool: str, old: str, new: str, tmp_path: Path) -> None:
    """And only for a broken one; run as the Makefile has it."""
    planned = subprocess.run(["make", "-n", "lint"], cwd=ROOT, capture_output=True, text=True, check=True)
    (command,) = re.findall(rf"^\.venv/bin/({tool} .*)$", planned.stdout, re.MULTILINE)
    workflow = tmp_path / ".github/workflows/check.yml"
    workflow.parent.mkdir(parents=True)
    text = (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
    assert old in text, "the change no longer applies"
    workflow.write_text(text.replace(old, new, 1), encoding="utf-8")
    command = f"{shlex.quote(str(Path(sys.executable).parent))}/{command}"
    result = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=False)
    assert (result.returncode != 0) == (old != new)


def test_there_are_workflows_and_make_lint_reads_them() -> None:
    assert ROOT / ".github/workflows/check.yml" in WORKFLOWS
    assert {path.parent for path in WORKFLOWS} == {ROOT / ".github/workflows"}
    assert {path.suffix for path in WORKFLOWS} == {".yml"}, "the Makefile names *.yml"


def check_step() -> str:
    """Return the command of the workflow's check."""
    workflow = Workflow.of((ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8"))
    (command,) = [step["run"] for _, step in workflow.steps() if "lockstep check" in step.get("run", "")]
    return str(command)


@pytest.mark.parametrize("is_broken", [False, True], ids=["clean", "broken"])
def test_the_check_of_a_pull_request_runs_as_the_runner_runs_it(
    is_broken: bool, tmp_path: Path, kept: Path
) -> None:
    """Annotations in the log, SARIF for code scanning, a summary; the job fails where something is wrong.

    The whole project is clean; one workload's is broken.
    """
    project = tmp_path / "a project"
    if is_broken:
        orders_alone(project)
        config = project / "sceptre/config/prod/orders/config.yaml"
        text = config.read_text(encoding="utf-8")
        config.write_text(text.replace("memory_mb: 2048", "memory_mb: 3008"), encoding="utf-8")
    else:
        for name in FOLDERS:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, project / name, symlinks=True, ignore=ignored)
    shutil.copy(ROOT / ".cfnlintrc.yaml", project)
    (project / ".lockstep/cache").mkdir(parents=True)
    for name in ("lint", "guard"):  # What another test found of the same content is not asked for again.
        (project / ".lockstep/cache" / name).symlink_to(kept / name)
    summary, folder = tmp_path / "summary.md", tmp_path / "runner temp"
    summary.touch()
    folder.mkdir()
    command = check_step().replace(".venv/bin/", f"{shlex.quote(str(Path(sys.executable).parent))}/")
    env = {**os.environ, "GITHUB_STEP_SUMMARY": str(summary), "RUNNER_TEMP": str(folder), "CI": "true"}
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == int(is_broken), done.stdout + done.stderr
    results = json.loads((folder / "check.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert summary.read_text(encoding="utf-8").startswith("<!-- lockstep check -->")
    annotations = [line for line in done.stdout.splitlines() if line.startswith("::error ")]
    assert bool(annotations) == bool(results) == is_broken
    for line in annotations:
        assert "memory_mb" in line
