"""What is made of mutants: which checks look at them, when one counts as caught and named, and the shares."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from pipelines.variances import policy_of, written
from tests.unit.small_project import repository
from validator.checks import CHECKS, Subject, run
from validator.checks.subject import of_problem
from validator.findings import Finding
from validator.loader import Loaded, survey

ROOT = Path(__file__).parents[2]
DAY = datetime.date(2026, 1, 1)
ENVIRONMENTS = ("dev", "staging", "prod")
PURE = [check for check in CHECKS.values() if check.id not in {"cfn-lint", "cfn-guard"}]
"""Every check but the two tools: what they find differs by environment only where a template does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one mutant: `name` says what was changed, `caught` whether a finding names it."""

    name: str
    caught: bool
    findings: tuple[str, ...] = ()


def verdict(name: str, findings: Iterable[Finding], named: Sequence[str]) -> Verdict:
    """Return the verdict on a mutant: some finding holds one of `named`, and not as the start of a longer name."""
    texts = [f"{one.file}:{one.line} {one.key}: {one.message}" for one in findings]
    words = re.compile("|".join(map(_pattern, named)))
    return Verdict(name, any(map(words.search, texts)), tuple(texts))


def _pattern(name: str) -> str:
    """Match a name and not the start of a longer one; what a loop puts into it matches any word."""
    return re.sub(r"\\\$\\{\w+\\}", r"(?:\\w+|\\$\\{\\w+\\})", re.escape(name)) + r"(?!\w)"


def shares(
    record: Callable[[str, object], None], kind: str, verdicts: Sequence[Verdict], spared: int = 0
) -> None:
    """Hand the share of a kind to the summary of the run (tests/conftest.py), and fail where one is missing.

    `spared` is how many mutants changed nothing that would be deployed.
    """
    missed = [one for one in verdicts if not one.caught]
    record("mutants", (kind, len(verdicts), len(verdicts) - len(missed), spared))
    shown = "\n".join(f"{one.name}: {'; '.join(one.findings) or 'no finding'}" for one in missed[:20])
    assert verdicts, f"{kind}: no mutant was made, so that nothing was tried"
    assert not missed, f"{kind}: {len(missed)} of {len(verdicts)} mutants were not caught and named\n{shown}"


def findings(root: Path) -> tuple[Finding, ...]:
    """Return what every pure check finds in the project below `root`, as `lockstep check` puts it together."""
    return run(subject_of(survey(root), root), PURE)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with another text, or gone for None. Of many at once, only what is found at its `place` is its own."""

    name: str
    path: Path
    text: str | None
    place: str
    named: Sequence[str]


def look(root: Path, name: str, named: Sequence[str], without: str = "") -> Verdict:
    """Load and check the project below `root`: what loading finds first, then parity, then the rest.

    The findings of the check `without` do not count.
    """
    for found in _rounds(root, without):
        one = verdict(name, found, named)
        if one.caught:
            break
    return one


def look_at(root: Path, mutants: Sequence[Mutant], without: str = "") -> Iterator[Verdict]:
    """Look at mutants of different files at once; one that is not named at its place then, by itself."""
    left = list(mutants)
    with ExitStack() as files:
        for mutant in mutants:
            files.enter_context(replaced(mutant.path, mutant.text))
        for found in _rounds(root, without) if len(mutants) > 1 else ():
            for mutant in tuple(left):
                own = [one for one in found if verdict("", [one], [mutant.place]).caught]
                one = verdict(mutant.name, own, mutant.named)
                if one.caught:
                    left.remove(mutant)
                    yield one
            if not left:
                break
    for mutant in left:
        with replaced(mutant.path, mutant.text):
            yield look(root, mutant.name, mutant.named, without)


def _rounds(root: Path, without: str) -> Iterator[list[Finding]]:
    given = subject_of(survey(root), root)
    rounds: list[Callable[[], Iterable[Finding]]] = [
        lambda: map(of_problem, given.problems),
        lambda: given.judged,
        lambda: run(given, PURE),
    ]
    for found in rounds:
        yield [finding for finding in found() if finding.check != without]


@cache
def subject() -> Subject:
    """Return this repository as the checks see it."""
    return subject_of(repository())


def subject_of(loaded: Loaded, root: Path = ROOT) -> Subject:
    """Return a project as the checks see it, without cfn-lint and cfn-guard."""
    return Subject(
        project=loaded.project,
        problems=loaded.problems,
        hierarchy=loaded.hierarchy,
        settings=written(loaded),
        policy=policy_of(root),
        day=DAY,
        lint=list,
        guard=list,
        naming=loaded.naming,
        mended=loaded.mended,
    )


@contextmanager
def replaced(path: Path, text: str | None) -> Iterator[None]:
    """Put `text` in the place of a file or link, or nothing for None, and what was there back afterwards."""
    link = path.readlink() if path.is_symlink() else None
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.unlink(missing_ok=True)
    if text is not None:
        path.write_text(text, encoding="utf-8")
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        if link is not None:
            path.symlink_to(link)
        elif before is not None:
            path.write_text(before, encoding="utf-8")


def plain(path: Path) -> dict[str, object]:
    """Return what an environment's config file says; it has no resolver."""
    found: dict[str, object] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found
