"""An update as a change set, with answers of CloudFormation that the local AWS does not give (REQ-R3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines import executing
from pipelines.delivery.data import Data
from pipelines.executing import NotAllowedError, Update
from validator.errors import TechnicalError

MADE = "arn:aws:cloudformation:us-east-1:111111111111:changeSet/lockstep-deploy/1"
SENT = {"StackName": "table", "Parameters": [], "DisableRollback": True}
READY = {"Status": "CREATE_COMPLETE"}


def change(name: str, action: str = "Modify", **more: str) -> Mapping[str, Any]:
    body = {"Action": action, "LogicalResourceId": name, "ResourceType": "AWS::DynamoDB::Table", **more}
    return {"Type": "Resource", "ResourceChange": body}


class CloudFormation:
    """Answers in turn to DescribeChangeSet, and to the first calls for a change set, as a test says."""

    def __init__(self, *described: Mapping[str, Any], refusals: tuple[str, ...] = ()) -> None:
        self.described, self.refusals = list(described), list(refusals)
        self.calls: list[tuple[str, Mapping[str, Any]]] = []
        self.pauses: list[float] = []

    def call(self, command: str, sent: Mapping[str, Any]) -> Mapping[str, Any]:
        self.calls.append((command, sent))
        if command == "create_change_set" and self.refusals:
            raise ClientError({"Error": {"Code": self.refusals.pop(0), "Message": "no"}}, "CreateChangeSet")
        if command == "describe_change_set":
            return self.described.pop(0) if len(self.described) > 1 else self.described[0]
        return {"Id": MADE} if command == "create_change_set" else {}

    def update(self, data: Data | None = None) -> Update:
        known = data or Data()
        return Update(
            self.call,
            lambda changes: known.objection("prod/orders/table", changes),
            self.pauses.append,
            "t-1",
        )

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def test_what_was_looked_at_is_executed_and_nothing_else() -> None:
    """By its ARN, with the flag and the token that UpdateStack had, and what only an execution takes."""
    cloud = CloudFormation({"Status": "CREATE_IN_PROGRESS"}, READY)
    assert cloud.update().run(SENT) == MADE
    assert cloud.names == ["create_change_set", *["describe_change_set"] * 2, "execute_change_set"]
    assert cloud.calls[0][1] == {
        "StackName": "table",
        "Parameters": [],
        "ChangeSetName": "t-1",
        "ChangeSetType": "UPDATE",
        "Description": "lockstep deploy: executed as soon as it is looked at",
    }
    assert cloud.calls[-1][1] == {
        "StackName": "table",
        "ChangeSetName": MADE,
        "RetainExceptOnCreate": True,
        "DisableRollback": True,
        "ClientRequestToken": "t-1",
    }


@pytest.mark.parametrize("place", ["first page", "last page"])
@pytest.mark.parametrize(
    ("found", "word"),
    [
        (change("Table", Replacement="True"), "replaced"),
        (change("Table", Replacement="Conditional"), "replaced"),
        (change("Table", "Remove", PolicyAction="Delete"), "deleted"),
        (change("Table", "Dynamic"), "replaced"),
    ],
)
def test_data_that_nobody_gave_up_stops_it(found: Mapping[str, Any], word: str, place: str) -> None:
    """Whatever the plan said: it is asked of the very change set, on each of its pages."""
    harmless = change("Other", Replacement="False")
    first, last = (found, harmless) if place == "first page" else (harmless, found)
    pages = [{**READY, "Changes": [first], "NextToken": "more"}, {"Changes": [last]}]
    data = Data(frozenset({"AWS::DynamoDB::Table"}))
    cloud = CloudFormation(*pages)
    with pytest.raises(NotAllowedError, match=f"prod/orders/table/Table .* would be {word}") as caught:
        cloud.update(data).run(SENT)
    assert "--accept-loss prod/orders/table/Table" in str(caught.value)
    assert cloud.names[-1] == "delete_change_set"
    accepted = CloudFormation(*pages)
    accepted.update(Data(data.stateful, frozenset({"prod/orders/table/Table"}))).run(SENT)
    assert accepted.names[-1] == "execute_change_set"


def test_what_keeps_its_data_is_executed() -> None:
    kept = [change("Kept", "Remove", PolicyAction="Retain"), change("Table", Replacement="False")]
    cloud = CloudFormation({**READY, "Changes": kept})
    cloud.update(Data(frozenset({"AWS::DynamoDB::Table"}))).run(SENT)
    assert cloud.names[-1] == "execute_change_set"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("The submitted information didn't contain changes.", "No updates are to be performed."),
        ("Parameters: [A] do not exist", "Parameters: [A] do not exist"),
    ],
)
def test_what_cannot_be_made_is_told_as_an_update_tells_it(reason: str, said: str) -> None:
    cloud = CloudFormation({"Status": "FAILED", "StatusReason": reason})
    with pytest.raises(ClientError) as caught:
        cloud.update().run(SENT)
    assert caught.value.response["Error"]["Message"] == said
    assert cloud.names[-1] == "delete_change_set"


def test_what_is_refused_is_not_tried_again() -> None:
    cloud = CloudFormation(READY, refusals=("ValidationError",))
    with pytest.raises(ClientError):
        cloud.update().run(SENT)
    assert cloud.names == ["create_change_set"]


def test_a_stop_changes_nothing() -> None:
    """Also where the change set cannot be removed yet."""
    cloud = CloudFormation({"Status": "CREATE_IN_PROGRESS"})

    def call(command: str, sent: Mapping[str, Any]) -> Mapping[str, Any]:
        if command == "delete_change_set":
            raise ClientError(
                {"Error": {"Code": "InvalidChangeSetStatus", "Message": "no"}}, "DeleteChangeSet"
            )
        return cloud.call(command, sent)

    def stopped(_seconds: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Update(call, lambda _: "", stopped, "t-1").run(SENT)
    assert "execute_change_set" not in cloud.names


def test_nothing_is_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executing.time, "monotonic", iter(range(0, 10**6, 200)).__next__)
    cloud = CloudFormation({"Status": "CREATE_PENDING"})
    with pytest.raises(TechnicalError, match="makes no change set of table within 10 minutes"):
        cloud.update().run(SENT)
    assert cloud.names[-1] == "delete_change_set"


def test_a_run_that_may_not_go_on_executes_nothing() -> None:
    """It is asked after the change set is made and looked at: a look before is as old as that takes (REQ-G5)."""
    cloud = CloudFormation(READY)

    def lost(_seconds: float) -> None:
        assert cloud.names[-1] == "describe_change_set"
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Update(cloud.call, lambda _: "", lost, "t-1").run(SENT)
    assert cloud.names[-1] == "delete_change_set"
