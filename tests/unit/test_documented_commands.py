"""Every AWS command that a document names exists, with its options: nobody finds out at night (REQ-X5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws_cli import Command, commands, problems

from .test_documentation import DOCUMENTS, ROOT

COMMANDS = [(path.relative_to(ROOT).as_posix(), each) for path in DOCUMENTS for each in commands(path)]


@pytest.mark.parametrize(
    ("document", "command"), COMMANDS, ids=[f"{document}:{each.text[:60]}" for document, each in COMMANDS]
)
def test_a_documented_command_exists(document: str, command: Command) -> None:
    """With its operation and options; where it is to be typed as it stands, with all that it needs."""
    assert problems(command) == [], document


def test_there_are_such_commands() -> None:
    """In blocks and in backquotes: the patterns find both."""
    assert {each.is_whole for _, each in COMMANDS} == {True, False}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("aws dynamodbb list-tables", "no service dynamodbb"),
        ("aws dynamodb list-table", "no operation list-table"),
        ("aws dynamodb list-backups --table shared", "no option --table"),
        ("aws dynamodb describe-table", "Missing required parameter"),
        ("aws dynamodb wait table-there --table-name x", "no operation wait table-there"),
        ("aws dynamodb update-table --table-name x --stream-specification Enabled=true", "has no Enabled"),
        ("aws s3 sync a b --from-region us-east-1", "no option --from-region"),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, text: str, problem: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n```sh\nX=$({text} \\\n  --region us-west-2)\n```\n", encoding="utf-8")
    (command,) = commands(page)
    assert problem in "".join(problems(command))
