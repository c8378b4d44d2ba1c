"""Asking CloudFormation leaves nothing behind, whatever happens on the way (REQ-G7)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from pipelines.plan.asking import PREFIX, Answer, Interrupted, ask
from validator.errors import TechnicalError

from .cloudformation import CloudFormation, refused

NEW = {"StackName": "lockstep-dev-orders-table", "ChangeSetName": f"{PREFIX}1", "ChangeSetType": "CREATE"}
UPDATE = {**NEW, "ChangeSetType": "UPDATE"}
MADE = {
    "ResourceChange": {"Action": "Add", "LogicalResourceId": "Table", "ResourceType": "AWS::DynamoDB::Table"}
}
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def asked(client: CloudFormation, sent: dict[str, Any] = NEW, *, stop: bool = False) -> Answer:
    return ask(client, sent, lambda: stop, lambda seconds: None)


def nothing_left(client: CloudFormation, status: str = "") -> None:
    assert (client.status, client.change_sets) == (status, {})


def test_a_new_stack_is_asked_about_and_gone() -> None:
    """The change set first, then the stack in review, with the role that CloudFormation was given."""
    client = CloudFormation(looks=3, changes=[MADE] * 250)
    assert len(asked(client, {**NEW, "RoleARN": "arn:role"}).changes) == 250
    nothing_left(client)
    assert client.log == [f"delete {PREFIX}1", "delete arn:new arn:role"]


def test_a_stack_that_stands_stays() -> None:
    """Only the change set goes."""
    client = CloudFormation(status="UPDATE_COMPLETE", stack_id="arn:old", changes=[MADE])
    assert asked(client, UPDATE) == Answer((MADE,))
    assert asked(client, UPDATE).change_set == "arn:change-set"
    nothing_left(client, "UPDATE_COMPLETE")


def test_a_stop_while_it_is_being_made() -> None:
    """CloudFormation refuses to delete a change set that it still makes: that is waited for."""
    client = CloudFormation(looks=5)
    with pytest.raises(Interrupted):
        asked(client, stop=True)
    nothing_left(client)


@pytest.mark.parametrize("error", [EndpointConnectionError(endpoint_url="x"), KeyboardInterrupt()])
def test_an_answer_that_is_lost(error: BaseException) -> None:
    """The change set was made, and nobody was told: what is there is found by name."""

    def lose() -> None:
        raise error

    client = CloudFormation(after_create=lose)
    with pytest.raises(type(error)):
        asked(client)
    nothing_left(client)


def test_a_refusal_is_an_answer_and_a_denial_is_none() -> None:
    """What is wrong with the stack is told of the stack; what is wrong with AWS ends the run."""

    def refuse(code: str) -> Any:
        def on_create() -> None:
            raise refused(code, "no")

        return on_create

    client = CloudFormation(on_create=refuse("ValidationError"))
    assert asked(client) == Answer(refused="no")
    nothing_left(client)
    with pytest.raises(ClientError):
        asked(CloudFormation(on_create=refuse("AccessDenied")))


def test_no_changes_and_a_failed_change_set() -> None:
    """One is a plan without changes, the other is refused; both are removed."""
    nothing = CloudFormation(
        outcome=("FAILED", "The submitted information didn't contain changes. Submit ...")
    )
    assert asked(nothing) == Answer()
    nothing_left(nothing)
    failed = CloudFormation(outcome=("FAILED", "Parameters: [X] do not exist"))
    assert asked(failed) == Answer(refused="Parameters: [X] do not exist")
    nothing_left(failed)


def test_somebody_elses_stack_in_review_stays() -> None:
    """It was there before, and others' change sets are on it, or none at all."""
    for held in ({"release-7": LONG_AGO}, {}):
        client = CloudFormation(status="REVIEW_IN_PROGRESS", stack_id="arn:theirs", change_sets=dict(held))
        asked(client)
        assert (client.status, client.change_sets) == ("REVIEW_IN_PROGRESS", held)


@pytest.mark.parametrize("other", [f"{PREFIX}2", "release-7"])
def test_somebody_who_came_meanwhile_keeps_the_stack(other: str) -> None:
    """Another run that asks about the same new stack has it until it leaves; so has a deployment."""
    client = CloudFormation()

    def come() -> None:
        client.change_sets[other] = datetime.now(UTC)

    client.after_create = come
    asked(client)
    assert client.change_sets.keys() == {other}
    assert client.status == "REVIEW_IN_PROGRESS"


def test_the_last_of_several_runs_removes_the_stack() -> None:
    """Whoever of them made it."""
    client = CloudFormation(
        status="REVIEW_IN_PROGRESS", stack_id="arn:first", change_sets={f"{PREFIX}2": datetime.now(UTC)}
    )

    def go() -> None:
        del client.change_sets[f"{PREFIX}2"]

    client.after_create = go
    asked(client)
    nothing_left(client)


def test_what_a_killed_run_left_is_removed() -> None:
    """After an hour nobody waits for it any more: on a stack in review, and on one that stands."""
    left = {f"{PREFIX}0": LONG_AGO, f"{PREFIX}9": datetime.now(UTC) - timedelta(hours=2)}
    for status, after in (("REVIEW_IN_PROGRESS", ""), ("CREATE_COMPLETE", "CREATE_COMPLETE")):
        client = CloudFormation(status=status, stack_id="arn:left", change_sets=dict(left))
        asked(client, NEW if not after else UPDATE)
        nothing_left(client, after)


def test_what_cannot_be_removed_is_named() -> None:
    """With its name, so that somebody can delete it."""
    client = CloudFormation(status="CREATE_COMPLETE", stack_id="arn:old")

    def deny(**sent: Any) -> None:
        raise refused("AccessDenied", "not allowed")

    client.delete_change_set = deny  # type: ignore[method-assign]
    with pytest.raises(TechnicalError, match=f"{PREFIX}1 of lockstep-dev-orders-table.*not allowed"):
        asked(client, UPDATE)


def test_cleaning_up_has_time_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """CloudFormation took too long to make a change set, and still lets it be deleted a little later."""
    client, clock = CloudFormation(looks=3), iter(range(0, 100_000, 250))
    monkeypatch.setattr("pipelines.plan.asking.time.monotonic", lambda: next(clock))
    with pytest.raises(
        TechnicalError, match="makes no change set of lockstep-dev-orders-table within 10 minutes"
    ):
        asked(client)
    nothing_left(client)
