"""`lockstep comment NUMBER FILE...`: reports as comments on a pull request, each once (REQ-G7, REQ-V9)."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from validator.errors import ConfigurationError

from .common import project_option

_MARK = re.compile(r"<!-- lockstep [a-z ]{1,60} -->")
LONGEST = 65_536
"""Characters that GitHub takes in a comment."""


@click.command()
@click.argument("number", type=click.IntRange(min=1))
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@project_option
def comment(number: int, files: tuple[Path, ...], root: Path) -> None:
    """Put each FILE on pull request NUMBER as a comment, in the place of the one that an earlier run wrote.

    A file is Markdown, and begins with the mark of its report, as `lockstep plan` and `lockstep check` write it. One
    that is not there is left out: what makes it may have failed. Needs a token in GH_TOKEN or GITHUB_TOKEN.
    """
    from pipelines.github.client import GitHub
    from pipelines.github.connection import connection
    from pipelines.github.pulls import comment as put

    texts = {path: text for path in files if (text := _read(path)) is not None}
    github = GitHub(connection(os.environ, root.resolve()))
    for path, text in texts.items():
        mark = _MARK.match(text)
        if mark is None:
            raise ConfigurationError.single(
                "does not begin with the mark of a report",
                file=str(path),
                hint="`lockstep plan ENV --format markdown` and `lockstep check --output markdown=FILE` write one",
            )
        click.echo(f"{path.name}: comment {put(github, number, mark[0], text[:LONGEST])}")


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise ConfigurationError.single(f"cannot be read: {reason}", file=str(path), hint="") from None
