"""Workers: any number gives the same, one that dies is a finding, and Ctrl-C leaves nothing behind (REQ-V6)."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from pipelines.linting import lint, pool
from pipelines.linting.job import Job
from validator.findings import Severity

from .samples import BAD, GOOD, queues, request

ROOT = Path(__file__).parents[3]
MANY = """
import multiprocessing, sys, threading, time
from pathlib import Path
from pipelines.linting import lint
from tests.unit.linting.samples import queues, request

def tell():
    while not multiprocessing.active_children():
        time.sleep(0.01)
    print("started", flush=True)

if __name__ == "__main__":
    count, size = int(sys.argv[2]), int(sys.argv[3])
    requests = [request(queues(size, str(number)), parameters={}) for number in range(count)]
    threading.Thread(target=tell).start()
    try:
        lint(requests, Path(sys.argv[1]), 2)
    except KeyboardInterrupt:
        sys.exit("stopped")
"""


def test_any_number_of_workers_gives_the_same() -> None:
    requests = [
        request(text + f"# {number}\n", region=region, file=f"templates/{number}.yaml")
        for number, text in enumerate((BAD, GOOD, "[a]", queues(2)))
        for region in ("us-east-1", "us-west-2", "mars-north-1", "eu-west-1")
    ]
    assert len(requests) > 2 * pool.PER_WORKER
    one = lint(requests, None, 1)
    assert lint(reversed(requests), None, 2) == one
    assert len({finding.file for finding in one}) == 4


def test_a_worker_that_dies_is_a_finding_of_its_own_template_only(tmp_path: Path) -> None:
    """Here by the bound on time. The other results are there, and this one is not kept."""
    slow = request(queues(400), file="templates/slow.yaml", parameters={}, environments=("prod",))
    requests = [request(BAD), slow, request(GOOD)]
    found = lint(requests, tmp_path, 1, seconds=0.4)
    (crash,) = [finding for finding in found if finding.file == "templates/slow.yaml"]
    assert (crash.check, crash.severity, crash.environments) == ("cfn-lint", Severity.ERROR, ("prod",))
    assert crash.message.startswith("cfn-lint gave no answer for us-east-1: its process crashed")
    assert [finding for finding in found if finding is not crash] == lint([request(BAD)], None, 1)
    assert len(list(tmp_path.glob("*.json"))) == 2


def test_a_fault_outside_of_the_rules_is_a_finding() -> None:
    """cfn-lint 1.58 raises AttributeError before any rule runs."""
    (finding,) = lint([request("Metadata: text\nResources: {}\n", parameters={})], None, 1)
    assert finding.severity is Severity.ERROR
    assert "AttributeError" in finding.message
    assert finding.remediation


def test_a_worker_that_is_killed_once_costs_no_result() -> None:
    """What a stray kill took is done again."""
    requests = [request(queues(20, str(number)), parameters={}) for number in range(8)] + [request(BAD)]
    others = set(multiprocessing.active_children())
    killed: list[int] = []

    def kill() -> None:
        until = time.monotonic() + 30
        while not killed and time.monotonic() < until:
            for process in set(multiprocessing.active_children()) - others:
                process.kill()
                killed.append(process.pid or 0)
            time.sleep(0.05)

    killer = threading.Thread(target=kill)
    killer.start()
    found = lint(requests, None, 1)
    killer.join()
    assert killed
    assert found == lint([request(BAD)], None, 1)


def test_workers_that_always_die_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one start for each of a thousand templates."""
    monkeypatch.setattr(pool, "CRASHES", 1)
    requests = [request(queues(5, str(number)), file=f"{number}.yaml", parameters={}) for number in range(3)]
    found = lint(requests, None, 1, seconds=0.001)
    assert [finding.severity for finding in found] == [Severity.ERROR] * 3
    assert sum("workers died on other templates" in finding.message for finding in found) == 2


@contextmanager
def started(cache: Path, count: int, size: int) -> Iterator[subprocess.Popen[str]]:
    """Give a run over so many templates of this size, in a process group of its own, that has started a worker.

    Whatever the test finds, nothing of the group is left at the end.
    """
    script = cache.with_suffix(".py")
    script.write_text(MANY, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.Popen(
        [sys.executable, str(script), str(cache), str(count), str(size)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert run.stdout is not None
        assert run.stdout.readline() == "started\n"
        yield run
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()


def wait_for_a_result(run: subprocess.Popen[str], cache: Path) -> None:
    until = time.monotonic() + 60
    while not list(cache.glob("*.json")):
        assert run.poll() is None
        assert time.monotonic() < until
        time.sleep(0.02)


def assert_ends(group: int) -> None:
    """Fail unless every process of the group ends soon."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    raise AssertionError("processes were left behind")


def test_ctrl_c_reaches_this_process_alone() -> None:
    """A worker that got it while it starts would write a traceback."""
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    with pool._pool(1) as workers:
        pool._submit(workers, [Job(GOOD, "us-east-1", {}, frozenset(), {})], 10).result()
        assert signal.SIGINT in workers.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == blocked
    assert signal.SIGINT not in blocked


def test_what_is_started_afterwards_finds_modules_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only interpreters of workers leave out the folder that a command runs in: hooks of Sceptre may need it."""
    for before in (None, "", "1"):
        if before is None:
            monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
        else:
            monkeypatch.setenv("PYTHONSAFEPATH", before)
        pool.warm()
        assert os.environ.get("PYTHONSAFEPATH") == before


def test_workers_are_deaf_to_ctrl_c_whoever_started_their_fork_server() -> None:
    """A process has one fork server: here something else than this package started it."""
    script = (
        "import signal\n"
        "from multiprocessing import forkserver\n"
        "forkserver.ensure_running()\n"
        "from pipelines.linting import pool\n"
        "if __name__ == '__main__':\n"
        "    with pool._pool(1) as workers:\n"
        "        print(signal.SIGINT in workers.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


def test_an_interrupt_ends_everything_and_keeps_what_is_done(tmp_path: Path) -> None:
    """Ctrl-C goes to the whole group; only this side says a word about it."""
    cache = tmp_path / "lint"
    with started(cache, 30, 60) as run:
        wait_for_a_result(run, cache)
        os.killpg(run.pid, signal.SIGINT)
        output = run.communicate(timeout=20)
        assert (run.returncode, *output) == (1, "", "stopped\n")
        assert_ends(run.pid)
    done = list(cache.glob("*.json"))
    assert 0 < len(done) < 30
    assert all(json.loads(file.read_text(encoding="utf-8"))["digest"] == file.stem for file in done)


def test_an_interrupt_does_not_wait_for_a_long_template(tmp_path: Path) -> None:
    """A worker that has just been started and has half a minute of work before it is ended at once."""
    with started(tmp_path / "lint", 1, 5000) as run:
        time.sleep(0.3)
        os.killpg(run.pid, signal.SIGINT)
        output = run.communicate(timeout=15)
        assert (run.returncode, *output) == (1, "", "stopped\n")
        assert_ends(run.pid)


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    with started(tmp_path / "lint", 30, 60) as run:
        wait_for_a_result(run, tmp_path / "lint")
        os.kill(run.pid, signal.SIGKILL)
        run.wait(timeout=20)
        assert_ends(run.pid)
