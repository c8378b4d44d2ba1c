"""The side of a worker process: bounds on time and memory. Imports cfn-lint late."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress

from pipelines.linting.job import Job, Outcome

SECONDS = 60.0
"""Processor time that one template may take. The largest that CloudFormation takes needs a few seconds."""
MEMORY = 4 << 30
"""Address space of a worker, in bytes: ten times what a template needs."""


def prepare() -> None:
    """Make this process deaf to Ctrl-C, make it end with its parent, however that ends, and bound its memory."""
    # It inherits that, except from a fork server that something else in the process had started before.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(OSError, ValueError):  # a lower bound is set already, or the system knows none
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def work(jobs: Sequence[Job], seconds: float = SECONDS) -> list[Outcome]:
    """Return what cfn-lint says of each job; all are of one template, with the same rules.

    What takes more than `seconds` of processor time for each of them ends the process.
    """
    from pipelines.linting.engine import is_silent, lint_one, rules

    rules()
    # The default action ends the process. A handler would raise into rules, which cfn-lint catches and goes on.
    signal.setitimer(signal.ITIMER_PROF, seconds * len(jobs))
    try:
        if len(jobs) > 1 and is_silent(jobs):
            return [Outcome(())] * len(jobs)
        return [lint_one(job) for job in jobs]
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
