"""What the settings of `control` make of what is written (REQ-C2, REQ-C4, REQ-C5)."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipelines.tracking.passes import OVERDUE, PASS
from validator.settings.control import GitHub, Schedules
from validator.settings.notifications import Notifications, Subscription


@pytest.mark.parametrize(("hours", "expression"), [(1, "rate(1 hour)"), (24, "rate(24 hours)")])
def test_a_schedule_is_an_expression(hours: int, expression: str) -> None:
    """EventBridge refuses `rate(1 hours)`."""
    schedules = Schedules(reconcile_minutes=15, drift_hours=hours)
    assert (schedules.reconcile, schedules.drift) == ("rate(15 minutes)", expression)


def test_an_agent_reports_twice_before_its_report_is_overdue() -> None:
    """With a longer turn every region would be silent, and every check old (REQ-C2, REQ-C3)."""
    minutes = int(PASS.total_seconds()) // 60
    assert Schedules(reconcile_minutes=minutes, drift_hours=24)
    with pytest.raises(ValidationError, match="reconcile_minutes"):
        Schedules(reconcile_minutes=minutes + 1, drift_hours=24)
    assert 2 * PASS < OVERDUE < 3 * PASS


def test_a_subscription_is_one_text_with_its_filters() -> None:
    """Everything that is wrong is told, of every environment, unless somebody wrote less."""
    everything = Subscription(protocol="https", endpoint="https://hooks.example.com/a/b-c")
    some = Subscription(
        protocol="email", endpoint="on-call@example.com", environments=["prod"], severities=["critical"]
    )
    assert Notifications(subscriptions=[everything, some]).entries == [
        "https|https://hooks.example.com/a/b-c|dev-staging-prod-shared|warning-critical",
        "email|on-call@example.com|prod|critical",
    ]
    assert Notifications().entries == []


@pytest.mark.parametrize(
    ("protocol", "endpoint"),
    [
        ("https", "http://hooks.example.com"),
        ("https", "on-call@example.com"),
        ("email", "https://user@example.com"),
        ("email", "on-call.example.com"),
        ("email", "a@example.com,b@example.com"),
        ("email", "a@example.com|prod"),
    ],
)
def test_an_endpoint_is_for_its_protocol(protocol: str, endpoint: str) -> None:
    """Nor does it hold what parts one entry from the next."""
    with pytest.raises(ValidationError):
        Subscription.model_validate({"protocol": protocol, "endpoint": endpoint})


@pytest.mark.parametrize(
    ("endpoint", "held"),
    [
        ("https://me:s3cr3t@hooks.example.com/a", "a user or password"),
        ("https://s3cr3t@hooks.example.com/a", "a user or password"),
        ("https://hooks.example.com/a?token=s3cr3t", "a query"),
        ("https://hooks.example.com?s3cr3t", "a query"),
        ("https://hooks.example.com/services/T01/s3cr3t7Hk2LmQ9xZ0aB4cD5", "looks like a token"),
        ("https://hooks.example.com/0a1b2c3d-0a1b-4c3d-8e5f-0a1b2c3d4e5f/s3cr3t", "looks like a token"),
    ],
)
def test_an_address_holds_no_secret(endpoint: str, held: str) -> None:
    """It lies in the repository in clear (REQ-P7); nor is it said again, since that ends in a log."""
    with pytest.raises(ValidationError, match=held) as caught:
        Subscription.model_validate({"protocol": "https", "endpoint": endpoint})
    (said,) = (one["msg"] for one in caught.value.errors())
    assert "s3cr3t" not in said
    assert "subscribe this one by hand from Secrets Manager" in said


@pytest.mark.parametrize(
    "path", ["", "/", "/alerts", "/lockstep/announcements_of_this_company", "/2026-teams/on-call-01"]
)
def test_an_address_without_secret_is_taken(path: str) -> None:
    endpoint = f"https://hooks.example.com{path}"
    assert Subscription.model_validate({"protocol": "https", "endpoint": endpoint}).endpoint == endpoint


def test_a_subscription_has_a_name_that_cloudformation_takes() -> None:
    """Its letters and digits go into a logical id, which has 255 at most."""
    written = {"protocol": "https", "environments": ["prod"], "severities": ["critical"]}
    fixed = len(Subscription.model_validate({**written, "endpoint": "https://h.example.com/"}).words)
    path = "a" * (233 - fixed)
    longest = Subscription.model_validate({**written, "endpoint": f"https://h.example.com/{path}"})
    assert len(f"ValidationSubscription{longest.words}") == 255
    with pytest.raises(ValidationError, match="too long by 1 letters and digits"):
        Subscription.model_validate({**written, "endpoint": f"https://h.example.com/{path}a"})


def test_two_subscriptions_have_two_names() -> None:
    one, other = (
        {"protocol": "https", "endpoint": f"https://h.example.com/{path}"} for path in ("a-b", "ab")
    )
    with pytest.raises(ValidationError, match="keep one of them"):
        Notifications.model_validate({"subscriptions": [one, other]})


def test_github_names_a_repository_by_names_or_by_names_and_ids() -> None:
    """REQ-P9: in the subject of a token; alarms link to the names."""
    names = GitHub(organization="example-org", repository="lockstep")
    assert (names.organization_in_subject, names.repository_in_subject) == ("example-org", "lockstep")
    ids = GitHub(organization="example-org", repository="lockstep", organization_id=1234, repository_id=5678)
    assert (ids.organization_in_subject, ids.repository_in_subject) == ("example-org@1234", "lockstep@5678")
    assert ids.runbooks_url == names.runbooks_url


@pytest.mark.parametrize(
    ("given", "missing"), [("organization_id", "repository_id"), ("repository_id", "organization_id")]
)
def test_one_id_alone_is_refused(given: str, missing: str) -> None:
    with pytest.raises(ValidationError, match="both ids into the subject of a token, or none") as refused:
        GitHub.model_validate({"organization": "example-org", "repository": "lockstep", given: 1})
    assert refused.value.errors()[0]["ctx"]["path"] == missing
