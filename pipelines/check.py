"""Every check over one project: what they need from disk and tools, and what is kept between runs. I/O (REQ-V9)."""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.kept import Store
from pipelines.workspace import DESCRIPTION, Workspace
from validator.environments import refuse_unknown
from validator.errors import ConfigurationError
from validator.findings import Finding, Severity, merged
from validator.layout import is_own
from validator.model import Project

if TYPE_CHECKING:
    from validator.checks import Subject
    from validator.guard import Result

SCHEMA = "lockstep/checked/v2"
KEPT = 16
"""Whole runs kept: a few branches."""
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings of one run, and how many stacks of each environment it looked at, in the order of promotion.

    Stacks that belong to no environment are counted under an empty name.
    """

    findings: tuple[Finding, ...]
    counts: Mapping[str, int]

    @property
    def stacks(self) -> int:
        """How many stacks it looked at."""
        return sum(self.counts.values())


def check(
    root: Path,
    today: datetime.date,
    *,
    environments: Sequence[str] = (),
    folders: Mapping[str, str] | None = None,
    workers: int = 2,
    say: Say = lambda text: None,
    own: bool = False,
) -> Checked:
    """Return what every check finds in the project below `root`; of all environments, or of those named.

    `folders` names the environments of a project that was not born here; `own` refuses such a project. A run over the
    same content on the same day is kept. `say` is told what is being done. Raises ConfigurationError where there is no
    project, or it has no such environment.
    """
    if own and not is_own(root):
        message = "this project does not keep Lockstep's own conventions, by which it has to be checked"
        hint = "restore `workloads` in sceptre/config/config.yaml, or leave --own out for another project"
        raise ConfigurationError.single(message, file="sceptre/config/config.yaml", hint=hint)
    workspace = Workspace(root, folders)
    store = Store(workspace.cache("checked"), SCHEMA, KEPT)
    name = _digest(workspace, today)
    kept = _from_json(store.get(name))
    known = _known(kept.counts) if kept else workspace.survey().project.places
    refuse_unknown(environments, known)
    whole = kept or _run(workspace, today, workers, say)
    if kept is None and _is_settled(whole):
        store.put(
            name, {"counts": dict(whole.counts), "findings": [asdict(finding) for finding in whole.findings]}
        )
        store.prune()
    return _of(whole, environments) if environments else whole


def _digest(workspace: Workspace, today: datetime.date) -> str:
    from pipelines.guard import VERSION

    return hashlib.sha256(f"{workspace.key} {today} {VERSION}".encode()).hexdigest()[:32]


def _run(workspace: Workspace, today: datetime.date, workers: int, say: Say) -> Checked:
    from pipelines.guard import end_engines
    from pipelines.linting.pool import warm
    from validator.checks import CHECKS, run

    say("reading the project")
    if not _has_linted(workspace):
        warm()
    with ThreadPoolExecutor(2, thread_name_prefix="tool") as pool:
        subject = subject_of(workspace, today, workers, pool)
        chosen = [one for name, one in CHECKS.items() if name not in workspace.survey().without]
        try:
            findings = run(subject, chosen, lambda one: say(one.id))
        except BaseException:
            end_engines()
            raise
    return Checked(merged([*findings, *_left_out(workspace)]), _counts(subject.project))


def _left_out(workspace: Workspace) -> Iterable[Finding]:
    """Yield a warning for checks that the project's own lockstep.yaml turns off: never in silence."""
    without = sorted(workspace.survey().without)
    if without:
        message = f"these checks do not run here: {', '.join(without)}"
        mend = "leave out what need not be; nothing is known of what they look for"
        file, key = DESCRIPTION, "checks.without"
        yield Finding("config-files", Severity.WARNING, file, key, None, message, mend)


def _has_linted(workspace: Workspace) -> bool:
    """Tell whether any result of cfn-lint is kept; where none is, it is needed for sure."""
    folder = workspace.cache("lint")
    return folder is not None and folder.is_dir()


def _counts(project: Project) -> dict[str, int]:
    return {name: len(project.of(name)) for name in (*project.places, "")}


def _known(counts: Mapping[str, int]) -> tuple[str, ...]:
    return tuple(name for name in counts if name)


def subject_of(workspace: Workspace, today: datetime.date, workers: int, pool: ThreadPoolExecutor) -> Subject:
    """Return a project as the checks see it; cfn-lint and cfn-guard start at once, beside what follows."""
    from pipelines.linting import Settings, lint, requests_of, settings_of
    from pipelines.policies import problems_of
    from pipelines.variances import policy_of, written
    from validator.checks import Subject

    loaded = workspace.survey()
    project = loaded.project
    ruling = problems_of(workspace.root, project) if loaded.house else ()

    def rules_of() -> Settings:
        settings = settings_of(workspace.root)
        return settings.without_exceptions() if loaded.house else settings

    linted: Future[Iterable[Finding]] = pool.submit(
        lambda: lint(requests_of(project), workspace.cache("lint"), workers, rules_of())
    )

    def guard() -> Sequence[Result]:
        return judged.result()

    subject = Subject(
        project=project,
        problems=(*loaded.problems, *ruling),
        hierarchy=loaded.hierarchy,
        settings=written(loaded),
        policy=policy_of(workspace.root, project.environments),
        day=today,
        lint=linted.result,
        guard=guard,
        house=loaded.house,
        required_tags=loaded.required_tags,
        naming=loaded.naming,
        mended=loaded.mended,
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


def _of(checked: Checked, environments: Sequence[str]) -> Checked:
    """Return what concerns some environments: theirs, and what belongs to none."""
    wanted = set(environments)
    shown = tuple(one for one in checked.findings if not one.environments or wanted & set(one.environments))
    return Checked(shown, {name: count for name, count in checked.counts.items() if name in wanted})


def _from_json(written: Any) -> Checked | None:
    with suppress(KeyError, TypeError, ValueError, AttributeError):
        findings = tuple(
            Finding(
                **{**one, "severity": Severity(one["severity"]), "environments": tuple(one["environments"])}
            )
            for one in written["findings"]
        )
        return Checked(findings, {str(name): int(count) for name, count in written["counts"].items()})
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


if __name__ == "__main__":
    from validator.checks import CHECKS
    from validator.checks.reference import reference

    page = Path(__file__).parents[1] / "docs" / "checks.md"
    page.write_text(reference(CHECKS.values()), encoding="utf-8")
