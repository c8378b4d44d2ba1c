"""Make GitHub as the file wants it: look, change what differs, look again until nothing does (REQ-G8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .client import GitHub, path_of
from .differences import Call, Comparison, Difference, compare
from .protection import Named, Protection
from .reading import live, numbers_of
from .refusals import UnsureError

ROUNDS = 5
"""Looks at GitHub, the last of them to see that nothing differs; more than two where an answer was lost."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and what differs all the same."""

    calls: tuple[Call, ...]
    left: tuple[Difference, ...]


def look(github: GitHub, wanted: Protection) -> Comparison:
    """Return how GitHub differs from the file; changes nothing."""
    return _look(github, wanted, numbers_of(github, wanted))


def _look(github: GitHub, wanted: Protection, numbers: Mapping[Named, int]) -> Comparison:
    return compare(wanted, live(github, wanted), numbers)


def apply(github: GitHub, wanted: Protection, say: Callable[[str], None]) -> Outcome:
    """Mend every difference; `say` is told of each change before it is made.

    Nothing is kept but on GitHub itself, so that a run that was killed is carried on by the next. Where the answer
    to a change is lost, GitHub is looked at again. What differs after that is left: GitHub took it and did not keep it.
    """
    numbers = numbers_of(github, wanted)
    done: list[Call] = []
    tried: tuple[Call, ...] | None = None
    found = _look(github, wanted, numbers)
    for turn in range(1, ROUNDS):
        if not found.calls or found.calls == tried:
            break
        tried = found.calls
        try:
            for call in found.calls:
                say(call.says)
                _make(github, call)
                done.append(call)
        except UnsureError:
            if turn == ROUNDS - 1:
                raise
            tried = None
        found = _look(github, wanted, numbers)
    return Outcome(tuple(done), found.differences)


def _make(github: GitHub, call: Call) -> None:
    github.write(
        call.method, path_of("repos", github.where.owner, github.where.name, *call.segments), call.body
    )
