"""A runner of GitHub's for tests: the steps of a job, in order, in a clone of a local remote, with GitHub's variables.

What it stands in for: checking out is cloning; artifacts are a folder; installing Python and Node.js, and `make` of
`.venv`, is a `.venv` that is there already; the token of an app is the double's. Every other step is what a workflow
says, run by the shell that GitHub runs.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.e2e.commands import ROOT
from tests.github_double import ADMIN

WORKFLOWS = ROOT / ".github" / "workflows"
REPLACED = ("actions/setup-python@", "actions/setup-node@")
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_WORD = re.compile(r"'(?:[^']|'')*'|\b[a-zA-Z_][\w-]*(?:\.[\w-]+)*\b(?!\()")

Ran = tuple[str, str, str]
"""A workflow, a job and the name of a step."""


def workflow(name: str) -> dict[str, Any]:
    """Return a workflow."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load((WORKFLOWS / f"{name}.yml").read_text("utf-8"))
    return found


def commands(name: str) -> Iterator[Ran]:
    """Yield every step of a workflow that runs a command, but for those that only set `.venv` up."""
    for job, body in workflow(name)["jobs"].items():
        for step in body["steps"]:
            if "run" in step and not step["run"].startswith("make .venv/"):
                yield name, job, step["name"]


def evaluated(text: str, context: Mapping[str, Any]) -> Any:
    """Return what an expression of GitHub's gives: names, texts, `&&`, `||`, `!`, `==` and a few functions."""

    def looked_up(match: re.Match[str]) -> str:
        word = match[0]
        if word.startswith("'"):
            return repr(word[1:-1].replace("''", "'"))
        found: Any = context
        for part in word.split("."):
            found = found.get(part, "") if isinstance(found, Mapping) else ""
        return repr(found)

    pieces = re.split(r"('(?:[^']|'')*')", text)
    plain = [
        one if number % 2 else re.sub(r"!(?!=)", " not ", one.replace("&&", " and ").replace("||", " or "))
        for number, one in enumerate(pieces)
    ]
    words = _WORD.sub(
        lambda match: match[0] if match[0] in {"and", "or", "not"} else looked_up(match), "".join(plain)
    )
    functions = {
        "fromJSON": json.loads,
        "format": _formatted,
        "cancelled": lambda: False,
        "startsWith": lambda text, beginning: text.lower().startswith(beginning.lower()),
    }
    return eval(words.strip(), {"__builtins__": {}}, functions)  # noqa: S307 - our own workflows


def _formatted(text: str, *values: object) -> str:
    return re.sub(r"\{(\d)\}", lambda match: str(values[int(match[1])]), text)


def filled(value: Any, context: Mapping[str, Any]) -> str:
    """Return a value with its expressions filled in."""
    return EXPRESSION.sub(lambda match: str(evaluated(match[1], context)), str(value))


@dataclass(slots=True)
class Done:
    """How a job ended."""

    codes: dict[str, int] = field(default_factory=dict)
    """Exit code of each command, by the name of its step."""
    said: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    """The job's own outputs."""


@dataclass(slots=True)
class Runner:
    """Runs jobs of one repository. `variables` are around every step; `lockstep` is what `.venv/bin/lockstep` is."""

    folder: Path
    remote: Path
    variables: Mapping[str, str]
    lockstep: str
    context: Mapping[str, Any]
    ran: set[Ran] = field(default_factory=set)
    artifacts: dict[str, Path] = field(default_factory=dict)
    _jobs: int = 0

    def job(self, name: str, job: str, ref: str, **context: Any) -> Done:
        """Run a job for a branch, and return how it ended; a step that fails ends it as it does on GitHub."""
        body, whole = workflow(name)["jobs"][job], workflow(name)
        self._jobs += 1
        here = self.folder / f"job{self._jobs}"
        (here / "temp").mkdir(parents=True)
        github = {
            **self.context["github"],
            "ref": f"refs/heads/{ref}",
            "ref_name": ref,
            "sha": _git("-C", str(self.remote), "rev-parse", f"refs/heads/{ref}"),
            "run_attempt": "1",
            **context.pop("github", {}),
        }
        known = {
            **self.context,
            **context,
            "github": github,
            "runner": {"temp": str(here / "temp")},
            "steps": {},
        }
        run = _Job(self, here, Done(), known, {**whole.get("env", {}), **body.get("env", {})})
        if body["permissions"].get("id-token") == "write":
            # Whoever asks for the identity of this job gives this: GitHub hands it to no job without the permission.
            where = filled(body["environment"], known) if "environment" in body else f"ref:{github['ref']}"
            subject = f"environment:{where}" if "environment" in body else where
            run.added["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = f"repo:{github['repository']}:{subject}"
        for step in body["steps"]:
            if run.goes_on(step):
                run.step(name, job, step)
        known["env"] = {}
        for key, value in body.get("outputs", {}).items():
            run.done.outputs[key] = filled(value, known)
        run.done.summary = (here / "summary").read_text("utf-8") if (here / "summary").exists() else ""
        return run.done


@dataclass(slots=True)
class _Job:
    runner: Runner
    here: Path
    done: Done
    context: dict[str, Any]
    env: dict[str, Any]
    added: dict[str, str] = field(default_factory=dict)
    failed: bool = False

    @property
    def workspace(self) -> Path:
        return self.here / "workspace"

    def goes_on(self, step: Mapping[str, Any]) -> bool:
        """Whether a step is run."""
        if "if" not in step:
            return not self.failed
        match = EXPRESSION.fullmatch(str(step["if"]).strip())
        return bool(evaluated(match[1] if match else str(step["if"]), self.context))

    def step(self, name: str, job: str, step: Mapping[str, Any]) -> None:
        """Run a step, or what stands in for it."""
        given = {key: filled(value, self.context) for key, value in step.get("with", {}).items()}
        used = step.get("uses", "")
        if used.startswith("actions/checkout@"):
            self._check_out(given)
        elif used.startswith("actions/upload-artifact@"):
            pattern = Path(given["path"])
            self.runner.artifacts[given["name"]] = pattern.parent
        elif used.startswith("actions/download-artifact@"):
            shutil.copytree(self.runner.artifacts[given["name"]], given["path"], dirs_exist_ok=True)
        elif used.startswith("actions/create-github-app-token@"):
            assert set(given) >= {"client-id", "private-key"} and all(given.values())
            self.context["steps"][step["id"]] = {"outputs": {"token": ADMIN}}
        elif used:
            assert used.startswith(REPLACED), f"nothing stands in for {used}"
        elif not step["run"].startswith("make .venv/"):
            self.runner.ran.add((name, job, step["name"]))
            self._run(step)

    def _check_out(self, given: Mapping[str, str]) -> None:
        branch = self.context["github"]["ref_name"]
        ref = given.get("ref") or branch
        whole = given.get("fetch-depth") == "0"
        depth = [] if whole else ["--depth", "1", "--no-tags"]
        url = f"file://{self.runner.remote}"
        _git("clone", "-q", "--no-checkout", *depth, url, str(self.workspace))
        if not whole:
            _git("-C", str(self.workspace), "fetch", "-q", *depth, "origin", ref)
            _git("-C", str(self.workspace), "checkout", "-q", "--detach", "FETCH_HEAD")
        elif ref != branch:
            _git("-C", str(self.workspace), "checkout", "-q", "--detach", ref)
        else:
            _git("-C", str(self.workspace), "checkout", "-q", "-B", ref, f"origin/{ref}")
        command = self.workspace / ".venv" / "bin" / "lockstep"
        command.parent.mkdir(parents=True)
        command.write_text(f'#!/bin/sh\nexec {self.runner.lockstep} "$@"\n', encoding="utf-8")
        command.chmod(0o755)

    def _run(self, step: Mapping[str, Any]) -> None:
        files = {
            name: self.here / name.rpartition("_")[2].lower()
            for name in ("GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
        }
        for name, path in files.items():
            if name != "GITHUB_STEP_SUMMARY":
                path.write_text("", encoding="utf-8")
        path = self.here / "event.json"
        path.write_text(json.dumps(self.context["github"].get("event", {})), encoding="utf-8")
        env = {key: filled(value, self.context) for key, value in self.env.items()}
        self.context["env"] = env
        own = {key: filled(value, self.context) for key, value in step.get("env", {}).items()}
        github = self.context["github"]
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env={
                **self.runner.variables,
                **{name: str(path) for name, path in files.items()},
                "RUNNER_TEMP": str(self.here / "temp"),
                "GITHUB_ACTIONS": "true",
                "CI": "true",
                "GITHUB_EVENT_PATH": str(path),
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_REPOSITORY": github["repository"],
                "GITHUB_SERVER_URL": github["server_url"],
                "GITHUB_API_URL": github["api_url"],
                "GITHUB_ACTOR": "alice",
                "GITHUB_REF": github["ref"],
                "GITHUB_REF_NAME": github["ref_name"],
                "GITHUB_RUN_ID": str(github["run_id"]),
                "GITHUB_RUN_ATTEMPT": github["run_attempt"],
                **env,
                **self.added,
                **own,
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.done.said += f"$ {step['name']}\n{done.stdout}{done.stderr}"
        self.done.codes[step["name"]] = done.returncode
        self.failed = self.failed or done.returncode != 0
        self.added |= _pairs(files["GITHUB_ENV"])
        if "id" in step:
            self.context["steps"][step["id"]] = {"outputs": _pairs(files["GITHUB_OUTPUT"])}


def _pairs(path: Path) -> dict[str, str]:
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return dict(line.split("=", 1) for line in lines)


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()
