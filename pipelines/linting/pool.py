"""Jobs spread over worker processes: each gets an answer, also where a worker dies, and Ctrl-C ends at once."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, forkserver, get_context, resource_tracker

from pipelines.linting.job import Job, Outcome, unanswered
from pipelines.linting.worker import prepare, work

PER_WORKER = 6
"""Templates that make up for starting one worker more."""
CRASHES = 5
"""Workers that may die on a job of their own before the rest is given up: something other than a template is wrong."""
_MEND = "correct what else is found in the template; if nothing is, report it to cfn-lint with the template"
_MEND_ALL = (
    "correct the templates that this is said of first, or look for what ends processes on this machine"
)

Keep = Callable[[str, Outcome], None]
_CONTEXT = get_context("forkserver")
_SAFE_PATH = "PYTHONSAFEPATH"


def run(jobs: Mapping[str, Job], workers: int, seconds: float, keep: Keep) -> None:
    """Do the jobs and call `keep` with the name and the outcome of each, as they come.

    Jobs of one template go to a worker together, which takes little longer than for one of them. A worker that dies
    takes the others with it and does not say which job did it. So what is left is done again one at a time: the job
    that kills its worker, or fails, then is the one to name.
    """
    batches = _batches(jobs)
    size = max(1, min(workers, -(-len(batches) // PER_WORKER)))
    left = dict(jobs)
    with _pool(size) as pool:
        futures = {_submit(pool, [jobs[name] for name in names], seconds): names for names in batches}
        for future in as_completed(futures):
            for name, outcome in zip(futures[future], _outcomes(future), strict=False):
                left.pop(name)
                keep(name, outcome)
    if left:
        _one_at_a_time(deque(left.items()), seconds, keep)


def _batches(jobs: Mapping[str, Job]) -> list[list[str]]:
    """Return the names of jobs by template, the longest template first."""
    found: dict[str, list[str]] = {}
    for name, job in jobs.items():
        found.setdefault(job.text, []).append(name)
    return [found[text] for text in sorted(found, key=len, reverse=True)]


def _outcomes(future: Future[list[Outcome]]) -> list[Outcome]:
    """Return what a batch came to; nothing where it failed."""
    return [] if future.exception() else future.result()


def _one_at_a_time(left: deque[tuple[str, Job]], seconds: float, keep: Keep) -> None:
    crashes = 0
    while left and crashes < CRASHES:
        with _pool(1) as pool:
            broken = False
            while left and not broken:
                name, job = left.popleft()
                future = _submit(pool, [job], seconds)
                broken = isinstance(future.exception(), BrokenProcessPool)
                keep(name, _outcome(job, future, seconds))
            crashes += broken
    for name, job in left:
        keep(name, unanswered(job.region, f"{CRASHES} workers died on other templates", _MEND_ALL))


def _outcome(job: Job, future: Future[list[Outcome]], seconds: float) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()[0]
    if isinstance(error, BrokenProcessPool):
        reason = f"its process crashed, was killed, or took more than {seconds:g} s of processor time"
        return unanswered(job.region, reason, _MEND)
    return unanswered(job.region, f"{type(error).__name__}: {error}", _MEND)


def _submit(pool: ProcessPoolExecutor, jobs: list[Job], seconds: float) -> Future[list[Outcome]]:
    """Submit the jobs of one template."""
    with _apart():
        try:
            return pool.submit(work, jobs, seconds)
        except BrokenProcessPool as error:
            future: Future[list[Outcome]] = Future()
            future.set_exception(error)
            return future


def warm() -> None:
    """Begin to import cfn-lint in the process that workers are copied from, beside what this process does.

    It is a fresh interpreter and not a copy of this one, which may have threads; and it is deaf to Ctrl-C, as the
    workers are: this process alone ends them.
    """
    _CONTEXT.set_forkserver_preload(["pipelines.linting.ready"])
    with _apart():
        resource_tracker.ensure_running()  # By itself, since starting it lets Ctrl-C through again.
    with _apart():
        forkserver.ensure_running()


@contextmanager
def _apart() -> Iterator[None]:
    """Keep Ctrl-C, and modules of the folder that the command runs in, from what is started meanwhile.

    It inherits the mask of signals, and the variable, which nothing that starts later gets.
    """
    mask, variable = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}), os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if variable is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = variable
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Give a pool whose workers are gone at the end: after their work, or at once when something interrupts it."""
    others = set(active_children())
    warm()
    pool = ProcessPoolExecutor(workers, mp_context=_CONTEXT, initializer=prepare)
    done = False
    try:
        yield pool
        done = True
    finally:
        if not done:
            for process in set(active_children()) - others:
                process.terminate()
        pool.shutdown(cancel_futures=True)
