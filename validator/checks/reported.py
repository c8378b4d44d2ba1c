"""Checks whose findings come from loading or evaluating the project: one line each runs them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..findings import Finding
from .subject import Subject


def reported(check: str) -> Callable[[Subject], Iterator[Finding]]:
    """Return what yields the problems that belong to a check."""

    def run(subject: Subject) -> Iterator[Finding]:
        yield from subject.reported(check)

    return run
