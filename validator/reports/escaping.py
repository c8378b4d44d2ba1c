"""Findings quote what is being checked, so their text is hostile: what no format may let through unchanged.

A message may hold terminal escapes, text that turns the direction of reading, half of a surrogate pair, or a line
that the GitHub Actions runner would obey. The runner obeys a line that starts with `::` after any blanks, and `##[`
anywhere in a line (actions/runner, `src/Runner.Common/ActionCommand.cs`).
"""

from __future__ import annotations

import re

_NEWLINE = re.compile(r"\r\n?|\n")
_COMMAND = re.compile(r"^(\s*):(?=:)", re.MULTILINE)
_OLD_COMMAND = "##["


def visible(text: str) -> str:
    r"""Return text on one line, each character that does not print as its escape: a newline is `\n`, ESC `\x1b`."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def visible_lines(text: str) -> list[str]:
    """Return the lines of a text, each as `visible` shows it; blank lines at both ends are left out."""
    return [visible(line.rstrip()) for line in _NEWLINE.split(text.strip())]


def shortened(text: str, limit: int) -> str:
    """Return text of at most `limit` characters and, where it was cut, a note that says how much is missing."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def paragraph(text: str, limit: int) -> str:
    """Return a text of lines as `visible` shows them, at most `limit` characters and the note of what is missing."""
    return shortened("\n".join(visible_lines(text)), limit)


def name(text: str, limit: int) -> str:
    """Return a name, a path or a key on one line, at most `limit` characters and the note."""
    return shortened(visible(text), limit)


def harmless(text: str) -> str:
    """Return lines for a terminal or a log, in which nothing that is quoted is obeyed or hidden."""
    return without_commands("\n".join(visible_lines(text)))


def without_commands(text: str, colon: str = "\\:", bracket: str = "\\[") -> str:
    """Return a whole output in which the runner finds no command. `colon` and `bracket` stand for the characters."""
    safe = _COMMAND.sub(lambda match: match[1] + colon, text)
    return safe.replace(_OLD_COMMAND, _OLD_COMMAND[:-1] + bracket)
