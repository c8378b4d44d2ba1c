"""A config file does not drop what it inherits by giving a block of its own (REQ-P1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..findings import Finding, Severity
from .check import Check
from .subject import Subject

SECTIONS = ("parameters", "stack_tags", "sceptre_user_data", "hooks")
"""Blocks of which Sceptre keeps the child's alone, unless `<block>_inheritance: merge` is in force."""


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each block that drops keys which a file above gives.

    Of a stack that could not be read, which a dropped parameter makes of it, the groups above it are looked at.
    """
    for stack in subject.project.stacks:
        yield from _of(subject, stack.name, stack.file, stack.environment)
    for name in sorted(subject.project.unread):
        environment = next((one for one in subject.project.places if name.startswith(f"{one}/")), "")
        yield from _of(subject, name, "", environment)


def _of(subject: Subject, stack: str, file: str, environment: str) -> Iterator[Finding]:
    levels = subject.hierarchy.levels(stack, file)
    for section in SECTIONS:
        for place, dropped in _dropped(section, levels, explicit=not subject.house):
            _, line = subject.hierarchy.written(stack, place, (section,))
            message = f"this block drops what the files above give: {', '.join(dropped)}"
            mend = f"write `{section}_inheritance: merge` beside it, or give these here too"
            found = (environment,) if environment else ()
            yield Finding(CHECK.id, Severity.ERROR, place, section, line, message, mend, found)


def _dropped(
    section: str, levels: list[tuple[str, Mapping[str, Any]]], *, explicit: bool
) -> Iterator[tuple[str, list[str]]]:
    """Yield file and dropped keys; a file that says `override` itself means it, where `explicit` allows that."""
    inherited: dict[str, Any] = {}
    strategy = ""
    for file, content in levels:
        own = content.get(f"{section}_inheritance")
        strategy = str(own or strategy)
        block = content.get(section)
        if not isinstance(block, Mapping):
            continue
        if strategy == "merge":
            inherited = {**inherited, **block}
            continue
        dropped = sorted(str(key) for key in inherited.keys() - block.keys())
        if dropped and not (explicit and own == "override"):
            yield file, dropped
        inherited = dict(block)


CHECK = Check(
    id="dropped-inheritance",
    severity=Severity.ERROR,
    summary="No block of a config file drops keys that the files above give",
    remediation="Write `parameters_inheritance: merge` (or `stack_tags_inheritance: merge`) beside the block.",
    source="https://docs.sceptre-project.org/latest/docs/stack_group_config.html",
    why="Sceptre lets the child's block win whole: one tag more in a stack takes every inherited tag away.",
    before="stack_tags:\n  Team: trading",
    after="stack_tags_inheritance: merge\nstack_tags:\n  Team: trading",
    run=run,
)
