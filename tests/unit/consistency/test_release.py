"""An environment against its recorded release: what runs and is not of it, each with a mend (REQ-C3, REQ-V10)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.consistency import Actual, against_release, deploy_again
from pipelines.consistency.actual import HIDDEN
from validator.findings import Severity

from .releases import TAG, changed, manifest, running

OTHER = "sha256:" + "f" * 64


def said(live: dict[str, Actual], known: set[str] | None = None) -> list[tuple[str, str]]:
    """Return key and message of each finding for dev."""
    found = list(against_release(manifest("dev"), live.values(), known))
    assert all(one.remediation and one.environments == ("dev",) for one in found)
    return [(one.key, one.message) for one in found]


@pytest.fixture
def live() -> dict[str, Actual]:
    return running("dev")


def test_what_was_deployed_is_its_release(live: dict[str, Actual]) -> None:
    assert said(live, {TAG}) == []


def test_a_stack_that_an_older_release_left_unchanged_is_of_this_one_too(live: dict[str, Actual]) -> None:
    """REQ-P6: a stack keeps the tags of the release that last changed it."""
    live["queue"] = replace(live["queue"], version="v1.0.0")
    assert said(live, {TAG, "v1.0.0"}) == []


@pytest.mark.parametrize("gone", [None, "DELETE_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_missing_stack_is_named(live: dict[str, Actual], gone: str | None) -> None:
    queue = live.pop("queue")
    if gone:
        live["queue"] = replace(queue, status=gone)
    ((_, message),) = said(live)
    assert message == f"dev/orders/queue: is not deployed, and release {TAG} has it"


def test_an_unexpected_stack_is_named_with_its_place(live: dict[str, Actual]) -> None:
    live["stray"] = replace(live["queue"], name="stray")
    ((key, message),) = said(live)
    assert key == "stray"
    assert message.startswith("stray runs in 111111111111 us-east-1, and is no stack of release")


def test_a_stack_that_another_release_left_is_a_warning(live: dict[str, Actual]) -> None:
    """REQ-R1: a deployment deletes no stack, so that this one is no reason to take a release back."""
    left = live["stray"] = replace(live["queue"], name="stray")
    (one,) = against_release(manifest("dev"), live.values(), left={left.place: "v1.1.0"})
    assert one.severity == Severity.WARNING
    assert one.message.endswith("it is left of v1.1.0, since a deployment deletes no stack")
    (two,) = against_release(manifest("dev"), live.values(), left={("1", "2", "stray"): "v1.1.0"})
    assert two.severity == Severity.ERROR


def test_a_stack_in_another_region_is_both_missing_and_unexpected(live: dict[str, Actual]) -> None:
    live["queue"] = replace(live["queue"], region="eu-west-1")
    assert len(said(live)) == 2


def test_another_template_is_named_by_both_digests(live: dict[str, Actual]) -> None:
    live["queue"] = replace(live["queue"], digest=OTHER, template_digest=OTHER)
    ((key, message),) = said(live)
    assert key == "Template"
    assert OTHER in message
    assert manifest("dev").stacks[0].name.startswith("dev/")


def test_each_parameter_that_differs_is_named_with_both_values(live: dict[str, Actual]) -> None:
    live["queue"] = changed(live["queue"], MaxReceiveCount="9", Unknown="x")
    assert said(live) == [
        (
            "Parameters.MaxReceiveCount",
            f"dev/orders/queue: Parameters.MaxReceiveCount is '9', and release {TAG} has '3'",
        ),
        ("Parameters.Unknown", f"dev/orders/queue: Parameters.Unknown is 'x', and release {TAG} has none"),
    ]


def test_a_tag_that_differs_is_named(live: dict[str, Actual]) -> None:
    tags = {**live["queue"].tags, "CostCenter": "XX-0000"}
    live["queue"] = replace(live["queue"], digest=OTHER, tags=tags)
    assert [key for key, _ in said(live)] == ["Tags.CostCenter"]


def test_a_parameter_that_cloudformation_hides_is_not_judged(live: dict[str, Actual]) -> None:
    live["queue"] = changed(live["queue"], MaxReceiveCount=HIDDEN)
    assert said(live) == []


def test_another_release_is_named_where_its_content_differs(live: dict[str, Actual]) -> None:
    live["queue"] = replace(changed(live["queue"], MaxReceiveCount="9"), version="v1.3.0")
    assert [key for key, _ in said(live, {TAG, "v1.3.0"})] == ["Tags.Version", "Parameters.MaxReceiveCount"]


@pytest.mark.parametrize("version", ["", "v9.9.9", "<script>\n"])
def test_a_version_that_no_release_has_is_named(live: dict[str, Actual], version: str) -> None:
    """Where its content is another: an earlier version of the same content stands until something changes (REQ-P6)."""
    live["queue"] = replace(live["queue"], version=version)
    assert said(live, {TAG}) == []
    live["queue"] = changed(live["queue"], MaxReceiveCount="9")
    (key, message), *_ = said(live, {TAG})
    assert key == "Tags.Version"
    assert "recorded as no release" in message


@pytest.mark.parametrize("missing", ["template_digest", "parameters"])
def test_what_could_not_be_read_is_never_taken_for_right(live: dict[str, Actual], missing: str) -> None:
    unread: dict[str, Any] = {"digest": None, missing: None}
    live["queue"] = replace(live["queue"], **unread)
    ((_, message),) = said(live)
    assert "could not be read" in message


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "ROLLBACK_COMPLETE", "DELETE_FAILED"])
def test_a_stack_that_does_not_stand_is_named_with_its_reason(live: dict[str, Actual], status: str) -> None:
    live["queue"] = replace(live["queue"], status=status, reason="because")
    ((_, message),) = said(live)
    assert message == f"dev/orders/queue: is {status}: because"


def test_an_operation_under_way_is_not_judged(live: dict[str, Actual]) -> None:
    live["queue"] = replace(changed(live["queue"], MaxReceiveCount="9"), status="UPDATE_IN_PROGRESS")
    assert said(live) == []


@pytest.mark.parametrize(
    ("environment", "tag", "command"),
    [
        ("dev", "v1.2.0", "run `lockstep deploy dev --release v1.2.0`"),
        ("prod", "v2.0.0-rc1", "run `lockstep deploy prod --release v2.0.0-rc1`"),
        ("dev", "v1.2.0-3-gabc1234", "run `lockstep deploy dev` from v1.2.0-3-gabc1234"),
        ("dev", "v1.2.0-dirty.0123456789", "run `lockstep deploy dev` from v1.2.0-dirty.0123456789"),
        ("dev", "abc1234", "run `lockstep deploy dev` from abc1234"),
        ("shared", "v1.2.0", "run `lockstep deploy shared` from v1.2.0"),
    ],
)
def test_a_release_is_deployed_again_by_name(environment: str, tag: str, command: str) -> None:
    """What is checked out would be another one, and in dev it would go in without a gate (REQ-G1)."""
    assert deploy_again(environment, tag) == command
