"""The command line: help, completion, exit codes, and JSON that keeps its schema (REQ-X2)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from pipelines import cli

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "tests" / "schemas"
LOCKSTEP = Path(sys.executable).parent / "lockstep"
NAMES = ["deploy", "drift", "list", "manifest", "parity", "render", "sandbox", "status", "verify"]


def validate(text: str, command: str) -> dict[str, object]:
    """Return the document after checking it against the command's schema."""
    schema = json.loads((SCHEMAS / f"{command}.json").read_text(encoding="utf-8"))
    document: dict[str, object] = json.loads(text)
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """With a sentence for each."""
    assert cli.run(["--help"]) == cli.SUCCESS
    lines = capsys.readouterr().out.splitlines()
    for name in NAMES:
        (line,) = [line for line in lines if line.startswith(f"  {name} ")]
        assert len(line.split(maxsplit=1)[1]) > 20


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On -h and --help alike."""
    assert cli.run([name, "--help"]) == cli.SUCCESS
    long = capsys.readouterr().out
    assert cli.run([name, "-h"]) == cli.SUCCESS
    assert capsys.readouterr().out == long
    assert long.startswith(f"Usage: lockstep {name}")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["depoly", "dev"], "Did you mean 'deploy'?"),
        (["deploy", "qa"], "'dev', 'staging', 'prod'"),
        (["deploy"], "Missing argument"),
        (["render", "--format", "yaml"], "'text', 'json'"),
        (["render", "--project", "/nonexistent"], "does not exist"),
        (["render", "--colour"], "No such option"),
    ],
)
def test_a_wrong_call_is_usage(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, with what is allowed."""
    assert cli.run(arguments) == cli.USAGE
    assert words in capsys.readouterr().err


def test_a_folder_without_a_project_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing, and what to do."""
    assert cli.run(["render", "--project", str(tmp_path)]) == cli.USAGE
    error = capsys.readouterr().err
    assert "sceptre/config: there is no Sceptre config hierarchy here" in error
    assert "--project" in error


def test_completion_offers_commands_and_environments() -> None:
    """Of the real command, as a shell asks for it."""

    def complete(words: str) -> str:
        env = {
            **os.environ,
            "_LOCKSTEP_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
        }
        return subprocess.run([LOCKSTEP], env=env, capture_output=True, text=True, check=True).stdout

    assert "plain,deploy" in complete("lockstep de")
    assert "plain,staging" in complete("lockstep deploy st")
    assert "plain,environments" in complete("lockstep list e")


def test_help_imports_nothing_heavy() -> None:
    """Neither Sceptre nor boto3 nor pydantic's models of the emulator: `--help` answers at once."""
    code = (
        "import sys; from pipelines import cli; cli.run(['--help']);"
        "heavy = {'sceptre', 'boto3', 'botocore', 'ministack', 'rich'} & set(sys.modules); sys.exit(bool(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_errors_for_machines_are_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """On standard output, with the schema of errors."""
    assert cli.run(["render", "--project", str(tmp_path), "--format=json"]) == cli.USAGE
    document = validate(capsys.readouterr().out, "error")
    assert document["kind"] == "configuration"


def run(arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the real command without any AWS variable but those given."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    env |= {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    return subprocess.run(
        [LOCKSTEP, *arguments],
        env=env | variables,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["deploy", "dev"], ["status"], ["manifest", "dev", "--live"]])
def test_without_credentials_it_says_how_to_get_some(arguments: list[str]) -> None:
    """Exit code 2, no traceback, and the way to the local AWS."""
    done = run(arguments)
    assert done.returncode == cli.USAGE
    assert "there are no AWS credentials" in done.stderr
    assert "lockstep sandbox start" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["deploy", "dev"], ["status"]])
def test_without_an_endpoint_it_says_what_does_not_answer(arguments: list[str]) -> None:
    """A port on which nothing listens: exit code 2, at once."""
    endpoint = "http://127.0.0.1:9"
    done = run(
        arguments, AWS_ENDPOINT_URL=endpoint, AWS_ACCESS_KEY_ID="111111111111", AWS_SECRET_ACCESS_KEY="x"
    )
    assert done.returncode == cli.USAGE
    assert f"nothing answers at {endpoint}" in done.stderr
    assert "lockstep sandbox start" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_of_ours_is_no_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 with the place of the fault; the traceback only on request."""

    def fault(workspace: object, environment: str | None) -> None:
        raise ZeroDivisionError("by design")

    monkeypatch.setattr("pipelines.workspace.Workspace.rendered", fault)
    monkeypatch.delenv("LOCKSTEP_DEBUG", raising=False)
    assert cli.run(["render"]) == cli.TECHNICAL
    error = capsys.readouterr().err
    assert "ZeroDivisionError: by design" in error
    assert "test_cli.py:" in error
    assert "Traceback" not in error
    monkeypatch.setenv("LOCKSTEP_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.run(["render"])
