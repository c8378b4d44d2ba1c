"""Every check over one project: what they need from disk and tools, and what is kept between runs. I/O (REQ-V9)."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.kept import Store
from pipelines.workspace import Workspace
from validator.findings import Finding, Severity

if TYPE_CHECKING:
    from validator.checks import Subject
    from validator.guard import Result

SCHEMA = "lockstep/checked/v1"
KEPT = 16
"""Whole runs kept: a few branches."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of one run, and how many stacks it looked at."""

    findings: tuple[Finding, ...]
    stacks: int


def check(
    root: Path,
    today: datetime.date,
    *,
    environments: Sequence[str] = (),
    workers: int = 2,
    say: Say = lambda text: None,
) -> Checked:
    """Return what every check finds in the project below `root`; of all environments, or of those named.

    A run over the same content on the same day is kept. `say` is told what is being done. Raises ConfigurationError
    where there is no project.
    """
    workspace = Workspace(root)
    store = Store(workspace.cache("checked"), SCHEMA, KEPT)
    name = _digest(workspace, today)
    kept = _from_json(store.get(name))
    whole = kept or _run(workspace, today, workers, say)
    if kept is None and _is_settled(whole):
        store.put(name, {"stacks": whole.stacks, "findings": [asdict(finding) for finding in whole.findings]})
        store.prune()
    return _of(whole, environments, workspace) if environments else whole


def _digest(workspace: Workspace, today: datetime.date) -> str:
    from pipelines.guard import VERSION

    return hashlib.sha256(f"{workspace.key} {today} {VERSION}".encode()).hexdigest()[:32]


def _run(workspace: Workspace, today: datetime.date, workers: int, say: Say) -> Checked:
    from validator.checks import CHECKS, run

    say("reading the project")
    with ThreadPoolExecutor(2, thread_name_prefix="tool") as pool:
        subject = subject_of(workspace, today, workers, pool)
        findings = run(subject, CHECKS.values(), lambda one: say(one.id))
    return Checked(findings, len(subject.project.stacks))


def subject_of(workspace: Workspace, today: datetime.date, workers: int, pool: ThreadPoolExecutor) -> Subject:
    """Return a project as the checks see it; cfn-lint and cfn-guard start at once, beside what follows."""
    from pipelines.linting import lint, requests_of, settings_of
    from pipelines.variances import policy_of, written
    from validator.checks import Subject

    loaded = workspace.survey()
    project = loaded.project
    linted: Future[Iterable[Finding]] = pool.submit(
        lambda: lint(requests_of(project), workspace.cache("lint"), workers, settings_of(workspace.root))
    )

    def guard() -> Sequence[Result]:
        return judged.result()

    subject = Subject(
        project=project,
        problems=loaded.problems,
        hierarchy=loaded.hierarchy,
        settings=written(loaded),
        policy=policy_of(workspace.root, project.environments),
        day=today,
        lint=linted.result,
        guard=guard,
        naming=loaded.naming,
    )
    stacks = as_stacks(subject)
    judged: Future[Sequence[Result]] = pool.submit(lambda: _guard(stacks, workspace.cache("guard")))
    return subject


def as_stacks(subject: Subject) -> list[dict[str, Any]]:
    """Return the `stacks` of `lockstep/render/v1` for what could be evaluated."""
    from validator.rendering import as_json

    return as_json(subject.rendered)


def _guard(stacks: list[dict[str, Any]], cache: Path | None) -> Sequence[Result]:
    from pipelines.guard import check_stacks

    return check_stacks(stacks, cache=cache)


def _is_settled(checked: Checked) -> bool:
    """Tell whether another run would find the same; a tool that failed may work the next time."""
    return all(finding.file or finding.key for finding in checked.findings)


def _of(checked: Checked, environments: Sequence[str], workspace: Workspace) -> Checked:
    """Return what concerns some environments: theirs, and what belongs to none."""
    wanted = set(environments)
    shown = tuple(one for one in checked.findings if not one.environments or wanted & set(one.environments))
    return Checked(shown, sum(stack.environment in wanted for stack in workspace.survey().project.stacks))


def _from_json(written: Any) -> Checked | None:
    with suppress(KeyError, TypeError, ValueError):
        findings = tuple(
            Finding(
                **{**one, "severity": Severity(one["severity"]), "environments": tuple(one["environments"])}
            )
            for one in written["findings"]
        )
        return Checked(findings, int(written["stacks"]))
    return None


def sources(root: Path, findings: Iterable[Finding]) -> dict[str, str]:
    """Return the text of each file that findings name, where it can be read and lies in the project."""
    texts: dict[str, str] = {}
    for file in {finding.file for finding in findings if finding.file}:
        path = root / file
        with suppress(OSError, ValueError):
            if path.resolve().is_relative_to(root):
                texts[file] = path.read_text(encoding="utf-8")
    return texts


def workers() -> int:
    """Return how many processes may lint at once: one a core."""
    return os.cpu_count() or 1
