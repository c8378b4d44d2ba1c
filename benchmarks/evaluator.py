"""The evaluator against cloud-radar: each stack's template with its own parameters, both in one process."""

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
    """Measure every stack below `root` that cloud-radar can evaluate: with reading its template, and without."""
    from validator.loader import load

    stacks = load(root).project.stacks
    able = [stack for stack in stacks if not _fails(_oracle(root, stack, reads=True))]
    unable = sorted({stack.name for stack in stacks} - {stack.name for stack in able})
    return [
        _compared(what, able, unable, root, reads=reads)
        for what, reads in (
            ("read and evaluate a template", True),
            ("evaluate a template that is read", False),
        )
    ]


def _compared(what: str, able: list[Any], unable: list[str], root: Path, *, reads: bool) -> dict[str, object]:
    ours = {stack.name: _ours(root, stack, reads=reads) for stack in able}
    theirs = {stack.name: _oracle(root, stack, reads=reads) for stack in able}
    # By turns, so that whatever else the machine does slows both; the fastest run has the least of it.
    runs = [(_seconds(ours), _seconds(theirs)) for _ in range(RUNS)]
    fast, slow = (_best([run[side] for run in runs]) for side in (0, 1))
    ratios = sorted(slow[name] / fast[name] for name in fast)
    return {
        "measurement": what,
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


def _ours(root: Path, stack: Any, *, reads: bool) -> Work:
    """Return the work of evaluating one stack's template here, and of reading it if that `reads` too."""
    from validator.effective import Context, evaluate, parse

    path, context = root / stack.template, Context(stack.account, stack.region, stack.external_name)

    def read() -> Any:
        return parse(path.read_text(encoding="utf-8"), stack.template)

    template = None if reads else read()
    return lambda: evaluate(template or read(), stack.parameters, context)


def _oracle(root: Path, stack: Any, *, reads: bool) -> Work:
    """Return the same work for cloud-radar, with a value for each parameter that is stored elsewhere."""
    from cloud_radar.cf.unit import Template

    parameters = dict(stack.parameters)
    stored = {"ssm": {str(value): "stored" for value in parameters.values()}}

    def read() -> Any:
        return Template.from_yaml(root / stack.template, dynamic_references=stored)

    template = None if reads else read()
    return lambda: (template or read()).transform(parameters).render(parameters, region=stack.region)


def _fails(work: Work) -> bool:
    with redirect_stdout(io.StringIO()):
        try:
            work()
        except Exception:  # noqa: BLE001 - the oracle raises what it likes
            return True
    return False


def _seconds(works: Mapping[str, Work]) -> dict[str, float]:
    """Return the processor time of each work, which waits for nothing; what it prints is dropped."""
    found: dict[str, float] = {}
    with redirect_stdout(io.StringIO()):
        for name, work in works.items():
            started = time.process_time()
            work()
            found[name] = time.process_time() - started
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
