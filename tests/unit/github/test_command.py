"""`lockstep protect` as people and workflows call it: exit codes, words, JSON, and no token anywhere."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from pipelines import cli
from pipelines.github.applying import apply
from pipelines.github.protection import Protection
from tests.github_double import ADMIN, READER, Double, Fault

from .conftest import ROOT, Client
from .test_protect import silent

SCHEMA = json.loads((ROOT / "tests/schemas/protect.json").read_text(encoding="utf-8"))
FILES = (".github/environments.yaml", "pipelines/promotion.yaml")


@pytest.fixture
def project(double: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the two files, and the variables that GitHub Actions sets."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GH_TOKEN", raising=False)
    monkeypatch.setenv("GITHUB_TOKEN", ADMIN)
    monkeypatch.setenv("GITHUB_REPOSITORY", "example/lockstep")
    monkeypatch.setenv("GITHUB_API_URL", double.url)
    return tmp_path


def asked(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Return exit code, output and errors, in none of which is a token."""
    code = cli.run(["protect", *arguments])
    said = capsys.readouterr()
    assert ADMIN not in said.out + said.err
    assert READER not in said.out + said.err
    return code, said.out, said.err


def document(text: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(found)
    return found


def test_planned_applied_verified(project: Path, double: Double, capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its exit code: to look is no failure, to verify is one while anything differs."""
    code, out, err = asked(capsys)
    assert code == cli.SUCCESS
    assert "environment prod" in out
    assert "`lockstep protect --apply`" in err
    assert asked(capsys, "--verify")[0] == cli.FAILURE
    assert double.writes == []
    code, out, err = asked(capsys, "--apply")
    assert code == cli.SUCCESS
    assert out == (
        "example/lockstep: 20 changes made\nexample/lockstep is protected as .github/environments.yaml says\n"
    )
    assert "make ruleset Release tags" in err
    code, out, err = asked(capsys, "--verify")
    assert (code, err) == (cli.SUCCESS, "")
    assert asked(capsys, "--apply")[1] == out


def test_json_keeps_its_schema(project: Path, double: Double, capsys: pytest.CaptureFixture[str]) -> None:
    """In every mode."""
    plan = document(asked(capsys, "--format", "json")[1])
    assert plan["mode"] == "plan"
    assert plan["calls"] != []
    applied = document(asked(capsys, "--apply", "--format", "json")[1])
    assert (applied["mode"], applied["differences"], applied["calls"]) == ("apply", [], plan["calls"])
    double.rulesets[0]["enforcement"] = "disabled"
    code, out, _ = asked(capsys, "--verify", "--format", "json")
    assert code == cli.FAILURE
    assert document(out)["differences"] == [
        {
            "subject": "ruleset Environment branches",
            "what": "enforcement",
            "wanted": "active",
            "found": "disabled",
        }
    ]


def test_what_is_left_fails(project: Path, double: Double, capsys: pytest.CaptureFixture[str]) -> None:
    double.blind = {202}
    code, out, err = asked(capsys, "--apply")
    assert code == cli.FAILURE
    assert "team security" in out
    assert "may read the repository" in err


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        (Fault("*", "", 401), cli.USAGE, "renew the token"),
        (Fault("PUT", "", 403, message="Resource not accessible"), cli.TECHNICAL, "administration: write"),
        (Fault("GET", "/rulesets", 404, message="Not Found"), cli.TECHNICAL, "name of the repository"),
        (Fault("PUT", "", 422, message="billing plan"), cli.TECHNICAL, "Enterprise"),
        (Fault("*", "", 429, {"Retry-After": "600"}), cli.TECHNICAL, "asked again in 600 seconds"),
        (Fault("PUT", "", 422, message=f"\x1b[2J::error::{ADMIN}"), cli.TECHNICAL, "\\x1b[2J"),
    ],
)
def test_a_fault_is_told_in_words(
    fault: Fault, code: int, words: str, project: Path, double: Double, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a mend; what GitHub says is shown and not obeyed."""
    fault.times = 99
    double.faults.append(fault)
    found, out, err = asked(capsys, "--apply")
    assert (found, out) == (code, "")
    assert words in err
    assert "mend: " in err
    assert "\x1b[2J" not in err
    document_of_error = json.loads(asked(capsys, "--apply", "--format", "json")[1])
    assert document_of_error["schema"] == "lockstep/error/v1"


def test_mistakes_in_both_files_stop_it_before_anything_is_asked(
    project: Path, double: Double, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, old, new in (
        (FILES[0], "wait_minutes: 60", "wait_minutes: 6"),
        (FILES[1], "soak_minutes: 60", "soak_minutes: 6"),
    ):
        path = project / name
        kept = path.read_text(encoding="utf-8")
        path.write_text(kept.replace(old, new), encoding="utf-8")
        code, _, err = asked(capsys, "--apply")
        assert code == cli.USAGE
        assert f"{name}:" in err
        path.write_text(kept, encoding="utf-8")
        path.rename(path.with_suffix(".x"))
        assert f"{name}: cannot be read" in asked(capsys)[2]
        path.with_suffix(".x").rename(path)
    assert double.asked == []


def test_an_unknown_reviewer_is_named_with_file_and_line(
    project: Path, double: Double, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project / FILES[0]
    text = path.read_text(encoding="utf-8").replace("teams: [platform]", "users: [mallory]")
    path.write_text(text, encoding="utf-8")
    line = text[: text.index("users:")].count("\n") + 1
    code, _, err = asked(capsys, "--apply")
    assert code == cli.USAGE
    assert (
        f".github/environments.yaml:{line}: environments.staging.reviewers.users: there is no user mallory"
        in err
    )
    assert double.writes == []


def test_one_of_both_flags(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, "--apply", "--verify")[0] == cli.USAGE


def test_without_a_token_it_says_where_to_put_one(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_TOKEN")
    code, _, err = asked(capsys)
    assert code == cli.USAGE
    assert "GH_TOKEN or GITHUB_TOKEN: no token is set" in err


def test_the_real_command_shows_no_token_even_while_it_is_debugged(project: Path, double: Double) -> None:
    """As a process of its own, whose errors are whole tracebacks."""
    double.faults.append(Fault("GET", "/environments/prod", 422, message=f"no {ADMIN}", times=9))
    command = Path(sys.executable).parent / "lockstep"
    env = {"PATH": "/usr/bin:/bin", "LOCKSTEP_DEBUG": "1", "GITHUB_API_URL": double.url}
    env |= {"GITHUB_REPOSITORY": "example/lockstep", "GITHUB_TOKEN": ADMIN}
    done = subprocess.run(
        [command, "protect", "--verify"], env=env, cwd=project, capture_output=True, text=True, check=False
    )
    assert done.returncode == cli.TECHNICAL
    assert "no ***" in done.stderr
    assert ADMIN not in done.stdout + done.stderr


def test_a_reader_may_look(
    project: Path,
    double: Double,
    client: Client,
    wanted: Protection,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And is told what GitHub does not show."""
    apply(client(), wanted, silent)
    monkeypatch.setenv("GITHUB_TOKEN", READER)
    code, out, _ = asked(capsys, "--verify")
    assert code == cli.FAILURE
    assert "not told" in out
