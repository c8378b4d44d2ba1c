"""Comparing what is granted with what is used (REQ-P8)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.access import REVIEWED, Access, Reviewed, compare, reviewed

ROLE = "arn:aws:iam::111111111111:role/dev-control-observer"
OTHER = "arn:aws:iam::111111111111:role/somebody"


def _asked(action: str, decision: str = "Allow", principal: str = ROLE) -> dict[str, object]:
    return {"principal": principal, "action": action, "decision": decision, "count": 1}


def test_an_action_that_nobody_used_is_named() -> None:
    """What is used is not; case does not matter to IAM."""
    grants = [Access(ROLE, "events:PutEvents"), Access(ROLE, "sns:publish"), Access(ROLE, "s3:*")]
    found = compare(grants, [_asked("sns:Publish"), _asked("s3:GetObject")])
    assert found.unused == (Access(ROLE, "events:PutEvents"),)
    assert found.denied == ()


def test_use_by_another_role_is_no_use() -> None:
    """Each role answers for itself, and roles that nobody granted anything are not looked at."""
    log = [_asked("sns:Publish", principal=OTHER), _asked("s3:GetObject", "ImplicitDeny", OTHER)]
    found = compare([Access(ROLE, "sns:Publish")], log)
    assert (found.unused, found.denied) == ((Access(ROLE, "sns:Publish"),), ())


@pytest.mark.parametrize("decision", ["Deny", "ImplicitDeny"])
def test_what_was_refused_is_named(decision: str) -> None:
    """A refused call is no use of the grant."""
    found = compare([Access(ROLE, "sns:Publish")], [_asked("sns:Publish", decision)])
    assert found.denied == found.unused == (Access(ROLE, "sns:Publish"),)
    assert str(found).splitlines()[0] == f"denied: sns:Publish of {ROLE}"


def test_what_is_reviewed_is_no_finding_and_what_is_reviewed_for_nothing_is() -> None:
    """So that the list never holds more than it has to."""
    needed = Reviewed("*-observer", "xray:*", "no X-Ray here")
    stale = Reviewed("*-observer", "sns:Publish", "once")
    grants = [Access(ROLE, "xray:PutTraceSegments"), Access(ROLE, "sns:Publish")]
    found = compare(grants, [_asked("sns:Publish")], [needed, stale])
    assert (found.unused, found.stale) == ((), (stale,))


def test_the_reviewed_list_has_a_reason_for_each_entry(tmp_path: Path) -> None:
    """Those of this repository can be read, and an entry without reason cannot."""
    for path in REVIEWED.parent.glob("granted*.yaml"):
        assert all(entry.reason for entry in reviewed(path)), path
    written = tmp_path / "granted.yaml"
    written.write_text("- {role: a, actions: ['s3:*']}", encoding="utf-8")
    with pytest.raises(KeyError):
        reviewed(written)
