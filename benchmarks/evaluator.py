"""The evaluator against cloud-radar: each stack's template read and evaluated with its own parameters."""

from __future__ import annotations

import io
import time
import tracemalloc
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

RUNS = 3
AIM = 50.0
"""How many times faster than the oracle reading and evaluating are meant to be."""

Work = Callable[[], object]


def evaluator(root: Path) -> list[dict[str, object]]:
    """Measure every stack below `root` that cloud-radar can evaluate; both read the file anew each time."""
    from validator.loader import load

    ours: dict[str, Work] = {}
    theirs: dict[str, Work] = {}
    unable: list[str] = []
    for stack in load(root).project.stacks:
        oracle = _oracle(root / stack.template, stack.parameters, stack.region)
        if _fails(oracle):
            unable.append(stack.name)
            continue
        ours[stack.name], theirs[stack.name] = _ours(root, stack), oracle
    # By turns, so that whatever else the machine does slows both; the fastest run has the least of it.
    runs = [(_seconds(ours), _seconds(theirs)) for _ in range(RUNS)]
    fast, slow = (_best([run[side] for run in runs]) for side in (0, 1))
    ratios = sorted(slow[name] / fast[name] for name in fast)
    return [
        {
            "measurement": "read and evaluate a template",
            "stacks": len(fast),
            "not_evaluated_by_the_oracle": ", ".join(unable) or "none",
            "lockstep_ms_a_stack": round(1000 * sum(fast.values()) / len(fast), 2),
            "lockstep_peak_mb": round(_peak_mb(ours), 1),
            "plain_tool": "cloud-radar",
            "plain_ms_a_stack": round(1000 * sum(slow.values()) / len(slow), 2),
            "plain_peak_mb": round(_peak_mb(theirs), 1),
            "times_faster": round(sum(slow.values()) / sum(fast.values()), 1),
            "times_faster_at_least": round(ratios[0], 1),
            "times_faster_at_most": round(ratios[-1], 1),
            "aim": AIM,
        }
    ]


def _ours(root: Path, stack: Any) -> Work:
    """Return the work of reading and evaluating one stack's template here."""
    from validator.effective import Context, evaluate, parse

    path, context = root / stack.template, Context(stack.account, stack.region, stack.external_name)

    def work() -> object:
        return evaluate(parse(path.read_text(encoding="utf-8"), stack.template), stack.parameters, context)

    return work


def _oracle(path: Path, parameters: Mapping[str, Any], region: str) -> Work:
    """Return the same work for cloud-radar, with a value for each parameter that is stored elsewhere."""
    from cloud_radar.cf.unit import Template

    stored = {"ssm": {str(value): "stored" for value in parameters.values()}}

    def work() -> object:
        template = Template.from_yaml(path, dynamic_references=stored).transform(dict(parameters))
        return template.render(dict(parameters), region=region)

    return work


def _fails(work: Work) -> bool:
    with redirect_stdout(io.StringIO()):
        try:
            work()
        except Exception:  # noqa: BLE001 - the oracle raises what it likes
            return True
    return False


def _seconds(works: Mapping[str, Work]) -> dict[str, float]:
    """Return how long each work takes; what it prints is dropped."""
    found: dict[str, float] = {}
    with redirect_stdout(io.StringIO()):
        for name, work in works.items():
            started = time.perf_counter()
            work()
            found[name] = time.perf_counter() - started
    return found


def _best(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: min(run[name] for run in runs) for name in runs[0]}


def _peak_mb(works: Mapping[str, Work]) -> float:
    """Return the most memory that one of the works allocates, in a run that is not timed."""
    peak = 0
    with redirect_stdout(io.StringIO()):
        for work in works.values():
            tracemalloc.start()
            work()
            peak = max(peak, tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    return peak / 1_000_000
