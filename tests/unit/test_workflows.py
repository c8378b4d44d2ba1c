"""The workflows: `make lint` reads them, and what it does not see holds. Each check fails on a broken copy."""

from __future__ import annotations

import itertools
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
from tests.e2e.github_runner import EXPRESSION, evaluated
from tests.unit.small_project import FOLDERS, orders_alone
from validator.environments import ENVIRONMENTS

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted(
    path
    for path in (ROOT / ".github").rglob("*")
    if path.suffix in {".yml", ".yaml"}
    and path != ROOT / ".github/environments.yaml"  # What protects GitHub.
)
TARGETS = set(re.findall(r"^([\w./-]+):(?!=)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
# What belongs to no environment has no branch of its own: it is deployed from main.
ENVIRONMENT_BRANCHES = [f"env/{name}" for name in ENVIRONMENTS]
EVENTS: dict[str, dict[str, list[str]]] = {
    "check": {"pull_request": ["main", *ENVIRONMENT_BRANCHES]},
    "plan": {"pull_request": ENVIRONMENT_BRANCHES},
    "deploy": {"push": ENVIRONMENT_BRANCHES, "workflow_dispatch": []},
    "promote": {"schedule": [], "workflow_dispatch": []},
    "rollback": {"workflow_dispatch": []},
    "drift": {"schedule": [], "workflow_dispatch": []},
    "protect": {"schedule": [], "workflow_dispatch": []},
}
"""What begins each workflow, with the branches that it is for."""
MAY_WRITE = {
    ("check", "code-scanning"): {"security-events"},
    ("plan", "plan"): {"id-token"},
    ("plan", "comment"): {"pull-requests"},
    ("deploy", "plan"): {"id-token"},
    ("deploy", "deploy"): {"contents", "id-token"},
    ("promote", "promote"): {"contents", "id-token", "pull-requests"},
    ("rollback", "find"): {"id-token"},
    ("rollback", "look"): {"id-token"},
    ("rollback", "rollback-prod"): {"id-token"},
    ("rollback", "rollback-staging"): {"id-token"},
    ("rollback", "rollback-dev"): {"id-token"},
    ("drift", "drift"): {"id-token"},
}
"""What a job may write; any other job nothing."""
RUNNER = {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "RUNNER_TEMP"}
"""The variables of the runner that commands may use. GitHub sets them, no pull request does."""
SCRIPTS = {".ci/run", ".github/identity", ".github/rollback"}
AFTER = {
    ">": re.compile(r"\$RUNNER_TEMP/[a-z]+\.(json|md)"),
    ">>": re.compile(r"\$GITHUB_STEP_SUMMARY"),
    "|": re.compile(r"tee -a \$GITHUB_STEP_SUMMARY"),
    "||": re.compile(r"test \$\? -eq 4"),
}
"""What may follow a command: where its output goes, and that "not yet" is no failure."""
SHOWN = {"printf", "head"}
"""Commands that write into the summary what another one found."""


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow: its text, and its content as YAML 1.2 reads it, where `on` is a word."""

    text: str
    body: dict[str, Any]

    @classmethod
    def of(cls, text: str) -> Workflow:
        return cls(text, YAML(typ="safe", pure=True).load(text))

    @property
    def name(self) -> str:
        return str(self.body["name"])

    def runs_a_pull_request(self, job: dict[str, Any]) -> bool:
        """Tell whether what a pull request brings is checked out where a job runs."""
        checkouts = [one for one in job["steps"] if "actions/checkout@" in one.get("uses", "")]
        trusted = "${{ github.event.pull_request.base.sha }}"
        return "pull_request" in self.body["on"] and any(
            one.get("with", {}).get("ref") != trusted for one in checkouts
        )

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


def begins_as_meant(workflow: Workflow) -> Iterator[str]:
    """And never with the rights of the target for what a pull request brings, as `pull_request_target` would."""
    found = {
        name: (event or {}).get("branches", []) if isinstance(event, dict | None) else []
        for name, event in workflow.body["on"].items()
    }
    if found != EVENTS[workflow.name]:
        yield f"on is {found}"
    pull = workflow.body["on"].get("pull_request")
    if pull is not None and (set(pull) != {"branches", "types"} or "edited" not in pull["types"]):
        yield "a pull request that is given another base keeps its result"


def permissions_are_least(workflow: Workflow) -> Iterator[str]:
    """None for all jobs; where a pull request's files are, a job may write nothing, and be known to AWS at most."""
    if workflow.body["permissions"] != {}:
        yield "permissions of the workflow are not {}"
    for name, job in workflow.body["jobs"].items():
        permissions = job.get("permissions")
        if not isinstance(permissions, dict):
            yield f"{name}: permissions are not listed"
            continue
        writes = {scope for scope, access in permissions.items() if access != "read"}
        if writes != MAY_WRITE.get((workflow.name, name), set()):
            yield f"{name}: may write {writes}"
        if writes - {"id-token"} and workflow.runs_a_pull_request(job):
            yield f"{name}: runs what a pull request brings, and may write {writes}"
        if "id-token" in writes and "environment" not in job:
            yield f"{name}: is known to AWS by no environment"


def actions_are_pinned(workflow: Workflow) -> Iterator[str]:
    """By a whole commit, with the version beside it."""
    for used in re.findall(r"^ *(?:- )?uses:(.*)$", workflow.text, re.MULTILINE):
        if not re.fullmatch(r" [\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40} # v\d+\.\d+\.\d+", used):
            yield f"{used.strip()} is not a commit with its version"


def nothing_is_secret(workflow: Workflow) -> Iterator[str]:
    """No secret but an environment's key, for the action that takes it; no token where a pull request's files are."""
    yield from re.findall(r"^ *secrets:.*$", workflow.text, re.MULTILINE)
    outside = {key: value for key, value in workflow.body.items() if key != "jobs"}
    if re.search(r"\bsecrets\.|github\.token", json.dumps(outside)):
        yield "a secret for every job"
    for name, job in workflow.body["jobs"].items():
        around = {key: value for key, value in job.items() if key != "steps"}
        for step in (around, *job["steps"]):
            text = json.dumps(step)
            takes_key = "actions/create-github-app-token@" in step.get("uses", "") and "environment" in job
            administers = job.get("environment") == "protection"
            key = "secrets.LOCKSTEP_PROTECT_APP_KEY" if administers else "secrets.LOCKSTEP_APP_KEY"
            if re.search(r"\bsecrets\b", text.replace(key, "") if takes_key else text):
                yield f"{name}: a secret"
            if "permission-administration" in text and not administers:
                yield f"{name}: an app that administers"
            if takes_key and not any(one.startswith("permission-") for one in step["with"]):
                yield f"{name}: all that the app may"
            if "permission-contents" in text and "permission-workflows" not in text:
                yield f"{name}: an app that can bring no release back whose workflows are others (REQ-R1)"
            if "github.token" in text and (step is around or workflow.runs_a_pull_request(job)):
                yield f"{name}: a token where a pull request's files are, or in every step"
        runs = [number for number, step in enumerate(job["steps"]) if "run" in step]
        keys = [number for number, step in enumerate(job["steps"]) if "secrets." in json.dumps(step)]
        if keys and max(keys) > min(runs):
            yield f"{name}: something of the release runs before the key was used"
    for name, step in workflow.steps():
        checks_out = step.get("uses", "").startswith("actions/checkout@")
        if checks_out and step.get("with", {}).get("persist-credentials") is not False:
            yield f"{name}: the checkout leaves its token behind"


def commands_are_of_the_project(workflow: Workflow) -> Iterator[str]:
    """`make` with a target that exists, a script, or `lockstep` with options that exist; their output goes on alone."""
    for words in workflow.commands():
        line = shlex.join(words)
        at = [number for number, word in enumerate(words) if not set(word) - set("();<>|&")]
        command = words[: at[0]] if at else words
        for begin, end in itertools.pairwise([*at, len(words)]):
            allowed = AFTER.get(words[begin])
            if allowed is None or not allowed.fullmatch(" ".join(words[begin + 1 : end])):
                yield f"{line}: {words[begin]} is followed by more"
        if command[0] == "make":
            yield from (f"{line}: no target {word}" for word in command[1:] if word not in TARGETS)
        elif command[0] == ".venv/bin/lockstep":
            yield from _misused(command[1:])
        elif command[0] in SCRIPTS:
            if not os.access(ROOT / command[0], os.X_OK):
                yield f"{line}: cannot be run"
        elif command[0] not in SHOWN:
            yield f"{line}: neither make, a script of ours nor lockstep"


def _misused(words: list[str]) -> Iterator[str]:
    group = click.Context(cli.cli)
    command = cli.cli.get_command(group, words[0])
    if command is None:
        yield f"lockstep has no command {words[0]}"
        return
    values = {
        "$ENVIRONMENT": "prod",
        "${BRANCH#env/}": "prod",
        "$NUMBER": "1",
        "$LOCKSTEP_PLAN": f"sha256:{'0' * 64}",
    }
    given = [values.get(each, each) for each in words]
    try:
        command.make_context(given[0], given[1:], parent=group)
    except click.UsageError as error:
        yield error.format_message()


def commands_are_not_composed(workflow: Workflow) -> Iterator[str]:
    """A `${{ }}` in a command is text of a pull request that a shell reads."""
    for name, step in workflow.steps():
        for text in (step.get("run", ""), step.get("shell", "")):
            if "${{" in text:
                yield f"{name}: an expression in {text!r}"
            known = RUNNER | set(step.get("env", {})) | set(workflow.body["jobs"][name].get("env", {}))
            yield from (f"{name}: ${word}" for word in set(re.findall(r"\$\{?([A-Za-z]\w*)", text)) - known)


GROUPS = {
    "deploy": "deploy-${{ github.ref }}",
    "rollback": "rollback-${{ inputs.environment }}",
}
"""What waits for what: a way back for no deployment, which may wait for people, or an hour (REQ-R1)."""


def failures_fail(workflow: Workflow) -> Iterator[str]:
    """No step and no job may fail without the run failing, and none runs on without end or twice."""
    if "continue-on-error" in workflow.text:
        yield "continue-on-error"
    group = workflow.body.get("concurrency", {})
    by_number = "github.event.pull_request.number" in group.get("group", "")
    if not group or by_number != ("pull_request" in workflow.body["on"]):
        yield "runs are not one after the other"
    if group.get("group") != GROUPS.get(workflow.name, group.get("group")):
        yield f"waits for other runs than it should: {group['group']}"
    # A check may be stopped for a newer one; what asks AWS, or changes it, comes to its own end.
    if group.get("cancel-in-progress") is not (workflow.name == "check"):
        yield "a new run does not end the last, or ends it in the middle"
    for name, job in workflow.body["jobs"].items():
        if not isinstance(job.get("timeout-minutes"), int):
            yield f"{name}: no timeout"


MUST: dict[tuple[str, str, str], str] = {
    ("plan", "plan", "Plan the way back"): "--reverse",  # REQ-R5: before the pull request is approved.
    ("deploy", "plan", "Plan"): "--release @",  # REQ-G1: only a release goes on.
    ("deploy", "plan", "Plan the way back"): "--release @ --reverse",  # REQ-R5: before prod is approved.
    (
        "deploy",
        "deploy",
        "Deploy",
    ): '--expect "$LOCKSTEP_PLAN"',  # REQ-G7: what was approved, and nothing else.
    ("rollback", "find", "Find"): "--dry-run",  # REQ-R1: nobody has said yes.
    ("rollback", "look", "Look"): "--dry-run",
    ("drift", "drift", "Look for drift"): "--detect",  # REQ-C4: looked for, and not only read.
    (
        "protect",
        "protect",
        "Verify",
    ): "--verify",  # REQ-G8: without it a difference is shown, and nothing fails.
}
"""What a command is not itself without."""
PLACES: dict[tuple[str, str], Callable[[str], dict[str, Any]]] = {
    ("plan", "plan"): lambda name: {"github": {"base_ref": f"env/{name}"}},
    ("deploy", "plan"): lambda name: {"github": {"ref_name": f"env/{name}"}},
}
"""The jobs that look at the environment of a branch, each with what GitHub says of the branch."""
EACH = {
    ("promote", "promote"): list(ENVIRONMENTS[1:]),  # REQ-G1: nothing is promoted into the first.
    ("drift", "drift"): list(ENVIRONMENTS),  # REQ-C4
}
"""The jobs that are run for each of some environments."""
DAILY, HALF_HOURLY = r"\d{1,2} \d{1,2} \* \* \*", r"\*/30 \* \* \* \*"
SCHEDULES = {"drift": DAILY, "protect": DAILY, "promote": HALF_HOURLY}
"""How often a workflow begins by itself, as docs/github.md has it (REQ-C4, REQ-G1, REQ-G8)."""


def commands_do_what_they_are_for(workflow: Workflow) -> Iterator[str]:
    """With the option that makes them so; and where one hands its output on, it fails all the same."""
    said = {(workflow.name, job, step["name"]): step.get("run", "") for job, step in workflow.steps()}
    for place, option in MUST.items():
        if place[0] == workflow.name and option not in said.get(place, ""):
            yield f"{place}: no {option}"
    # GitHub's own shell, where none is named, is without pipefail: the last command of a pipe would decide alone.
    shells = {step.get("shell", "") for _, step in workflow.steps()}
    shells |= {
        job.get("defaults", {}).get("run", {}).get("shell", "") for job in workflow.body["jobs"].values()
    }
    named = workflow.body.get("defaults", {}).get("run", {}).get("shell")
    if any("|" in words for words in workflow.commands()) and (named != "bash" or shells != {""}):
        yield "a pipe without pipefail"


def every_environment_has_its_turn(workflow: Workflow) -> Iterator[str]:
    """Each branch in the GitHub environment of its own name, and none is left out, nor looked at but once a year."""
    for (name, job), context in PLACES.items():
        for one in ENVIRONMENTS if name == workflow.name else ():
            found = _worth(workflow.body["jobs"][job]["environment"], context(one))
            if found != f"{one}-plan":
                yield f"{job}: {one} is planned in {found}"
    for (name, job), environments in EACH.items():
        if name == workflow.name:
            found = workflow.body["jobs"][job]["strategy"]["matrix"]
            if found != {"environment": environments}:
                yield f"{job}: for {found}"
    for one in workflow.body["on"].get("schedule", []):
        if not re.fullmatch(SCHEDULES[workflow.name], one["cron"]):
            yield f"begins at {one['cron']}"


def only_what_was_looked_at_is_executed(workflow: Workflow) -> Iterator[str]:
    """REQ-G7, REQ-R1: of the very commit, with the digest that was shown, and after a look that ended well."""
    for name, job in workflow.body["jobs"].items():
        environment = job.get("environment", "")
        if environment.endswith("-plan") or workflow.name not in {"deploy", "rollback"} or name == "plan":
            continue
        (checkout,) = (one for one in job["steps"] if "actions/checkout@" in one.get("uses", ""))
        if checkout["with"].get("ref") != "${{ github.sha }}":
            yield f"{name}: runs what the branch has meanwhile"
        if workflow.name == "deploy":
            (step,) = (one for one in job["steps"] if one["name"] == "Deploy")
            digest = step["env"].get("LOCKSTEP_PLAN")
            if digest != "${{ needs.plan.outputs.digest }}" or job["needs"] != "plan":
                yield f"{name}: expects {digest}"
            if "if" in job:
                yield f"{name}: runs after a plan that failed"
            continue
        for result in ("success", "failure", "cancelled", "skipped"):
            context = {
                "inputs": {"environment": job["env"]["ENVIRONMENT"]},
                "needs": {"look": {"result": result}},
            }
            if bool(_worth(job["if"], context)) != (result == "success"):
                yield f"{name}: runs, or not, after a look that ended as {result}"


def _worth(text: str, context: dict[str, Any]) -> Any:
    found = EXPRESSION.fullmatch(text)
    return evaluated(found[1].replace("\n", " "), context) if found else text


CHECKS: tuple[Check, ...] = (
    begins_as_meant,
    permissions_are_least,
    actions_are_pinned,
    nothing_is_secret,
    commands_are_of_the_project,
    commands_are_not_composed,
    failures_fail,
    commands_do_what_they_are_for,
    every_environment_has_its_turn,
    only_what_was_looked_at_is_executed,
)

# A check, and the change to check.yml that it must notice: what stands there, what stands there instead.
BROKEN: tuple[tuple[Check, str, str], ...] = (
    (begins_as_meant, "  pull_request:\n", "  pull_request_target:\n"),
    (begins_as_meant, "  pull_request:\n", "  workflow_dispatch:\n  pull_request:\n"),
    (begins_as_meant, ", env/prod]", "]"),
    (begins_as_meant, ", edited]", "]"),
    (permissions_are_least, "permissions: {}\n", "permissions: read-all\n"),
    (permissions_are_least, "    permissions:\n      contents: read # to check out\n", ""),
    (permissions_are_least, "contents: read # to check out", "contents: write # to check out"),
    (permissions_are_least, "contents: read # to check out", "security-events: write # to upload findings"),
    (permissions_are_least, "contents: read # to check out", "id-token: write # to deploy"),
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


# The same for other workflows.
BROKEN_ELSEWHERE: tuple[tuple[str, Check, str, str], ...] = (
    ("plan", begins_as_meant, "  pull_request:\n", "  pull_request_target:\n"),
    ("plan", permissions_are_least, "          ref: ${{ github.event.pull_request.base.sha }}\n", ""),
    ("plan", permissions_are_least, "id-token: write", "packages: write"),
    ("plan", nothing_is_secret, "          ref: ${{ github.event.pull_request.base.sha }}\n", ""),
    ("plan", failures_fail, "cancel-in-progress: false", "cancel-in-progress: true"),
    ("deploy", begins_as_meant, ", env/prod]", ", env/prod, main]"),
    ("deploy", failures_fail, "cancel-in-progress: false", "cancel-in-progress: true"),
    ("rollback", failures_fail, "group: rollback-", "group: deploy-"),
    ("deploy", permissions_are_least, "    environment: ${{ needs.plan.outputs.environment }}\n", ""),
    ("deploy", commands_are_not_composed, '"${BRANCH#env/}"', '"${{ github.ref_name }}"'),
    ("deploy", commands_are_not_composed, '"${BRANCH#env/}"', '"${GITHUB_HEAD_REF#env/}"'),
    ("promote", commands_are_of_the_project, "-eq 4", "-eq 1"),
    ("promote", commands_are_of_the_project, "|| test $? -eq 4", "|| true"),
    ("protect", nothing_is_secret, "    environment: protection", "    name2: protection"),
    ("protect", nothing_is_secret, "    environment: protection", "    environment: dev"),
    ("protect", nothing_is_secret, "secrets.LOCKSTEP_PROTECT_APP_KEY", "secrets.LOCKSTEP_APP_KEY"),
    ("rollback", nothing_is_secret, "secrets.LOCKSTEP_APP_KEY", "secrets.LOCKSTEP_PROTECT_APP_KEY"),
    ("rollback", nothing_is_secret, "permission-contents: write", "permission-administration: write"),
    (
        "rollback",
        nothing_is_secret,
        "          permission-contents: write # to push the branch and the tag\n          permission-workflows: write",
        "          # contents and workflows: write",
    ),
    ("deploy", nothing_is_secret, "          permission-workflows: write", "          # workflows: write"),
    ("rollback", nothing_is_secret, "          permission-workflows: write", "          # workflows: write"),
    ("deploy", nothing_is_secret, "- name: Become", "- run: make .venv/main\n      - name: Become"),
    ("rollback", nothing_is_secret, "${{ steps.app.outputs.token }}", "${{ secrets.LOCKSTEP_APP_KEY }}"),
    ("rollback", commands_are_of_the_project, ".github/rollback", ".github/roll"),
    (
        "rollback",
        commands_are_not_composed,
        '"$ENVIRONMENT" --dry-run',
        '"${{ inputs.environment }}" --dry-run',
    ),
    ("plan", commands_do_what_they_are_for, " --reverse", ""),
    ("deploy", commands_do_what_they_are_for, ' --expect "$LOCKSTEP_PLAN"', ""),
    ("deploy", commands_do_what_they_are_for, " --release @", ""),
    ("deploy", commands_do_what_they_are_for, " --reverse", ""),
    ("deploy", commands_do_what_they_are_for, "name: Plan the way back", "name: Plan"),
    ("rollback", commands_do_what_they_are_for, ' --dry-run --outputs "$GITHUB_OUTPUT"', ""),
    ("rollback", commands_do_what_they_are_for, " --dry-run |", " |"),
    ("rollback", commands_do_what_they_are_for, "    shell: bash", "    shell: sh"),
    ("drift", commands_do_what_they_are_for, " --detect", ""),
    ("protect", commands_do_what_they_are_for, " --verify", ""),
    ("protect", commands_do_what_they_are_for, "defaults:\n  run:\n    shell: bash # with pipefail\n", ""),
    ("promote", commands_do_what_they_are_for, "defaults:\n  run:\n    shell: bash # with pipefail\n", ""),
    (
        "protect",
        commands_do_what_they_are_for,
        "      - name: Verify\n",
        "      - name: Verify\n        shell: sh\n",
    ),
    ("plan", every_environment_has_its_turn, "'env/prod' && 'prod-plan'", "'env/prod' && 'dev-plan'"),
    ("deploy", every_environment_has_its_turn, "'env/prod' && 'prod-plan'", "'env/prod' && 'dev-plan'"),
    ("deploy", every_environment_has_its_turn, "'staging-plan'", "'prod-plan'"),
    ("promote", every_environment_has_its_turn, "[staging, prod]", "[staging]"),
    ("drift", every_environment_has_its_turn, "[dev, staging, prod]", "[dev, staging]"),
    ("drift", every_environment_has_its_turn, '"17 5 * * *"', '"17 5 1 1 *"'),
    ("protect", every_environment_has_its_turn, '"47 5 * * *"', '"47 5 * * 1"'),
    ("promote", every_environment_has_its_turn, '"*/30 * * * *"', '"30 5 * * *"'),
    ("deploy", only_what_was_looked_at_is_executed, "ref: ${{ github.sha }}", "ref: ${{ github.ref }}"),
    ("deploy", only_what_was_looked_at_is_executed, "          ref: ${{ github.sha }}", "          # a ref"),
    (
        "deploy",
        only_what_was_looked_at_is_executed,
        "needs.plan.outputs.digest",
        "needs.plan.outputs.release",
    ),
    (
        "deploy",
        only_what_was_looked_at_is_executed,
        "    needs: plan\n",
        "    needs: plan\n    if: ${{ !cancelled() }}\n",
    ),
    ("rollback", only_what_was_looked_at_is_executed, "ref: ${{ github.sha }}", "ref: ${{ github.ref }}"),
    ("rollback", only_what_was_looked_at_is_executed, " && needs.look.result == 'success'", ""),
)


@pytest.mark.parametrize(("name", "check", "old", "new"), BROKEN_ELSEWHERE)
def test_a_broken_workflow_of_another_kind_is_noticed(name: str, check: Check, old: str, new: str) -> None:
    text = (ROOT / f".github/workflows/{name}.yml").read_text(encoding="utf-8")
    assert old in text, "the change no longer applies"
    assert list(check(Workflow.of(text.replace(old, new, 1)))) != []


@pytest.mark.parametrize(
    ("release", "accepted", "options"),
    [
        ("v1.2.3", "", ["--", "v1.2.3"]),
        ("", "", ["--last-consistent"]),
        ("v1.2.3", "a/Table\n b/Key ", ["--accept-loss=a/Table", "--accept-loss=b/Key", "--", "v1.2.3"]),
        ("--all", "--all *", ["--accept-loss=--all", "--accept-loss=*", "--", "--all"]),
        ("$(touch a)", "$(touch", ["--accept-loss=$(touch", "--", "$(touch a)"]),
    ],
)
def test_what_somebody_typed_for_a_way_back_stays_text(
    release: str, accepted: str, options: list[str], tmp_path: Path
) -> None:
    """REQ-R1, REQ-R3: names, and neither options of their own nor commands."""
    lockstep = tmp_path / ".venv/bin/lockstep"
    lockstep.parent.mkdir(parents=True)
    lockstep.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n", encoding="utf-8")
    lockstep.chmod(0o755)
    done = subprocess.run(
        [ROOT / ".github/rollback", "prod", "--dry-run"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "RELEASE": release, "ACCEPT_LOSS": accepted},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["rollback", "--env", "prod", "--dry-run", *options]
    assert [one.name for one in tmp_path.iterdir()] == [".venv"]


def test_a_way_back_names_what_it_takes_and_goes_from_the_last() -> None:
    """REQ-R1: one environment or all, of which prod goes first, one after the other."""
    body = Workflow.of((ROOT / ".github/workflows/rollback.yml").read_text(encoding="utf-8")).body
    inputs = body["on"]["workflow_dispatch"]["inputs"]
    assert inputs["environment"]["options"] == [*ENVIRONMENTS, "all"]
    order = json.dumps(list(reversed(ENVIRONMENTS)))
    matrix = body["jobs"]["look"]["strategy"]["matrix"]
    assert f"inputs.environment == 'all' && '{order}'" in matrix["environment"]
    before = [f"rollback-{name}" for name in ENVIRONMENTS[1:]]
    waits = {f"rollback-{name}": later for name, later in zip(ENVIRONMENTS, [*before, None], strict=True)}
    assert set(body["jobs"]) == {"find", "look", *waits}
    for (job, later), name in zip(waits.items(), ENVIRONMENTS, strict=True):
        found = body["jobs"][job]
        assert found["needs"] == ["find", "look", *([later] if later else [])]
        assert (found["environment"], found["env"]) == (f"{name}-rollback", {"ENVIRONMENT": name})
        same = body["jobs"]["rollback-dev"]
        assert found.keys() == same.keys() and found["steps"] == same["steps"]


@pytest.mark.parametrize("chosen", [*ENVIRONMENTS, "all"])
@pytest.mark.parametrize("result", ["success", "failure", "cancelled", "skipped"])
def test_a_way_back_begins_where_it_was_asked_for_and_behind_one_that_ended_well(
    chosen: str, result: str
) -> None:
    """REQ-R1: after a later environment that did not go back, an earlier one stays as it is too."""
    jobs = Workflow.of((ROOT / ".github/workflows/rollback.yml").read_text(encoding="utf-8")).body["jobs"]
    for name, later in zip(ENVIRONMENTS, [*ENVIRONMENTS[1:], None], strict=True):
        needs = {"look": {"result": "success"}, f"rollback-{later}": {"result": result}}
        begins = _worth(jobs[f"rollback-{name}"]["if"], {"inputs": {"environment": chosen}, "needs": needs})
        goes_on = result == "success" or later is None
        assert bool(begins) == (chosen == name or (chosen == "all" and goes_on))


def test_a_way_back_goes_where_its_reviewers_saw_it_go() -> None:
    """REQ-R1: the last consistent release is asked for once, and every job of the run gets that one."""
    jobs = Workflow.of((ROOT / ".github/workflows/rollback.yml").read_text(encoding="utf-8")).body["jobs"]
    assert jobs["find"]["if"] == "${{ inputs.release == '' }}"
    assert jobs["find"]["outputs"] == {"release": "${{ steps.find.outputs.release }}"}
    ways = [(f"rollback-{name}", "Roll back") for name in ENVIRONMENTS]
    for name, last in (("look", "Look"), *ways):
        (step,) = (one for one in jobs[name]["steps"] if one["name"] == last)
        assert step["env"]["RELEASE"] == "${{ inputs.release || needs.find.outputs.release }}"
        assert "find" in jobs[name]["needs"]
    assert all("look" in jobs[name]["needs"] for name, _ in ways)


def test_every_check_is_shown_to_fail() -> None:
    shown = {check for check, *_ in BROKEN} | {check for _, check, *_ in BROKEN_ELSEWHERE}
    assert shown == set(CHECKS)


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
    assert {path.stem for path in WORKFLOWS} == set(EVENTS)


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
