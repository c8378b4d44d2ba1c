"""What the tools say of this repository, asked once for all tests; and what every run of the tests ends with."""

from __future__ import annotations

import fcntl
import gc
import itertools
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# The same examples in each run, and no bound on a time that other work on the machine decides.
settings.register_profile(
    "lockstep", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("lockstep")


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Return the folder with what cfn-lint and cfn-guard say of every stack of this repository, as a check keeps it.

    Both take half a minute: whoever comes first asks, the others wait. What is kept is known by its content, so that a
    copy with one change asks about that change alone.
    """
    from pipelines.check import check

    own = tmp_path_factory.getbasetemp()
    folder = own if worker_id == "master" else own.parent
    with (folder / "own-project.lock").open("w") as lock, pytest.MonkeyPatch.context() as patch:
        patch.delenv("LOCKSTEP_CACHE", raising=False)
        fcntl.flock(lock, fcntl.LOCK_EX)
        check(ROOT, datetime.now(UTC).date())
    return ROOT / ".lockstep" / "cache"


@pytest.hookimpl(tryfirst=True)  # Before pytest-xdist reads the groups.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a fixture of their module on one worker, which then makes it once; begin with long ones."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and (shared := _shared(item)):
            item.add_marker(pytest.mark.xdist_group(shared))
    if "PYTEST_XDIST_WORKER" in os.environ:
        items[:] = _by_turns(items)


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and never among what all tests share: it took a fifth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _by_turns(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Return the order for several workers; pytest-xdist takes the largest groups out of it to begin with.

    Tests that wait for the sandbox take turns with tests that only compute, and the short ones come last, so that no
    processor is idle and no worker waits at the end.
    """
    kinds: dict[str, list[pytest.Item]] = {"group": [], "e2e": [], "mutation": [], "": []}
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        group = "group" if item.get_closest_marker("xdist_group") else folder
        kinds[group if group in kinds else ""].append(item)
    kinds["e2e"].sort(key=lambda item: item.path.parent.name == "sandbox")  # Those are short too.
    turns = itertools.chain.from_iterable(itertools.zip_longest(kinds["e2e"], kinds["mutation"]))
    return [*kinds["group"], *filter(None, turns), *kinds[""]]


def _shared(item: pytest.Item) -> str:
    """Return the module of a test that uses a fixture of one, with the fixture's parameters; else nothing."""
    known = item._fixtureinfo.name2fixturedefs if isinstance(item, pytest.Function) else {}
    names = [name for name, found in known.items() if found[-1].scope == "module"]
    given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    return (
        " ".join([item.nodeid.split("::")[0], *(str(given[n]) for n in names if n in given)]) if names else ""
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the share of mutants that were caught, what roles are granted and used, and where runs were killed."""
    _mutants(terminalreporter)
    _access(terminalreporter)
    _killed(terminalreporter)


def _killed(terminalreporter: pytest.TerminalReporter) -> None:
    """Print at how many steps a run of each command was killed, where one more run then ended right."""
    tried = [
        value
        for report in terminalreporter.stats.get("passed", [])
        for name, value in report.user_properties
        if name == "killed"
    ]
    if tried:
        points = sum(count for _, count, _ in tried)
        terminalreporter.section(f"killed at {points} steps: all ended right, nothing lost or doubled")
    for title, count, names in sorted(tried):
        terminalreporter.write_line(f"{title}: {count}: {', '.join(names)}")


def _access(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what roles are granted: what each used, and the rest by its reason (tests/e2e/granted.yaml, REQ-P8)."""
    used: dict[str, set[str]] = {}
    reviewed: dict[str, set[str]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for role, action, reason in (value for name, value in report.user_properties if name == "access"):
                found, name = (reviewed, reason) if reason else (used, role)
                found.setdefault(name, set()).add(action)
    for title, found in (("granted and used", used), ("granted and used by no test", reviewed)):
        if found:
            terminalreporter.section(title)
        for name, actions in sorted(found.items()):
            terminalreporter.write_line(f"{name}: {', '.join(sorted(actions))}")


def _mutants(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the share of mutants that were caught, by kind (tests/mutation)."""
    rows: dict[str, list[int]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for kind, *counts in (value for name, value in report.user_properties if name == "mutants"):
                before = rows.get(kind, [0] * len(counts))
                rows[kind] = [old + new for old, new in zip(before, counts, strict=True)]
    if rows:
        terminalreporter.section("mutants")
        terminalreporter.write_line(f"{'kind':<60}{'mutants':>8}{'caught':>8}{'share':>7}{'no effect':>11}")
    for kind, (mutants, caught, spared) in sorted(rows.items()):
        share = f"{caught / mutants:.0%}" if mutants else "none"
        terminalreporter.write_line(f"{kind:<60}{mutants:>8}{caught:>8}{share:>7}{spared:>11}")
