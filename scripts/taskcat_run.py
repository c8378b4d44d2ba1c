"""Deploy the templates of `.taskcat.yml` with taskcat and delete them again, on whatever AWS the environment names.

    python -m scripts.taskcat_run [TEST...]        # without names, all tests

taskcat knows no order between tests. A test whose parameters name what another publishes in Parameter Store comes after
that one, and goes before it; so tests run in waves. A failed wave ends the run. Everything that was made is deleted.
The exit code is 0, 1 when a stack failed, 2 for a name or a file that is wrong, 3 when AWS cannot be asked (REQ-V8).

taskcat is used as a library: its command line makes a bucket in a way that emulators refuse, uploads the whole folder,
and fetches a style sheet for its report. Here it gets a bucket that is there, and a copy of the templates.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

import boto3
import click
from botocore.exceptions import BotoCoreError, ClientError
from ruamel.yaml import YAML

FILE = ".taskcat.yml"
PUBLISHED = re.compile(r"/taskcat/tests/(?P<test>[a-z0-9-]+)/\w+")
"""Where the stack of a test publishes an output."""

MADE = "CREATE_COMPLETE"
Config = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the stack of one test ended, in one region."""

    test: str
    region: str
    status: str
    reason: str

    @property
    def good(self) -> bool:
        """Tell whether everything in it was made."""
        return self.status == MADE


def needs(test: Config) -> frozenset[str]:
    """Return the tests whose outputs a test's parameters name."""
    found = (PUBLISHED.fullmatch(str(value)) for value in test.get("parameters", {}).values())
    return frozenset(match["test"] for match in found if match)


def waves(tests: Mapping[str, Config], names: Iterable[str] = ()) -> list[list[str]]:
    """Return the tests of some names, all without any, and what they need, in waves that may run one after another.

    ValueError for a name that is no test, or tests that need each other.
    """
    wanted = {name: needs(tests[name]) if name in tests else None for name in names or tests}
    while missing := {need for found in wanted.values() for need in found or ()} - wanted.keys():
        wanted |= {name: needs(tests[name]) if name in tests else None for name in missing}
    if unknown := sorted(name for name, found in wanted.items() if found is None):
        raise ValueError(f"{FILE} has no test {', '.join(unknown)}; it has {', '.join(sorted(tests))}")
    sorter = TopologicalSorter({name: found or () for name, found in wanted.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        raise ValueError(f"tests need each other: {', '.join(error.args[1])}") from error
    found = []
    while sorter.is_active():
        found.append(sorted(sorter.get_ready()))
        sorter.done(*found[-1])
    return found


class Progress:
    """Waits until taskcat's stacks are at an end; what taskcat has for that looks every ten seconds only."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def report_test_progress(self, stacker: Any) -> None:
        """Return once no stack is in progress."""
        while stacker.status()["IN_PROGRESS"]:
            time.sleep(self.seconds)


def run(root: Path, names: Sequence[str], tell: Callable[[Outcome], None]) -> bool:
    """Deploy tests of a project's folder wave by wave, tell how each ended, and delete what was made.

    Return whether all of it was made and is gone.
    """
    config = YAML(typ="safe").load((root / FILE).read_text(encoding="utf-8"))
    order = waves(config["tests"], names)
    made: list[Any] = []
    good = True
    with staged(root, config["project"]["regions"][0]) as (folder, bucket):
        try:
            for wave in order:
                made.append(_test(config, wave, folder, bucket))
                made[-1].run()
                found = sorted(map(_outcome, made[-1].result), key=lambda one: (one.test, one.region))
                for one in found:
                    tell(one)
                good = all(one.good for one in found)
                if not good:
                    break
        finally:
            for left in (one for test in reversed(made) for one in _deleted(test)):
                good = False
                tell(left)
    return good


@contextmanager
def staged(root: Path, region: str) -> Iterator[tuple[Path, str]]:
    """Give a folder with the templates alone, which taskcat uploads whole, and a bucket for it; remove both."""
    bucket = f"lockstep-taskcat-{uuid.uuid4().hex[:20]}"
    s3 = boto3.client("s3", region_name=region)
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=bucket, **where)
    try:
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(root / "templates", Path(folder) / "templates")
            yield Path(folder), bucket
    finally:
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
            for found in page.get("Contents", ()):
                s3.delete_object(Bucket=bucket, Key=found["Key"])
        s3.delete_bucket(Bucket=bucket)


def _test(config: Config, names: Iterable[str], folder: Path, bucket: str) -> Any:
    """Return taskcat's own test of one wave."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # taskcat imports pkg_resources, which is going out of use
        from taskcat.testing import CFNTest
    chosen = {
        "project": {**config["project"], "s3_bucket": bucket},
        "tests": {name: config["tests"][name] for name in names},
    }
    test = CFNTest.from_dict(chosen, project_root=str(folder))
    test.lint_disable = True  # `lockstep check` asks cfn-lint, with the values of every environment
    test.dont_wait_for_delete = False
    test.printer = Progress(0.2 if "AWS_ENDPOINT_URL" in os.environ else 10)
    return test


def _outcome(stack: Any) -> Outcome:
    events = [] if stack.launch_exception or stack.status == MADE else stack.error_events(refresh=True)
    reasons = [f"{event.logical_id}: {event.status_reason}" for event in events] or [
        stack.status_reason or ""
    ]
    return Outcome(stack.test_name, stack.region_name, stack.status, "; ".join(reasons))


def _deleted(test: Any) -> list[Outcome]:
    """Delete the stacks of a test and wait; return those that are still there."""
    from taskcat.exceptions import TaskCatException

    # taskcat raises once everything is done, for what could not be deleted and for what never was a stack.
    with suppress(TaskCatException):
        test.clean_up()
    stacks = test.result or ()
    return [_outcome(one) for one in stacks if not one.launch_exception and one.status != "DELETE_COMPLETE"]


def main(arguments: Sequence[str], root: Path) -> int:
    """Run tests and print a line for each stack; return the exit code."""
    try:
        account = boto3.client("sts", region_name="us-east-1").get_caller_identity()["Account"]
        click.echo(f"taskcat: account {account}, {os.environ.get('AWS_ENDPOINT_URL', 'AWS itself')}")
        return 0 if run(root, arguments, _told) else 1
    except (ValueError, KeyError, OSError) as error:
        click.echo(f"taskcat: {error}", err=True)
        return 2
    except (BotoCoreError, ClientError) as error:
        click.echo(f"taskcat: {error}", err=True)
        return 3


def _told(one: Outcome) -> None:
    click.echo(f"{one.test:24} {one.region:12} {one.status}  {'' if one.good else one.reason}".rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
