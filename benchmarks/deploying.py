"""A change deployed by `lockstep deploy` and by plain Sceptre, and three environments taken back (REQ-X4, REQ-R1).

Both tools deploy the same two releases in turn, in the same run. A release is the whole of an environment; the change
between the two is how long logs are kept, which several of its stacks have.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.measure import Run, command
from benchmarks.promotion import released
from benchmarks.tools import BIN, RUNS
from validator.environments import ENVIRONMENTS

ONE, OTHER = "v0.0.1-bench", "v0.0.2-bench"
GLASS = ("--break-glass", "a benchmark")
AIM = 1.0
"""How many times slower than plain Sceptre a deployment may be: no slower."""


def deploying(variables: dict[str, str]) -> list[dict[str, Any]]:
    """Deploy home and dev, then change dev with both tools in turn."""
    env = {**os.environ, **variables}
    with _prepared(env, ENVIRONMENTS[:1]) as root:
        ours, plain = _in_turn(
            root,
            lambda: _lockstep(root, env, "deploy", "dev", *GLASS),
            lambda: _sceptre(root, env, "dev"),
        )
    changed = len(re.findall(r"dev/\S+ +updated", ours.output))
    return [_row("deploy of a change to one environment", ours, plain, changed=changed, aim_times=AIM)]


def returning(variables: dict[str, str]) -> list[dict[str, Any]]:
    """Deploy home and every environment, then take back all of them."""
    env = {**os.environ, **variables}
    with _prepared(env, ENVIRONMENTS) as root:
        back, launched = _taken_back(root, env)
    return [_row("rollback of three environments, planned, verified and recorded", back, launched)]


@contextmanager
def _prepared(env: dict[str, str], environments: Sequence[str]) -> Iterator[Path]:
    """Give a project with both releases, of which the second is deployed."""
    with released() as root:
        _releases(root)
        _lockstep(root, env, "deploy", "shared")
        for name in environments:
            _lockstep(root, env, "deploy", name, *GLASS)
        yield root


def _releases(root: Path) -> None:
    """Commit two releases that differ in how long logs are kept; the second is checked out."""
    for tag, days in ((ONE, 365), (OTHER, 545)):
        for name in ENVIRONMENTS:
            path = root / "sceptre" / "config" / name / "orders" / "config.yaml"
            text = path.read_text(encoding="utf-8")
            text, count = re.subn(r"(  logs:\n    retention_days:) \d+", rf"\1 {days}", text)
            if count != 1:
                raise RuntimeError(f"{path} does not say how long it keeps logs")
            path.write_text(text, encoding="utf-8")
        identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
        command(["git", *identity, "commit", "--quiet", "--all", "--message", tag], cwd=root)
        command(["git", "tag", tag], cwd=root)


def _in_turn(root: Path, ours: Callable[[], Run], plain: Callable[[], Run]) -> tuple[Run, Run]:
    """Return the fastest run of each; each brings the environment to one release, and the other tool to the other."""
    found: tuple[list[Run], list[Run]] = ([], [])
    for number in range(RUNS):
        # Each tool goes both ways, so that neither has the cheaper one.
        for tag, (place, run) in zip((ONE, OTHER), _order(number, ours, plain, found), strict=True):
            _check_out(root, tag)
            place.append(run())
    return min(found[0], key=_seconds), min(found[1], key=_seconds)


def _order(
    number: int, ours: Callable[[], Run], plain: Callable[[], Run], found: tuple[list[Run], list[Run]]
) -> list[tuple[list[Run], Callable[[], Run]]]:
    both = [(found[0], ours), (found[1], plain)]
    return both if number % 2 == 0 else both[::-1]


def _taken_back(root: Path, env: dict[str, str]) -> tuple[Run, Run]:
    """Take all environments back from the second release to the first, then bring them to the second with Sceptre."""
    for tag in (ONE, OTHER):
        _check_out(root, tag)
        for name in ENVIRONMENTS:
            _lockstep(root, env, "deploy", name, *GLASS)
            command(["git", "branch", "--force", f"env/{name}", tag], cwd=root)
    back = _lockstep(root, env, "rollback", ONE, "--all")
    runs = [_sceptre(root, env, name) for name in reversed(ENVIRONMENTS)]
    return back, Run(sum(map(_seconds, runs)), max(run.peak_mb for run in runs), "")


def _lockstep(root: Path, env: dict[str, str], *arguments: str) -> Run:
    return command([str(BIN / "lockstep"), *arguments], cwd=root, env=env)


def _sceptre(root: Path, env: dict[str, str], name: str) -> Run:
    return command([str(BIN / "sceptre"), "launch", "-y", name], cwd=root / "sceptre", env=env)


def _check_out(root: Path, tag: str) -> None:
    command(["git", "checkout", "--quiet", tag], cwd=root)


def _seconds(run: Run) -> float:
    return run.seconds


def _row(what: str, ours: Run, plain: Run, **more: object) -> dict[str, Any]:
    return {
        "measurement": what,
        "lockstep_seconds": round(ours.seconds, 1),
        "lockstep_peak_mb": round(ours.peak_mb),
        "plain_tool": "sceptre launch",
        "plain_seconds": round(plain.seconds, 1),
        "plain_peak_mb": round(plain.peak_mb),
        "times_as_long": round(ours.seconds / plain.seconds, 2),
        **more,
        "load_average": round(os.getloadavg()[0], 1),
    }
