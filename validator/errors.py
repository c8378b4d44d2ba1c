"""What a user can get wrong, as values: one problem a mistake, all of them in one exception."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in the input, with its place and its mend.

    `file` is relative to the project, `key` is a dotted path inside it, `line` counts from 1.
    Any of the three is empty when the mistake has no such place. `check` is the id of the check that reports it, and
    `environments` are those it was found in, where that is known.
    """

    file: str
    key: str
    message: str
    hint: str = ""
    line: int | None = None
    check: str = field(default="", compare=False)
    environments: tuple[str, ...] = field(default=(), compare=False)

    def __str__(self) -> str:
        place = self.file + (f":{self.line}" if self.line else "")
        where = ": ".join(part for part in (place, self.key) if part)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text}\n  mend: {self.hint}" if self.hint else text


def of_check(check: str, problems: Iterable[Problem], *environments: str) -> Iterator[Problem]:
    """Yield problems as those of a check; one that has a check already keeps it."""
    for problem in problems:
        names = problem.environments or environments
        yield replace(problem, check=problem.check or check, environments=names)


def of_expanded(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Yield problems of a text that Jinja made: its lines are not those of the file, so they only stand in words."""
    for problem in problems:
        where = f", in line {problem.line} of the expanded text" if problem.line else ""
        yield replace(problem, message=problem.message + where, line=None)


class LockstepError(Exception):
    """The family of errors that a command turns into words and an exit code, never into a traceback."""


class ConfigurationError(LockstepError):
    """The input is wrong: exit code 2. Carries every problem that one run could see."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.file, p.line or 0, p.key, p.message)))
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @classmethod
    def single(
        cls, message: str, *, file: str = "", key: str = "", hint: str = "", line: int | None = None
    ) -> ConfigurationError:
        """Return the error for one problem."""
        return cls([Problem(file, key, message, hint, line)])


class FailureError(LockstepError):
    """The answer is "no": findings, a refused gate, a stack that did not end COMPLETE. Exit code 1."""


class PendingError(LockstepError):
    """Nobody can say yet: what would tell has not happened. Exit code 4."""


class TechnicalError(LockstepError):
    """It could not be told: AWS did not answer, a tool crashed. Exit code 3."""
