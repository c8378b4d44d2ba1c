"""What stands between a release and an environment: the plan, the gates, and the decision itself (REQ-G1, REQ-G7).

The plan is held against a plain loop over the same stacks in the same run: create a change set, wait, describe it,
delete it, one stack after another, with boto3.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.announce import client
from benchmarks.measure import Run, best_of, command
from benchmarks.tools import BIN, ROOT, RUNS
from pipelines.promotion.verdicts import Decision

TAG = "v0.0.0-bench"
DECISIONS = 2_000
POLL_SECONDS = 0.05
AIM_MS = 1.0
"""How long the decision may take, in processor time, once its evidence is there."""
WHERE = ("111111111111", "us-east-1")
ENDED = ("CREATE_COMPLETE", "FAILED")


def promotion(variables: dict[str, str]) -> list[dict[str, Any]]:
    """Deploy home and dev from a release, then plan dev again, ask the gates of dev, and decide many times."""
    env = {**os.environ, **variables}
    with released() as root:
        command([str(BIN / "lockstep"), "deploy", "shared"], cwd=root, env=env)
        command([str(BIN / "lockstep"), "deploy", "dev", "--release", TAG], cwd=root, env=env)
        planned = best_of(RUNS, lambda: command([str(BIN / "lockstep"), "plan", "dev"], cwd=root, env=env))
        asked = [str(BIN / "lockstep"), "gate", "dev", "--release", TAG]
        gated = best_of(RUNS, lambda: command(asked, cwd=root, env=env, check=False))
        cloudformation = client("cloudformation", variables, *WHERE)
        stacks = [one["StackName"] for page in _pages(cloudformation) for one in page]
        plain = best_of(RUNS, lambda: _plain(cloudformation, stacks))
        taken, decision = _decided(root, variables)
    return [
        _row("plan of an environment, nothing changed", planned, plain, len(stacks)),
        _row("gates before an environment, the plan among them", gated, plain, len(stacks)),
        {
            "measurement": "decision over evidence",
            "gates": len(decision.judged),
            "decided": decision.state,
            "decisions": DECISIONS,
            "p50_ms": round(statistics.median(taken), 3),
            "p99_ms": round(statistics.quantiles(taken, n=100)[98], 3),
            "aim_p99_ms": AIM_MS,
            "load_average": round(os.getloadavg()[0], 1),
        },
    ]


@contextmanager
def released() -> Iterator[Path]:
    """Give a clone of the commit that is checked out, with a tag of its own, and the wheels that are here already."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "clone")
        command(["git", "clone", "--quiet", str(ROOT), str(root)], cwd=ROOT)
        # Without a remote nothing that is deployed here is pushed to the repository that it came from.
        command(["git", "remote", "remove", "origin"], cwd=root)
        command(["git", "tag", TAG], cwd=root)
        command(["git", "branch", "env/dev", TAG], cwd=root)
        wheels = ROOT / ".lockstep" / "packages" / "wheels"
        wheels.mkdir(parents=True, exist_ok=True)
        (root / ".lockstep" / "packages").mkdir(parents=True)
        (root / ".lockstep" / "packages" / "wheels").symlink_to(wheels)
        yield root


def _pages(cloudformation: Any) -> Iterator[list[dict[str, Any]]]:
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        yield [one for one in page["Stacks"] if one["StackName"].startswith("lockstep-dev-")]


def _plain(cloudformation: Any, stacks: list[str]) -> Run:
    """Ask for each stack what its own template and parameters would change, as a script would."""
    began = time.perf_counter()
    for name in stacks:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        identity = cloudformation.create_change_set(
            StackName=name,
            ChangeSetName="bench",
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": one["ParameterKey"], "UsePreviousValue": True}
                for one in stack.get("Parameters", ())
            ],
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        )["Id"]
        while cloudformation.describe_change_set(ChangeSetName=identity)["Status"] not in ENDED:
            time.sleep(POLL_SECONDS)
        cloudformation.delete_change_set(ChangeSetName=identity)
    return Run(time.perf_counter() - began, 0.0, "")


def _decided(root: Path, variables: Mapping[str, str]) -> tuple[list[float], Decision]:
    """Gather the evidence once, decide over it many times; return processor milliseconds of each, and the decision."""
    from pipelines.commands.gate import ask
    from pipelines.promotion.decide import decide

    os.environ.update(variables)
    evidence, decision, rule = ask(root, "dev", TAG)
    taken = []
    for _ in range(DECISIONS):
        began = time.thread_time()
        decide(evidence, rule)
        taken.append((time.thread_time() - began) * 1000)
    return taken, decision


def _row(what: str, ours: Run, plain: Run, stacks: int) -> dict[str, Any]:
    return {
        "measurement": what,
        "stacks": stacks,
        "lockstep_seconds": round(ours.seconds, 3),
        "lockstep_ms_a_stack": round(ours.seconds * 1000 / stacks),
        "plain_tool": "change sets, one after another, with boto3",
        "plain_seconds": round(plain.seconds, 3),
        "plain_ms_a_stack": round(plain.seconds * 1000 / stacks),
        "times_slower": round(ours.seconds / plain.seconds, 2),
        "load_average": round(os.getloadavg()[0], 1),
    }
