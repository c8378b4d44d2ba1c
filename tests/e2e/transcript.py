"""A session on a page, held to what the same commands said when a test ran them.

Blocks marked `console` have commands after `$ `, and below each what it says on a terminal; a line of three dots stands
for any lines. Times, digests, durations, commits and runs differ from run to run: what they are is not compared.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.commands import BIN, PATIENCE_SECONDS, environment

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGING = (
    (re.compile(r"sha256:[0-9a-f]+(?:\.\.\.)?"), "<digest>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|\+00:00)?"), "<time>"),
    (re.compile(r"\b\d+(?:\.\d+)? ?(?:s|seconds?|minutes?)\b"), "<duration>"),
    (re.compile(r"\b[0-9a-f]{40}\b|\b[0-9a-f]{7,12}\b"), "<commit>"),
    (re.compile(r"(?<=\S)  +"), "  "),  # columns are as wide as their widest time
)


@dataclass(frozen=True, slots=True)
class Step:
    """One command, and what it says."""

    command: str
    output: tuple[str, ...]


def steps(page: Path) -> list[Step]:
    """Return the steps of a page in order."""
    found: list[Step] = []
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *output = part.replace("\\\n", "").splitlines()
            found.append(Step(_masked(" ".join(command.split())), _lines(output)))
    return found


@dataclass(slots=True)
class Session:
    """What was typed so far, and what came of it."""

    cwd: Path
    typed: list[Step] = field(default_factory=list)

    def type(
        self, operator: Mapping[str, str], command: str, *, wanted: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Type a command; its output is both streams, as on a terminal. One that ends otherwise than `wanted`
        was never typed.
        """
        words = shlex.split(command)
        done = subprocess.run(
            [str(BIN / words[0]), *words[1:]],
            cwd=self.cwd,
            env={**environment(operator), "COLUMNS": "120"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        if wanted in {None, done.returncode}:
            self.typed.append(Step(_masked(command), _lines(done.stdout.splitlines())))
        return done

    def differences(self, page: Path) -> list[str]:
        """Return where a page says something else than what was typed, and came of it."""
        told = steps(page)
        commands = [step.command for step in told]
        if commands != [step.command for step in self.typed]:
            return [f"the page has {commands}, typed was {[step.command for step in self.typed]}"]
        return [
            "\n".join([f"$ {one.command}", "the page has:", *one.output, "it says:", *typed.output])
            for one, typed in zip(told, self.typed, strict=True)
            if not _fits(one.output, typed.output)
        ]


def _fits(page: tuple[str, ...], said: tuple[str, ...]) -> bool:
    """Tell whether the lines said are those of a page, in which three dots stand for any."""
    pattern = "".join(r"(?:.*\n)*" if line == "..." else f"{re.escape(line)}\n" for line in page)
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in said)) is not None


def _lines(lines: list[str]) -> tuple[str, ...]:
    return tuple(line for line in (_masked(line.rstrip()) for line in lines) if line)


def _masked(text: str) -> str:
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return text
