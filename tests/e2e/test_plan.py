"""`lockstep plan` on a sandbox of its own: what it tells, and that it leaves nothing behind (REQ-G7, REQ-R5)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from pipelines import cli
from pipelines.commands.deploy import Terminal, now
from pipelines.delivery.data import Data
from pipelines.delivery.returning import Return
from pipelines.deploy import Deployment, Result
from pipelines.plan.asking import PREFIX
from pipelines.workspace import Workspace
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e import clients
from tests.e2e.commands import begin, lockstep, orders_root, share_wheels
from tests.e2e.conftest import ActAs
from validator.errors import FailureError

pytestmark = pytest.mark.xdist_group("planned")
SCHEMA = json.loads((Path(__file__).parents[1] / "schemas" / "plan.json").read_text(encoding="utf-8"))
KEPT = ("keys", "boundary", "artifacts", "queue", "table", "trades", "notifications")
TRIES = 10
"""How often a run is begun until one is seen while a change set of it is there."""


class Project:
    """A project with a few stacks of `orders`, and the account of its dev environment."""

    def __init__(self, root: Path, endpoint: str) -> None:
        self.root, self.operator = root, accounts.variables(endpoint)
        self.cloudformation = clients.shared(
            endpoint, "cloudformation", accounts.ACCOUNTS["dev"], "us-east-1"
        )

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return lockstep(self.operator, *arguments, cwd=self.root)

    def planned(self, *arguments: str) -> Any:
        done = self.run("plan", "dev", "--format", "json", *arguments)
        assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
        document = json.loads(done.stdout)
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
        return document

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def stacks(self) -> dict[str, str]:
        """Return the status of each stack that is there, by id."""
        return {one["StackId"]: one["StackStatus"] for one in self.cloudformation.describe_stacks()["Stacks"]}

    def queues(self) -> list[str]:
        """Return the names of the queues in the account."""
        sqs = clients.shared(self.operator["AWS_ENDPOINT_URL"], "sqs", accounts.ACCOUNTS["dev"], "us-east-1")
        return sorted(url.rpartition("/")[2] for url in sqs.list_queues().get("QueueUrls", ()))

    def change_sets(self) -> list[str]:
        """Return the change sets of all stacks, those in review included."""
        return [
            found["ChangeSetName"]
            for stack in self.cloudformation.describe_stacks()["Stacks"]
            for found in self.cloudformation.list_change_sets(StackName=stack["StackName"])["Summaries"]
        ]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Return a project of which nothing is deployed."""
    root = tmp_path_factory.mktemp("planned") / "project"
    shutil.copytree(orders_root(), root, symlinks=True, ignore=shutil.ignore_patterns(".lockstep"))
    for path in root.glob("sceptre/config/*/orders/*.yaml"):
        if path.stem not in (*KEPT, "config"):
            path.unlink()
    share_wheels(root)
    place = Place.of(tmp_path_factory.mktemp("planned") / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    yield Project(root, record.endpoint)
    process.discard(place)


@pytest.fixture(scope="module")
def first(project: Project) -> Any:
    """Return the plan of everything that is new; it leaves nothing in the account."""
    found = project.planned()
    assert (project.stacks(), project.change_sets()) == ({}, [])
    return found


@pytest.fixture(scope="module")
def deployed(project: Project, first: Any) -> Project:
    """Return the project with what was planned deployed."""
    done = project.run("deploy", "dev")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    return project


def of(document: Any, stack: str) -> Any:
    return next(one for one in document["stacks"] if one["name"] == f"dev/orders/{stack}")


def untold(document: Any) -> Any:
    """Return a plan without what is another each time: the change sets that it was asked with."""
    return {**document, "stacks": [{**one, "change_set": None} for one in document["stacks"]]}


def test_new_stacks_are_asked_about_where_they_can_be(first: Any) -> None:
    """The keys by a change set; what reads a name that they publish from its template, which is said."""
    assert (of(first, "keys")["kind"], of(first, "keys")["source"]) == ("create", "asked")
    assert of(first, "table")["source"] == "computed"
    assert of(first, "table")["note"].startswith(
        "not asked: it reads /orders/dev/keys/DataKeyArn, which this"
    )
    assert set(first["summary"]["kinds"]) == {"added"}
    assert first["losses"] == []


def test_what_was_deployed_is_another_plan_than_before(deployed: Project, first: Any) -> None:
    """REQ-G7: a plan holds for what stood when it was made; which stacks differ is named."""
    refused = deployed.run("plan", "dev", "--expect", first["digest"])
    assert refused.returncode == cli.FAILURE
    assert "no change" in refused.stdout
    assert "this is not the plan that was expected" in refused.stderr
    assert "dev/orders/table: it, or what would change in it, is another than was planned" in refused.stderr


def test_a_way_back_that_nobody_asked_about_takes_no_data_along(deployed: Project, act_as: ActAs) -> None:
    """REQ-R3: the release before comes back by itself, unless that replaces what holds data: a person says so."""
    act_as(deployed.operator)
    queues, nobody = frozenset({"AWS::SQS::Queue"}), SimpleNamespace(table=lambda: None)

    def admit(stateful: frozenset[str]) -> str:
        workspace, stage = Workspace(deployed.root), Terminal(quiet=True)
        terms = Return("dev", "v1.0.0", (), workspace, stage, now, stateful=stateful)
        return terms.admit(nobody, SimpleNamespace(locks={}))  # type: ignore[arg-type]

    deployed.edit("templates/queue.yaml", "queue-dead-letter$", "queue-dead$")
    try:
        with pytest.raises(FailureError) as caught:
            admit(queues)
        assert admit(frozenset({"AWS::S3::Bucket"})) == admit(frozenset()) == ""
    finally:
        deployed.edit("templates/queue.yaml", "queue-dead$", "queue-dead-letter$")
    loss = "dev/orders/queue/DeadLetterQueue"
    assert f"{loss} (AWS::SQS::Queue) would be replaced" in str(caught.value)
    assert f"lockstep rollback v1.0.0 --env dev --accept-loss {loss}" in str(caught.value)
    assert admit(queues) == "", "as it stands, nothing is lost"


def test_a_replaced_queue_is_a_loss_both_ways(deployed: Project) -> None:
    """REQ-G7, REQ-R3, REQ-R5: called out, left behind where it is retained, and not to be undone."""
    before = deployed.stacks()
    deployed.edit("templates/queue.yaml", "queue-dead-letter$", "queue-dead$")
    try:
        found = deployed.planned()
        assert untold(deployed.planned("--expect", found["digest"])) == untold(found)
        (queue,) = [one for one in of(found, "queue")["changes"] if one["logical_id"] == "DeadLetterQueue"]
        assert (queue["kind"], queue["policy"]) == ("replaced", "ReplaceAndRetain")
        assert [one["after"] for one in queue["properties"]] == ["dev-orders-queue-dead"]
        name = "dev/orders/queue/DeadLetterQueue"
        assert [(one["name"], one["action"]) for one in found["losses"]] == [(name, "replaced")]
        back = deployed.planned("--reverse")
        assert [one["name"] for one in back["irreversible"]] == [name]
        assert back["digest"] != found["digest"]
    finally:
        deployed.edit("templates/queue.yaml", "queue-dead$", "queue-dead-letter$")
    assert deployed.stacks() == before
    assert deployed.change_sets() == []


def test_an_interrupted_plan_leaves_nothing(deployed: Project, tmp_path: Path) -> None:
    """REQ-G7: every stack is being asked about; after the signal none has a change set."""
    before = deployed.stacks()
    deployed.edit("sceptre/config/config.yaml", "cost_center: TR-4", "cost_center: TR-5")
    try:
        assert any(_interrupted(deployed, tmp_path) for _ in range(TRIES)), "no change set was ever seen"
    finally:
        deployed.edit("sceptre/config/config.yaml", "cost_center: TR-5", "cost_center: TR-4")
    assert deployed.stacks() == before


def _interrupted(project: Project, folder: Path) -> bool:
    """Begin a plan, stop it while a change set of it is there, and tell whether one was seen."""
    running = begin(project.operator, "plan", "dev", folder=folder, cwd=project.root)
    seen = False
    while not running.is_over and not seen:
        seen = any(name.startswith(PREFIX) for name in project.change_sets())
    done = running.get(signal.SIGINT)
    assert project.change_sets() == []
    # The signal may come when everything was asked already: then the plan is told, and is whole.
    assert done.returncode == cli.SUCCESS or "stopped at your request" in done.stderr, done.stderr
    return seen


def test_what_nobody_gave_up_is_not_executed_whatever_was_planned(deployed: Project, act_as: ActAs) -> None:
    """REQ-R3: the very change set is asked once more, and goes. This test is the last: it changes what stands."""
    act_as(deployed.operator)
    data, name = Data(frozenset({"AWS::SQS::Queue"})), "dev/orders/queue/DeadLetterQueue"
    deployed.edit("templates/queue.yaml", "queue-dead-letter$", "queue-dead$")
    workspace = Workspace(deployed.root)

    def run(terms: Data) -> dict[str, Result]:
        stacks = [stack.name for stack in workspace.project().of("dev")]
        with Terminal(quiet=True).shown(stacks) as reporter:
            deployment = Deployment(workspace, "dev", reporter)
            deployment.objection = terms.objection
            return {one.stack: one for one in deployment.run()}

    refused = run(data)["dev/orders/queue"]
    assert refused.outcome == "failed"
    assert f"{name} (AWS::SQS::Queue) would be replaced: nobody said that it may go" in refused.reason
    assert refused.change_set == ""
    assert deployed.queues() == ["dev-orders-queue", "dev-orders-queue-dead-letter"]
    executed = run(Data(data.stateful, frozenset({name})))["dev/orders/queue"]
    assert executed.outcome == "updated", executed.reason
    assert ":changeSet/lockstep-deploy-" in executed.change_set
    assert "dev-orders-queue-dead" in deployed.queues()
    assert PREFIX not in "".join(deployed.change_sets())
