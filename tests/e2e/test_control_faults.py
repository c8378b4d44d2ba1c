"""Home under faults, as it is deployed: processes killed, services down, the sandbox stopped in the middle.

Nothing is lost, nothing is announced twice, and every failure shows in a metric and ends in a dead letter queue until
somebody mends it (REQ-C2, REQ-C4, REQ-C5).
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.state.records import StackKey
from pipelines.state.store import StateStore
from pipelines.tracking.alerts import fingerprint
from sandbox import process
from sandbox.place import Place, Record
from tests.e2e import deployed_home
from tests.e2e.control_plane import DEV, TAGS, until
from tests.e2e.recorded_project import HOME, RecordedProject

pytestmark = pytest.mark.xdist_group("control-faults")
REGION = "us-east-1"
STACKS, KILLS = 20, 3
SHORT_SECONDS = 3
"""How long a failed message stays away here; 360 seconds as deployed."""

DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ACTION", "Resource": "*"}]}


@dataclass
class Home:
    """Home on a sandbox of its own, with an inbox on its topics."""

    place: Place
    record: Record
    project: RecordedProject
    ids: Counter[str] = field(default_factory=Counter)

    def client(self, service: str) -> Any:
        """Return a client at home."""
        return self.project.client(service)

    def parameter(self, name: str) -> str:
        """Return what home publishes under a name."""
        return str(self.client("ssm").get_parameter(Name=f"/control/shared/{name}")["Parameter"]["Value"])

    @property
    def table(self) -> StateStore:
        """The state table."""
        return StateStore(self.client("dynamodb"), self.parameter("table/TableName"))

    def patience(self, seconds: int, receptions: int) -> None:
        """Set how long a failed message of the tracker's queue stays away, and how often it is received."""
        redrive = {"deadLetterTargetArn": self.parameter("tracker-queue/DeadLetterQueueArn")}
        attributes = {
            "VisibilityTimeout": str(seconds),
            "RedrivePolicy": json.dumps({**redrive, "maxReceiveCount": receptions}),
        }
        self.client("sqs").set_queue_attributes(
            QueueUrl=self.parameter("tracker-queue/QueueUrl"), Attributes=attributes
        )

    def subscribe(self) -> None:
        """Let an inbox have everything that is announced."""
        sqs, arn = self.client("sqs"), f"arn:aws:sqs:{HOME['region']}:{HOME['account']}:inbox"
        allow = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
        }
        policy = {"Version": "2012-10-17", "Statement": [{**allow, "Resource": arn}]}
        sqs.create_queue(QueueName="inbox", Attributes={"Policy": json.dumps(policy)})
        self.client("sns").subscribe(
            TopicArn=self.parameter("topics/RollbackTopicArn"),
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
        )

    def announced(self, run: str) -> dict[str, int]:
        """Return how often each alert of a run was announced, by its fingerprint and generation."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for each in found:
                said = json.loads(each["Body"])
                if said["kind"] != "delivery":
                    self.ids[f"{said['fingerprint']}#{said['generation']}"] += 1
                sqs.delete_message(QueueUrl=url, ReceiptHandle=each["ReceiptHandle"])
        return {name: count for name, count in self.ids.items() if f":{run}-" in name}

    def show(self, function: str) -> None:
        """Let what processes of a function run be seen from outside: by a variable with which none is forked."""
        aws = self.client("lambda")
        given = aws.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        variables = {**given, "PYTHONHASHSEED": "1"}
        aws.update_function_configuration(FunctionName=function, Environment={"Variables": variables})

    def workers(self, function: str) -> list[int]:
        """Return the processes that run a function, which was made to show them."""
        found = []
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                variables = path.read_bytes().split(b"\0")
            except OSError:
                continue
            names = {f"AWS_LAMBDA_FUNCTION_NAME={function}", f"AWS_ENDPOINT_URL={self.record.endpoint}"}
            if {name.encode() for name in names} <= set(variables):
                found.append(int(path.parent.name))
        return found

    def letters(self, name: str) -> int:
        """Return how many messages a dead letter queue holds."""
        sqs = self.client("sqs")
        url = sqs.get_queue_url(QueueName=self.parameter(name))["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(found["Attributes"]["ApproximateNumberOfMessages"])

    def counted(self, function: str, metric: str) -> int:
        """Return how often a function's logs hold a metric, as CloudWatch reads them there."""
        found = 0
        pages = self.client("logs").get_paginator("filter_log_events")
        for page in pages.paginate(logGroupName=f"/aws/lambda/{function}"):
            found += sum(
                f'"{metric}"' in each["message"] and '"_aws"' in each["message"] for each in page["events"]
            )
        return found

    def reconcile(self) -> None:
        """Let the reconciler do a pass, as it does every 15 minutes."""
        answer = self.client("lambda").invoke(FunctionName="shared-control-reconciler", Payload=b"{}")
        assert "FunctionError" not in answer, answer["Payload"].read()

    @contextmanager
    def denied(self, function: str, action: str) -> Iterator[None]:
        """Take an action from a function for a while."""
        iam, role = self.client("iam"), f"shared-control-{function}-role"
        document = json.dumps(DENY).replace("ACTION", action)
        iam.put_role_policy(RoleName=role, PolicyName="down", PolicyDocument=document)
        yield
        iam.delete_role_policy(RoleName=role, PolicyName="down")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """Begin with home alone: events come straight into its queue."""
    found = Home(*deployed_home.started(tmp_path_factory, "control-faults"))
    found.subscribe()
    for name in ("tracker", "announcer"):
        found.show(f"shared-control-{name}")
    yield found
    process.discard(found.place)


@dataclass(frozen=True, slots=True)
class Stacks:
    """Stacks of one run, each updated once; every second one is rolled back."""

    run: str
    count: int

    def key(self, number: int) -> StackKey:
        """Return the key of a stack in the state table."""
        return StackKey("trial", "dev", DEV, REGION, f"{self.run}-{number:03}")

    def status(self, number: int) -> str:
        """Return what a stack is in the end."""
        return "UPDATE_COMPLETE" if number % 2 else "UPDATE_ROLLBACK_COMPLETE"

    def send(self, home: Home) -> None:
        """Put what an agent says of the stacks into the tracker's queue, the beginning and the end of each update."""
        self._put(
            home,
            [
                self._body(number, step, status)
                for number in range(self.count)
                for step, status in enumerate(("UPDATE_IN_PROGRESS", self.status(number)))
            ],
        )

    def report(self, home: Home) -> None:
        """Put what an agent says in its pass over a region: each stack as it is, and no event that led there."""
        self._put(home, [self._body(number, None, self.status(number)) for number in range(self.count)])

    def _put(self, home: Home, bodies: list[str]) -> None:
        sqs, url = home.client("sqs"), home.parameter("tracker-queue/QueueUrl")
        for start in range(0, len(bodies), 10):
            entries = [
                {"Id": str(place), "MessageBody": body}
                for place, body in enumerate(bodies[start : start + 10])
            ]
            assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")

    def _body(self, number: int, step: int | None, status: str) -> str:
        name, now = self.key(number).stack, datetime.now(UTC)
        stack = f"arn:aws:cloudformation:{REGION}:{DEV}:stack/{name}/0a1b"
        at = now.isoformat()
        kind = "CloudFormation Stack Status Change"
        trigger = {
            "event_id": f"{name}-{step}",
            "time": at,
            "status": status,
            "reason": "",
            "detail_type": kind,
        }
        detail = {
            "schema": "lockstep/observation/v1",
            "stack_id": stack,
            "name": name,
            "status": status,
            "reason": "",
            "operation_at": (now.replace(microsecond=0) - timedelta(seconds=60)).isoformat(),
            "created_at": at,
            "observed_at": at,
            "tags": TAGS,
            "parameters": {},
            "template_digest": None,
            "digest": None,
            "trigger": None if step is None else trigger,
        }
        event = {
            "id": f"{name}-{step}-seen",
            "account": DEV,
            "region": REGION,
            "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }
        return json.dumps(
            {**event, "source": "lockstep.agent", "detail-type": "Stack Observed", "detail": detail}
        )

    def recorded(self, home: Home) -> bool:
        """Tell whether the table has every stack as it is, with its whole history, nothing twice."""
        if not self.known(home):
            return False
        table = home.table
        histories = ([each.event_id for each in table.events(self.key(number))] for number in self._numbers)
        return all(sorted(ids) == sorted(set(ids)) and len(ids) == 2 for ids in histories)

    def known(self, home: Home) -> bool:
        """Tell whether the table has every stack as it is, whatever its history."""
        table = home.table
        states = ((number, table.state(self.key(number))) for number in self._numbers)
        return all(state is not None and state.status == self.status(number) for number, state in states)

    @property
    def _numbers(self) -> Iterable[int]:
        """Its stacks from the last on: as long as one is not there, those before need not be looked at."""
        return reversed(range(self.count))

    @property
    def alerts(self) -> set[str]:
        """What has to be announced: fingerprints and generations."""
        failed = [self.key(number) for number in range(self.count) if number % 2 == 0]
        return {f"{fingerprint('deployment', key)}#1" for key in failed}


def kill(home: Home, function: str) -> int:
    """Kill a function's processes while they work, KILLS times; return how often there was one."""
    killed = 0
    deadline = time.monotonic() + 60
    while killed < KILLS and time.monotonic() < deadline:
        for pid in home.workers(function)[:1]:
            os.kill(pid, signal.SIGKILL)
            killed += 1
        time.sleep(0.5)
    return killed


def test_killed_trackers_lose_nothing(home: Home) -> None:
    """A batch whose process dies comes again; what it had done already is not done twice."""
    home.patience(SHORT_SECONDS, 100)
    stacks = Stacks("kills", STACKS)
    stacks.send(home)
    assert kill(home, "shared-control-tracker") == KILLS
    until("every stack is recorded", lambda: stacks.recorded(home))
    until("every alert is announced", lambda: set(home.announced("kills")) == stacks.alerts)
    assert set(home.announced("kills").values()) == {1}
    assert home.letters("tracker-queue/DeadLetterQueueName") == 0


def test_killed_announcers_lose_nothing_and_repeat_under_the_same_id(home: Home) -> None:
    """Only what was published and not marked yet may come again, with the id by which a receiver drops it."""
    home.patience(SHORT_SECONDS, 100)
    stacks = Stacks("quiet", STACKS)
    stacks.send(home)
    killed = kill(home, "shared-control-announcer")
    until("every alert is announced", lambda: set(home.announced("quiet")) == stacks.alerts)
    counts = home.announced("quiet")
    assert sum(counts.values()) <= len(counts) + killed


def test_what_the_table_does_not_take_is_dead_until_it_is_sent_again(home: Home) -> None:
    """Each failure is counted; after its receptions the message lies among the dead letters, whole."""
    home.patience(1, 2)
    stacks = Stacks("denied", 2)
    with home.denied("tracker", "dynamodb:*"):
        stacks.send(home)
        until("dead letters", lambda: home.letters("tracker-queue/DeadLetterQueueName") == 2 * stacks.count)
    assert home.counted("shared-control-tracker", "EventsFailed") >= 2 * stacks.count
    sqs = home.client("sqs")
    dead = sqs.get_queue_url(QueueName=home.parameter("tracker-queue/DeadLetterQueueName"))["QueueUrl"]
    home.patience(SHORT_SECONDS, 100)
    while found := sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10).get("Messages"):
        for each in found:
            sqs.send_message(QueueUrl=home.parameter("tracker-queue/QueueUrl"), MessageBody=each["Body"])
            sqs.delete_message(QueueUrl=dead, ReceiptHandle=each["ReceiptHandle"])
    until("every stack is recorded", lambda: stacks.recorded(home))
    until("announced", lambda: home.announced("denied") == dict.fromkeys(stacks.alerts, 1))


def test_what_sns_did_not_take_is_announced_by_the_reconciler_once(home: Home) -> None:
    """Tries end in a dead letter that says where in the stream it was; the table still knows what is to be said."""
    function = home.client("lambda")
    (mapping,) = function.list_event_source_mappings(FunctionName="shared-control-announcer")[
        "EventSourceMappings"
    ]
    function.update_event_source_mapping(UUID=mapping["UUID"], MaximumRetryAttempts=1)
    stacks = Stacks("silent", 2)
    with home.denied("announcer", "sns:Publish"):
        stacks.send(home)
        until("a dead letter", lambda: home.letters("announcer/DeadLetterQueueName") > 0)
    assert home.counted("shared-control-announcer", "AnnounceFailures") > 0
    assert home.announced("silent") == {}
    home.reconcile()
    until("announced", lambda: home.announced("silent") == dict.fromkeys(stacks.alerts, 1))
    home.reconcile()
    assert home.announced("silent") == dict.fromkeys(stacks.alerts, 1)


def test_a_stop_in_the_middle_loses_nothing(home: Home) -> None:
    """Queue, table and stream go on where they were; what was published and not marked yet comes again, by its id.

    That is one alert at most: the announcer follows the stream, one after the other.
    """
    home.patience(SHORT_SECONDS, 100)
    stacks = Stacks("stopped", STACKS)
    stacks.send(home)
    until("the first is recorded", lambda: home.table.state(stacks.key(0)) is not None)
    process.stop(home.place)
    home.record = process.start(home.place, lifeline=os.getpid())
    until("every stack is recorded", lambda: stacks.recorded(home))
    until("every alert is announced", lambda: set(home.announced("stopped")) == stacks.alerts)
    counts = home.announced("stopped")
    assert sum(counts.values()) <= len(counts) + 1
    later = replace(stacks, run="later", count=2)
    later.send(home)
    until(
        "what comes after is announced too", lambda: home.announced("later") == dict.fromkeys(later.alerts, 1)
    )


def test_after_a_kill_what_runs_is_known_again(home: Home, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The sandbox loses queue, table and stream: deployed again, the table is right after one pass of the agents.

    What is lost is the history. Each alert is announced once, of what home knows now.
    """
    stacks = Stacks("killed", STACKS)
    stacks.send(home)
    until("the first is recorded", lambda: home.table.state(stacks.key(0)) is not None)
    os.killpg(home.record.pid, signal.SIGKILL)
    said: list[str] = []
    process.start(home.place, lifeline=os.getpid(), progress=said.append)
    assert any("beginning empty" in line for line in said)
    process.discard(home.place)
    home.place, home.record, home.project = deployed_home.started(tmp_path_factory, "deployed-again")
    home.subscribe()
    stacks.report(home)
    until("every stack is known", lambda: stacks.known(home))
    home.reconcile()
    until("every alert is announced", lambda: set(home.announced("killed")) == stacks.alerts)
    assert set(home.announced("killed").values()) == {1}
