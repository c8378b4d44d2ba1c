"""Waiting for a stack, and stopping while it is in progress: states that the quick local AWS does not hold for long."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sceptre.stack import Stack as SceptreStack
from sceptre.stack_status import StackStatus

from pipelines import cli, launcher
from pipelines.deploy import Deployment, Result
from pipelines.deployment import Action
from pipelines.launcher import Interrupted, Launch, Order, _Connection
from pipelines.live import LiveStack, failure_reason
from pipelines.stack_sets import Place
from pipelines.workspace import Workspace
from tests.unit.test_bad_projects import PROJECTS
from validator.errors import ConfigurationError, TechnicalError


class Waiting(Launch):
    """A launch whose stack goes through the statuses that a test names."""

    def __init__(self, statuses: list[str], stopping: Any = lambda: False) -> None:
        self.pauses: list[float] = []
        super().__init__(
            SceptreStack(
                "dev/orders/queue", "lockstep", "us-east-1", template_handler_config={"path": "queue.yaml"}
            ),
            stopping,
            self.pauses.append,
        )
        self._statuses: Iterator[str] = iter(statuses)

    def _get_status(self) -> str:
        return next(self._statuses)


def test_the_wait_is_short_at_first_and_never_longer_than_sceptres() -> None:
    """A quick stack is seen at once, a slow one does not cost calls."""
    waiting = Waiting(["CREATE_IN_PROGRESS"] * 30 + ["CREATE_COMPLETE"])
    assert waiting._wait_for_completion() == StackStatus.COMPLETE
    assert waiting.pauses[0] == launcher.FIRST_WAIT
    assert waiting.pauses == sorted(waiting.pauses)
    assert waiting.pauses[-1] == launcher.LONGEST_WAIT


def test_a_stop_ends_the_wait_but_not_a_finished_stack() -> None:
    """A stack in progress is left to CloudFormation; one that has ended is reported as it is."""
    waiting = Waiting(["CREATE_IN_PROGRESS"] * 5, stopping=lambda: True)
    with pytest.raises(Interrupted):
        waiting._wait_for_completion()
    assert waiting.pauses == []
    assert Waiting(["CREATE_COMPLETE"], stopping=lambda: True)._wait_for_completion() == StackStatus.COMPLETE
    assert Waiting(["ROLLBACK_COMPLETE"])._wait_for_completion() == StackStatus.FAILED


class Reported:
    def __init__(self) -> None:
        self.results: list[Result] = []
        self.waits: list[float] = []

    def started(self, stack: str, action: Action) -> None: ...

    def still(self, stacks: Sequence[str], seconds: float) -> None:
        self.waits.append(seconds)

    def placed(self, stack: str, place: Place) -> None: ...

    def ended(self, result: Result) -> None:
        self.results.append(result)


def deployment(monkeypatch: pytest.MonkeyPatch, launch: Any) -> Deployment:
    """Return a deployment of the good project's dev: nothing is live, and launching is what the test says."""
    monkeypatch.setenv("LOCKSTEP_CACHE", "off")
    monkeypatch.setattr("pipelines.reading.read_stacks", lambda *_, **__: {})
    monkeypatch.setattr(launcher, "launch", launch)
    monkeypatch.setattr("pipelines.reading.Aws", Caller)
    return Deployment(Workspace(PROJECTS / "good" / "base"), "dev", Reported())


class Caller:
    """AWS as far as it says whose credentials these are."""

    account = "111111111111"

    def __init__(self, region: str, role_arn: str) -> None: ...

    def client(self, _: str) -> Any:
        return self

    def get_caller_identity(self) -> dict[str, str]:
        return {"Account": self.account}


def test_a_stop_while_a_stack_is_in_progress_starts_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack is interrupted, the next batch not started, and the next run is told to wait for it."""

    def launch(stack: SceptreStack, stopping: Any, _token: str) -> Any:
        run.stop.set()
        assert stopping()
        raise Interrupted

    run = deployment(monkeypatch, launch)
    first, second = run.run()
    assert (first.stack, first.outcome) == ("dev/orders/queue", "interrupted")
    assert "the next run waits for it" in first.reason
    assert (second.stack, second.outcome) == ("dev/orders/archive", "not started")
    assert re.fullmatch(r"lockstep-deploy-[0-9a-f]{32}", first.request)
    assert second.request == ""


def test_a_stack_that_has_not_begun_when_the_stop_comes_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when it waits for a free place in its batch."""
    launched = threading.Event()
    run = deployment(monkeypatch, lambda *_: launched.set())
    run.stop.set()
    stack = run.workspace.project()["dev/orders/queue"]
    assert run._one(stack, Action("create", "")).outcome == "not started"
    assert not launched.is_set()


def test_what_goes_wrong_in_a_launch_is_the_stacks_result(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of AWS or of Sceptre fails the stack and stops the run; it is no traceback."""
    from sceptre.exceptions import CannotUpdateFailedStackError

    def launch(*_: Any) -> Any:
        raise CannotUpdateFailedStackError("the stack is stuck")

    first, second = deployment(monkeypatch, launch).run()
    assert (first.outcome, first.reason) == ("failed", "the stack is stuck")
    assert second.outcome == "not started"


class Events:
    """A client whose stack has these events, newest first, as CloudFormation lists them."""

    def __init__(self, *events: tuple[int, str, str, str]) -> None:
        self._events = [
            {
                "Timestamp": NOW + timedelta(seconds=second),
                "LogicalResourceId": name,
                "ResourceType": "AWS::SQS::Queue",
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
            }
            for second, name, status, reason in reversed(events)
        ]

    def client(self, _: str) -> Any:
        return self

    def get_paginator(self, _: str) -> Any:
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"StackEvents": self._events[:2]}, {"StackEvents": self._events[2:]}]


NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_the_reason_is_the_first_resource_that_failed_by_itself() -> None:
    """Not one that was cancelled because of it, and none of an earlier operation."""
    events: Any = Events(
        (-60, "Old", "CREATE_FAILED", "yesterday's trouble"),
        (1, "Bystander", "CREATE_FAILED", "Resource creation cancelled"),
        (2, "Queue", "CREATE_FAILED", "the name is taken"),
        (3, "Stack", "ROLLBACK_FAILED", "could not delete"),
    )
    assert failure_reason(events, "stack", NOW) == "Queue (AWS::SQS::Queue): the name is taken"
    cancelled: Any = Events((1, "Bystander", "CREATE_FAILED", "Resource creation cancelled"))
    assert "Bystander" in failure_reason(cancelled, "stack", NOW)
    assert failure_reason(events, "stack", NOW + timedelta(hours=1)) == ""


def test_a_stack_in_progress_from_an_earlier_run_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then it is looked at again: launched where it still differs, left alone where it now is as rendered."""
    waited: list[str] = []
    launched: list[str] = []
    run = deployment(monkeypatch, lambda stack, *_: (launched.append(stack.name), (None, ""))[1])
    queue = run.workspace.project()["dev/orders/queue"]
    parameters = {key: str(value) for key, value in queue.parameters.items()}
    tags = {key: str(value) for key, value in queue.tags.items()}
    status = {"now": "CREATE_IN_PROGRESS", "body": queue.sent}

    def read(_: Any, names: Any, **__: Any) -> dict[str, LiveStack]:
        shown = LiveStack(
            queue.external_name, "id", status["now"], "", parameters, {}, tags, {}, NOW, status["body"]
        )
        return {queue.external_name: shown} if queue.external_name in names else {}

    def wait(stack: SceptreStack, _: Any) -> None:
        waited.append(stack.name)
        status["now"] = status["then"]

    monkeypatch.setattr("pipelines.reading.read_stacks", read)
    monkeypatch.setattr(launcher, "wait", wait)
    status["then"] = "CREATE_COMPLETE"
    first = run.run()[0]
    assert (first.outcome, first.reason) == ("unchanged", "an earlier run brought it there")
    assert waited == ["dev/orders/queue"]
    assert "dev/orders/queue" not in launched

    status |= {"now": "UPDATE_IN_PROGRESS", "then": "UPDATE_ROLLBACK_COMPLETE", "body": "---\nOld: {}\n"}
    assert Deployment(run.workspace, "dev", Reported()).run()[0].outcome == "updated"
    assert launched.count("dev/orders/queue") == 1


def test_what_a_failed_creation_made_goes_and_what_is_asked_has_a_name_that_its_events_have_too() -> None:
    """REQ-G6: Sceptre's calls get the flag and the token, with all that they had; other calls are left alone."""
    calls: list[Any] = []
    inner = SimpleNamespace(call=lambda service, command, kwargs=None: calls.append((command, kwargs)))
    connection = _Connection(inner, Order("lockstep-1"), lambda _: None)
    for command in ("create_stack", "delete_stack"):
        connection.call("cloudformation", command, kwargs={"StackName": "queue"})
    assert calls == [
        (
            "create_stack",
            {"StackName": "queue", "RetainExceptOnCreate": True, "ClientRequestToken": "lockstep-1"},
        ),
        ("delete_stack", {"StackName": "queue"}),
    ]


def test_nothing_is_launched_with_credentials_of_another_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """REQ-P9: prod never lands in dev's account, whatever role the hierarchy names."""
    launched: list[str] = []
    run = deployment(monkeypatch, lambda stack, *_: (launched.append(stack.name), (None, ""))[1])
    monkeypatch.setattr(Caller, "account", "333333333333")
    with pytest.raises(ConfigurationError, match="of account 333333333333, but dev is 111111111111"):
        run.run()
    assert launched == []


def test_losing_aws_on_the_way_ends_the_run_as_a_technical_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """One message, no claim of how the stacks stand, and nothing more started."""
    launched: list[str] = []

    def launch(stack: SceptreStack, *_: Any) -> Any:
        launched.append(stack.name)
        raise ConfigurationError.single("nothing answers at http://127.0.0.1:9")

    with pytest.raises(TechnicalError, match=r"(?s)not known.*nothing answers.*run the same command again"):
        deployment(monkeypatch, launch).run()
    assert launched == ["dev/orders/queue"]


def test_a_reporter_that_cannot_write_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody piped the output into `head`."""
    run = deployment(monkeypatch, lambda *_: (None, ""))

    def broken(*_: Any) -> None:
        raise BrokenPipeError

    for name in ("started", "still", "ended"):
        monkeypatch.setattr(run.reporter, name, broken)
    assert [result.outcome for result in run.run()] == ["created", "created"]


def test_a_long_wait_is_reported_every_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what is still under way; the clock is passed in."""
    done, seconds = threading.Event(), iter(range(0, 100_000, 20))
    run = deployment(monkeypatch, lambda *_: (done.wait(5), (None, ""))[1])
    run.clock = lambda: float(next(seconds))
    monkeypatch.setattr(
        run.reporter, "still", lambda stacks, after: (waits.append((list(stacks), after)), done.set())
    )
    waits: list[tuple[list[str], float]] = []
    run.run()
    assert waits[0][0] == ["dev/orders/queue"]
    assert waits[0][1] >= 60


def test_the_stacks_of_a_batch_are_launched_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of a batch meet while both are under way; one after the other they never would."""
    meeting = threading.Barrier(2, timeout=10)
    run = deployment(monkeypatch, lambda *_: (None, ""))
    first = run.workspace.project()["dev/orders/queue"]
    second = run.workspace.project()["dev/orders/archive"]
    monkeypatch.setattr(launcher, "launch", lambda *_: (meeting.wait(), (None, ""))[1])
    results = run._batch((first, second))
    assert {result.outcome for result in results.values()} == {"created"}


def test_a_needless_override_is_said_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-P1: it is reported, and stops nothing; the JSON on standard output stays JSON."""
    root = shutil.copytree(PROJECTS / "good" / "base", tmp_path / "project", symlinks=True)
    config = root / "sceptre/config/prod/orders/config.yaml"
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("  order_api:\n", "  order_api:\n    timeout_seconds: 10\n"), encoding="utf-8"
    )
    assert cli.run(["render", "--project", str(root), "--format", "json"]) == cli.SUCCESS
    captured = capsys.readouterr()
    assert json.loads(captured.out)["stacks"]
    assert (
        "warning: sceptre/config/prod/orders/config.yaml:14: settings.order_api.timeout_seconds"
        in captured.err
    )
