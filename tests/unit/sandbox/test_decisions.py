"""The log of IAM's decisions: bounded, counted by role, read from where one left off (REQ-P8)."""

from __future__ import annotations

from sandbox.decisions import Log

ROLE = "arn:aws:iam::111111111111:role/reader"
SESSION = "arn:aws:sts::111111111111:assumed-role/reader/"


def _log(kept: int = 10) -> Log:
    return Log(lambda: "2030-01-01T00:00:00.000+00:00", kept)


def test_sessions_of_a_role_count_together() -> None:
    """A session's name says nothing of what the role needs."""
    log = _log()
    for session in ("one", "two"):
        log.add(SESSION + session, "s3:GetObject", "*", "Allow", "Explicit allow")
    assert log.summary() == [{"principal": ROLE, "action": "s3:GetObject", "decision": "Allow", "count": 2}]


def test_only_the_newest_are_kept_and_all_are_counted() -> None:
    """The counts outlive the decisions, whose numbers go on."""
    log = _log(kept=3)
    for number in range(10):
        log.add(SESSION + "one", "s3:GetObject", str(number), "Deny", "")
    assert [one["number"] for one in log.since(0)] == [8, 9, 10]
    assert [one["resource"] for one in log.since(9)] == ["9"]
    assert log.summary()[0]["count"] == 10
