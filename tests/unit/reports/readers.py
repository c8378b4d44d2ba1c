"""Readers of the formats, as strict as those that the reports are for."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

RUNNER_COMMANDS = {"error", "warning", "notice"}


def unescaped(text: str, *, property_: bool) -> str:
    """Undo escapes in the order in which actions/runner does (`ActionCommand.cs`)."""
    pairs = [("%0D", "\r"), ("%0A", "\n")] + ([("%3A", ":"), ("%2C", ",")] if property_ else [])
    for escape, char in [*pairs, ("%25", "%")]:
        text = text.replace(escape, char)
    return text


def command(line: str) -> tuple[str, dict[str, str], str] | None:
    """Read one line of a log as `ActionCommand.TryParseV2` does: kind, properties, message; None if it is none."""
    line = line.lstrip()
    if not line.startswith("::") or (end := line.find("::", 2)) < 0:
        return None
    kind, _, rest = line[2:end].partition(" ")
    pairs = [part.split("=", 1) for part in rest.strip().split(",") if part]
    properties = {pair[0]: unescaped(pair[1], property_=True) for pair in pairs if len(pair) == 2 and pair[1]}
    return kind, properties, unescaped(line[end + 2 :], property_=False)


def log_lines(output: str) -> list[str]:
    """Split an output as the runner does: at line feeds and carriage returns only."""
    return re.split(r"\r\n|\r|\n", output)


class _Html(HTMLParser):
    """Collects the tags, and the text outside and inside of code."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: set[tuple[str, str | None]] = set()
        self.prose = ""
        self.code: list[str] = []
        self.comments: list[str] = []
        self.balanced = True

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {(f"{tag}.{key}", value) for key, value in attrs}
        if tag not in {"br", "img"}:
            self.open.append(tag)
        if tag == "br":
            self.handle_data("\n")
        if tag == "code":
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        self.balanced &= bool(self.open) and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" in self.open:
            self.code[-1] += data
        else:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def rendered(markdown: str) -> _Html:
    """Render a comment as CommonMark with tables, raw HTML let through, and read the page."""
    page = _Html()
    page.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))
    page.close()
    return page
