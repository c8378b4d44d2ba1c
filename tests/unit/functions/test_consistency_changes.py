"""Which environments a batch of the stream speaks of (REQ-C3)."""

from __future__ import annotations

from typing import Any

import pytest

from functions.consistency.changes import Counted, Touched, counted, touched

PK = "STACK#orders#dev#111111111111#us-east-1#lockstep-dev-orders-queue"


def image(status: str = "UPDATE_COMPLETE", seq: str = "1", digest: str = "sha256:1") -> dict[str, Any]:
    return {"status": {"S": status}, "observed_seq": {"S": seq}, "digest": {"S": digest}}


def record(number: int = 1, pk: Any = PK, sk: str = "CURRENT", **images: Any) -> dict[str, Any]:
    stream = {"SequenceNumber": str(number), "Keys": {"pk": {"S": pk}, "sk": {"S": sk}}}
    given = images or {"NewImage": image()}
    return {"eventName": "MODIFY", "dynamodb": {**stream, **given}}


def test_each_environment_is_there_once_from_its_first_record() -> None:
    other = PK.replace("dev", "prod")
    found = touched([record(1), record(2, other), record(3), record(4, other)])
    assert found == [Touched("orders", "dev", "1"), Touched("orders", "prod", "2")]


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "DELETE_COMPLETE", ""])
def test_the_end_of_an_operation_counts(status: str) -> None:
    assert touched([record(NewImage=image(status))])


def test_an_operation_under_way_does_not() -> None:
    assert touched([record(NewImage=image("UPDATE_IN_PROGRESS"))]) == []


def test_a_change_of_drift_alone_does_not() -> None:
    drifted = {**image(), "drift": {"M": {}}}
    assert touched([record(NewImage=drifted, OldImage=image())]) == []
    assert touched([record(NewImage=image(digest="sha256:2"), OldImage=image())])
    assert touched([record(NewImage=image(seq="2"), OldImage=image())])


def test_the_beginning_and_the_end_of_a_release_count() -> None:
    assert touched([record(pk="ENV#orders#dev", sk="REL#00000001")]) == [Touched("orders", "dev", "1")]


def test_a_region_that_reported_is_there_once_from_its_first_record() -> None:
    west, east = "REGION#111111111111#us-west-2", "REGION#111111111111#us-east-1"
    given = [record(1, west, "CENSUS"), record(2, east, "CENSUS"), record(3, west, "CENSUS"), record(4)]
    found = [Counted("111111111111", "us-west-2", "1"), Counted("111111111111", "us-east-1", "2")]
    assert counted([record(0, west, "PARTS"), *given]) == found, "a part of a census is none"
    assert touched(given[:3]) == []


@pytest.mark.parametrize("pk", [PK, "REGION#x", "REGION#a#b#c", 7, None])
def test_everything_else_is_no_region(pk: Any) -> None:
    assert counted([record(pk=pk, sk="CENSUS"), {}, {"dynamodb": None}]) == []


@pytest.mark.parametrize(
    "stray",
    [
        record(sk="EVT#2026#x"),
        record(pk="STACK#-#-#111111111111#us-east-1#theirs"),
        record(pk="STACK#orders#dev"),
        record(pk="ALERT#x", sk="OPEN"),
        record(pk="ENV#orders#dev", sk="DRIFT"),
        record(pk="ENV#orders#dev", sk="DECISION#2026-03-02T09:30:00.000000Z#sha256:e"),
        record(pk="CHECK#orders#dev"),
        record(pk=7),
        {},
        {"dynamodb": None},
        {"dynamodb": {"Keys": "x", "NewImage": []}},
    ],
)
def test_everything_else_speaks_of_no_environment(stray: dict[str, Any]) -> None:
    """Malformed records too: none of them stops the stream."""
    assert touched([stray]) == []
