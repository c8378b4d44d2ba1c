"""Records and items: what is refused, what is cut, and when each expires (REQ-C1)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from pipelines.state import keys
from pipelines.state.items import ITEM_BYTES, size
from pipelines.state.marshal import plain_item
from pipelines.state.records import (
    Alert,
    Check,
    DriftSummary,
    KeptDecision,
    Lock,
    Promotion,
    Refusal,
    StackEvent,
    StackKey,
    StackState,
    Uncovered,
)
from pipelines.state.sequence import observed_seq, operation_time
from pipelines.state.times import moment, timestamp
from tests.state_table import (
    HOUR,
    KEY,
    START,
    alert,
    event,
    finding,
    release,
    state,
    summary,
    table_properties,
)

DAY = 24 * 3600


def test_only_states_of_our_stacks_that_are_there_stay_for_good() -> None:
    """What nobody reads any more, or agents tell again at each pass, must not fill the table."""
    assert "expires_at" not in state().to_item()
    gone = plain_item(replace(state(), status="DELETE_COMPLETE").to_item())
    assert gone["expires_at"] == int(START.timestamp()) + 400 * DAY
    foreign = replace(state(), key=StackKey("-", "-", KEY.account, KEY.region, "other"))
    assert plain_item(foreign.to_item())["expires_at"] == int(foreign.recorded_at.timestamp()) + 7 * DAY


def test_the_keys_are_those_of_the_design() -> None:
    """One table, one place for each item (REQ-C1)."""
    stack = "STACK#orders#dev#111111111111#us-east-1#lockstep-dev-orders-queue"
    assert keys.current(KEY) == (stack, "CURRENT")
    assert keys.event(KEY, START, "e-1") == (stack, "EVT#2026-03-02T09:30:00.000000Z#e-1")
    assert keys.drift(KEY, "d-1") == (stack, "DRIFT#d-1")
    assert keys.drift_finding(KEY, "d-1", "Queue") == (stack, "DRIFT#d-1#Queue")
    assert keys.release("orders", "v1", "dev") == ("REL#orders#v1#dev", "META")
    assert keys.environment_release("orders", "dev", 3) == ("ENV#orders#dev", "REL#00000003")
    assert keys.decision("orders", "dev", START, "sha256:e") == (
        "ENV#orders#dev",
        "DECISION#2026-03-02T09:30:00.000000Z#sha256:e",
    )
    assert keys.promotion("orders", "v1", "dev", "staging") == ("PROMO#orders#v1#staging", "dev#staging")
    assert keys.approval("v1", "prod", "AROA:sam") == ("APPROVAL#v1#prod#AROA:sam", "APPROVAL")
    assert keys.lock("orders", "dev") == ("LOCK#orders#dev", "LOCK")
    assert keys.alert("f") == ("ALERT#f", "OPEN")
    assert keys.open_drift("orders", "dev") == ("ENV#orders#dev", "DRIFT")
    assert keys.refusal(START, "1", "e-1") == (
        "REFUSED#2026-03-02#1",
        "2026-03-02T09:30:00.000000Z#e-1",
    )
    assert keys.refusal(START, "", "e-1").pk == "REFUSED#2026-03-02#-"
    assert keys.census("1", "us-east-1") == ("REGION#1#us-east-1", "CENSUS")
    assert keys.census_parts("1", "us-east-1") == ("REGION#1#us-east-1", "PARTS")
    assert keys.touched("orders", "dev") == ("CHECK#orders#dev", "TOUCHED")
    assert keys.check("orders", "dev") == ("CHECK#orders#dev", "CURRENT")


def test_the_indexes_of_a_stack() -> None:
    """By environment and status, by version, and by region."""
    values = plain_item(state().to_item())
    assert values["gsi1pk"] == "orders#dev"
    assert values["gsi1sk"] == "UPDATE_COMPLETE#2026-03-02T09:30:00.000000Z"
    assert (values["gsi2pk"], values["gsi2sk"]) == ("v1.2.0", KEY.pk)
    assert (values["gsi4pk"], values["gsi4sk"]) == ("111111111111#us-east-1", KEY.stack)
    assert "gsi2pk" not in state(version="").to_item()


def test_what_expires_and_what_never_does() -> None:
    """History 400 days, findings and refusals 180, alerts 7 after their resolution; nothing else."""
    begun = int(START.timestamp())
    refusal = Refusal("e-1", START, "1", "us-east-1", "foreign")
    resolved = replace(alert(), state="resolved")
    expected = [
        (event().to_item(), 400),
        (summary().to_item(KEY), 180),
        (finding().to_item(), 180),
        (refusal.to_item(), 180),
        (resolved.to_item(), 7),
    ]
    for item, days in expected:
        assert item["expires_at"] == {"N": str(begun + days * DAY)}
    lock = Lock("orders", "dev", "run", 1, START, START)
    promotion = Promotion("orders", "v1", "dev", "staging", START, "alex", "sha256:e")
    check = Check("orders", "dev", START, "v1", "consistent", ())
    decision = KeptDecision("orders", "prod", "v1", START, "pending", "sha256:e")
    for kept in (state(), release(), promotion, lock, check, alert(), decision):
        assert "expires_at" not in kept.to_item()
    assert Lock.from_item(lock.to_item()) == lock


def test_the_template_removes_what_expires() -> None:
    """By the attribute that the items have, and it tells the stream what became of an alert."""
    assert table_properties()["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table_properties()["StreamSpecification"]["StreamViewType"] in {"NEW_IMAGE", "NEW_AND_OLD_IMAGES"}


def test_what_is_too_large_is_cut_and_says_so() -> None:
    """At 400 kB DynamoDB takes nothing at all."""
    refusal = Refusal("e-1", START, "1", "us-east-1", "too large", "ä" * 400_000)
    cut = Refusal.from_item(refusal.to_item())
    assert cut.cut == ("detail",)
    assert refusal.detail.startswith(cut.detail)
    assert size(plain_item(refusal.to_item())) <= ITEM_BYTES + 1000
    uncovered = tuple(Uncovered(f"Resource{n}", "AWS::IAM::Policy") for n in range(5_000))
    drift = DriftSummary.from_item(replace(summary(), unsupported=uncovered).to_item(KEY))
    assert drift.cut == ("unsupported",)
    assert drift.unsupported == uncovered[: len(drift.unsupported)]


def test_a_detail_is_whole_or_not_there() -> None:
    """A part of JSON is none."""
    large = replace(alert(), detail=json.dumps(["x" * 300_000]))
    assert json.loads(Alert.from_item(large.to_item()).detail) == {"cut": True}


def test_an_item_that_is_none_is_refused() -> None:
    """It names record and field."""
    item = state().to_item()
    with pytest.raises(ValueError, match=r"StackState\.operation_at"):
        StackState.from_item({**item, "operation_at": {"S": "yesterday"}})
    with pytest.raises(ValueError, match=r"StackState\.operation_at"):
        StackState.from_item({**item, "operation_at": {"S": "2026-03-02T09:30:00"}})
    with pytest.raises(ValueError, match=r"StackState\.status"):
        StackState.from_item({**item, "status": {"N": "1"}})
    with pytest.raises(ValueError, match=r"DriftSummary\.status: 'fine' is none of"):
        DriftSummary.from_item({**summary().to_item(KEY), "status": {"S": "fine"}})
    del item["stack_id"]
    with pytest.raises(ValueError, match=r"not a StackState: .*stack_id"):
        StackState.from_item(item)
    with pytest.raises(ValueError, match="not the partition of a stack"):
        StackEvent.from_item({**event().to_item(), "pk": {"S": "ENV#a#b"}})


def test_a_stack_that_is_not_ours() -> None:
    """It belongs to no environment."""
    assert KEY.is_ours
    assert not StackKey("-", "-", "1", "us-east-1", "somebody-elses").is_ours
    assert not replace(KEY, workload="-").is_ours
    assert not replace(KEY, environment="-").is_ours


def test_times_are_exact() -> None:
    """A time without an offset could be any."""
    assert moment("2026-03-02T10:30:00+01:00") == START
    assert timestamp(START.astimezone(timezone(HOUR))) == timestamp(START) == "2026-03-02T09:30:00.000000Z"
    assert moment("2026-03-02T10:30:00+01:00").utcoffset() == timedelta()
    with pytest.raises(ValueError, match="no offset"):
        timestamp(START.replace(tzinfo=None))
    with pytest.raises(ValueError, match="no offset"):
        moment("2026-03-02T10:30:00")
    with pytest.raises(ValueError, match="Invalid isoformat"):
        moment("soon")


def test_the_time_of_an_operation_is_cloudformations() -> None:
    """Whoever observed it, and whenever."""
    later: datetime = START + HOUR
    assert operation_time(START, None, None) == START
    assert operation_time(START, later, None) == later
    assert operation_time(START, later, later + HOUR) == later + HOUR
    assert observed_seq(START, "UPDATE_COMPLETE", "arn") == "2026-03-02T09:30:00.000000Z#90#arn"


@pytest.mark.parametrize(
    "life",
    [
        "REVIEW_IN_PROGRESS CREATE_IN_PROGRESS CREATE_FAILED ROLLBACK_IN_PROGRESS ROLLBACK_FAILED ROLLBACK_COMPLETE",
        "CREATE_IN_PROGRESS CREATE_COMPLETE DELETE_IN_PROGRESS DELETE_FAILED DELETE_COMPLETE",
        "IMPORT_IN_PROGRESS IMPORT_ROLLBACK_IN_PROGRESS IMPORT_ROLLBACK_FAILED IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_IN_PROGRESS UPDATE_FAILED UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_FAILED UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS "
        "UPDATE_ROLLBACK_COMPLETE",
    ],
)
def test_what_one_operation_carries_on_to_ranks_above(life: str) -> None:
    """Whatever comes last stands, in whatever order it is told (REQ-C2)."""
    sequences = [observed_seq(START, status, "arn") for status in life.split()]
    assert sequences == sorted(set(sequences))
