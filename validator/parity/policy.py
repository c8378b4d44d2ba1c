"""Reading the policy file: each declaration by itself, so that one that is wrong hides no other. Pure (REQ-V4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..environments import ENVIRONMENTS
from ..errors import ConfigurationError, Problem
from ..strict_yaml import Document, parse
from .declarations import Bound, Declaration
from .entries import MalformedError, declaration_of

FORM = "see docs/variances.md for the form of a declaration"
CHECK = "variances"


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration and the line of the policy file that it begins in."""

    declaration: Declaration
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The declared variances of a project. `problems` is what is wrong with the rest of `file`.

    `paths` holds every path that the file names, in declarations that are wrong too; `malformed` has the latter, with
    nothing but their paths.
    """

    file: str
    declared: tuple[Declared, ...] = ()
    problems: tuple[Problem, ...] = ()
    paths: frozenset[str] = frozenset()
    malformed: tuple[Declaration, ...] = ()

    def checked(self) -> Policy:
        """Return the policy; raises ConfigurationError where anything in it is wrong."""
        if self.problems:
            raise ConfigurationError(self.problems)
        return self


def read_policy(text: str, file: str, environments: Sequence[str] = ENVIRONMENTS) -> Policy:
    """Return the policy in `text`; what cannot be read of it is in its problems."""
    try:
        document = parse(text, file)
    except ConfigurationError as error:
        return Policy(file, problems=tuple(_of(problem) for problem in error.problems))
    value = document.value
    problems: list[Problem] = []
    declared: list[Declared] = []
    paths: set[str] = set()
    malformed: list[Declaration] = []
    entries = value.get("variances") if isinstance(value, Mapping) else None
    if not isinstance(entries, list) or set(value) != {"variances"}:
        message = "the file is a mapping with the one key `variances`, a list of declarations"
        return Policy(file, problems=(Problem(file, "", message, FORM, 1, CHECK),))
    for index, entry in enumerate(entries):
        place = ("variances", str(index))
        if isinstance(entry, Mapping) and isinstance(entry.get("path"), str):
            paths.add(entry["path"])
        try:
            declaration = declaration_of(entry, environments)
        except MalformedError as error:
            problems += _problems(error, document, file, place)
            if isinstance(entry, Mapping) and isinstance(entry.get("path"), str):
                malformed.append(Declaration(entry["path"], "", "", Bound()))
        else:
            declared.append(Declared(declaration, line_of(document, (*place, "path"))))
    return Policy(file, tuple(declared), tuple(problems), frozenset(paths), tuple(malformed))


def _problems(
    error: MalformedError, document: Document, file: str, place: tuple[str, ...]
) -> Iterator[Problem]:
    for keys, message in error.mistakes:
        path = (*place, *keys)
        yield Problem(file, ".".join(path), message, FORM, line_of(document, path), CHECK)


def _of(problem: Problem) -> Problem:
    return Problem(problem.file, problem.key, problem.message, problem.hint, problem.line, CHECK)


def line_of(document: Document, path: tuple[str, ...]) -> int | None:
    """Return the line of a key path, or of the nearest key above it."""
    while path and path not in document.lines:
        path = path[:-1]
    return document.lines.get(path)
