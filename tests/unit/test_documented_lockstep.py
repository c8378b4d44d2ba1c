"""Every `lockstep` command that a document names is one that the real command line takes (REQ-X2, REQ-X5)."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from pipelines.cli import cli

from .test_documentation import DOCUMENTS, ROOT

STANDS_FOR = {
    **dict.fromkeys(("ENV", "ENVIRONMENT", "<environment>"), "dev"),
    **dict.fromkeys(("TAG", "OLD"), "v1.0.0"),
    **dict.fromkeys(("...", "…"), ""),
    "NUMBER": "1",
    "DIGEST": f"sha256:{'0' * 64}",
}
"""What a word in capitals is typed as."""

FILES = "does not exist"
"""A document names files of somebody's project."""

_FENCED = re.compile(r"^(?P<indent> *)```(?:sh|console|)\n(?P<block>.*?)^(?P=indent)```$", re.M | re.S)
_TYPED = re.compile(r"(?:^|[|;&(] ?)(?:\$ )?(lockstep (?:(?!->)[^\n|;&)>])*)", re.MULTILINE)
_INLINE = re.compile(r"`(lockstep [^`\\]*)[^`]*`")


def commands(page: Path) -> list[str]:
    """Return the commands of a page: in blocks that are typed, and in backquotes."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    found = [one for block in _FENCED.finditer(text) for one in _TYPED.findall(block["block"])]
    prose = re.sub(r"^ *```.*?^ *```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return [*found, *_INLINE.findall(prose)]


def problem(command: str) -> str:
    """Return what the command line has against a command; empty for nothing. Nothing of it is run."""
    words = [word.strip("[]") for word in shlex.split(command, comments=True)][1:]
    words = [word for word in (STANDS_FOR.get(word, word) for word in words) if word]
    context = click.Context(cli, info_name="lockstep")
    try:
        _, found, rest = cli.resolve_command(context, words)
        while isinstance(found, click.Group) and rest:
            context = click.Context(found, parent=context)
            _, found, rest = found.resolve_command(context, rest)
        assert found is not None
        if rest:
            found.make_context(found.name, rest, parent=context)
    except click.MissingParameter:
        return ""  # only mentioned, such as `lockstep rollback --all`
    except click.UsageError as error:
        said = error.format_message()
        is_cut = (
            said.endswith("requires an argument.") and words[-1] in said
        )  # such as `lockstep deploy --release`
        return "" if is_cut or FILES in said else said
    return ""


COMMANDS = [(path.relative_to(ROOT).as_posix(), each) for path in DOCUMENTS for each in commands(path)]


@pytest.mark.parametrize("document", sorted({document for document, _ in COMMANDS}))
def test_a_documented_command_is_taken(document: str) -> None:
    """With its options and arguments."""
    found = {command: problem(command) for name, command in COMMANDS if name == document}
    assert {command: said for command, said in found.items() if said} == {}


def test_there_are_such_commands() -> None:
    """In blocks and in backquotes."""
    assert len(COMMANDS) > 150
    assert {"docs/runbooks/rollback.md", "docs/first-deployment.md", "README.md"} <= dict(COMMANDS).keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lockstep deplyo dev", "No such command 'deplyo'"),
        ("lockstep deploy dev --tag v1", "No such option '--tag'"),
        ("lockstep deploy dev staging", "unexpected extra argument (staging)"),
        ("lockstep deploy production", "production"),
        ("lockstep sandbox begin", "No such command 'begin'"),
        ("lockstep status --format yaml", "'yaml' is not one of"),
    ],
)
def test_what_is_wrong_is_found(tmp_path: Path, text: str, said: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n```sh\n{text}   # why\n```\nand `{text}`\n", encoding="utf-8")
    found = commands(page)
    assert len(found) == 2
    assert all(said in problem(command) for command in found), [problem(command) for command in found]
