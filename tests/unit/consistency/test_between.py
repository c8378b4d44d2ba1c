"""Environments against each other as they run: declared variances hold, and nothing else may differ (REQ-C3)."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from pipelines.consistency import Actual, Running, between
from validator.findings import Finding

from .releases import changed, manifest, policy, running, templates

TODAY = datetime.date(2026, 6, 1)
ENVIRONMENTS = ("dev", "staging", "prod")


def found(environment: str, lives: dict[str, dict[str, Actual]] | None = None) -> list[Finding]:
    sides = [Running(manifest(name), tuple((lives or {}).get(name, {}).values())) for name in ENVIRONMENTS]
    return list(between(environment, sides, templates(), policy(), TODAY))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environments_as_deployed_differ_as_declared(environment: str) -> None:
    assert found(environment) == []
    assert found(environment, {name: running(name) for name in ENVIRONMENTS}) == []


def test_without_declarations_the_same_environments_are_full_of_findings() -> None:
    """So that the test above cannot pass because nothing is compared."""
    sides = [Running(manifest(name)) for name in ENVIRONMENTS]
    none = replace(policy(), declared=())
    assert len(list(between("staging", sides, templates(), none, TODAY))) > 10


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_a_value_changed_by_hand_is_declared_by_no_setting(environment: str) -> None:
    """The setting behind it may vary, and is not what runs."""
    lives = {name: running(name) for name in ENVIRONMENTS}
    lives["dev"]["queue"] = changed(lives["dev"]["queue"], RetentionSeconds="120")
    (one,) = [finding for finding in found(environment, lives) if "RetentionSeconds" in finding.message]
    assert one.message.startswith("orders/queue:Parameters.RetentionSeconds differs and nobody declared it")
    assert "dev '120'" in one.message
    assert one.file == "sceptre/stacks/orders/queue.yaml"


def test_a_difference_between_two_others_is_not_told_of_this_one() -> None:
    lives = {name: running(name) for name in ENVIRONMENTS}
    lives["prod"]["queue"] = changed(lives["prod"]["queue"], VisibilityTimeoutSeconds="999")
    assert found("staging", lives)
    assert found("dev", lives) == []


def test_a_template_of_another_release_is_compared_as_it_runs() -> None:
    lives = {name: running(name) for name in ENVIRONMENTS}
    queue = lives["dev"]["queue"]
    body = templates()[queue.template_digest or ""].replace(
        "ReceiveMessageWaitTimeSeconds: 20", "ReceiveMessageWaitTimeSeconds: 5", 1
    )
    other = "sha256:" + "e" * 64
    lives["dev"]["queue"] = replace(queue, digest=other, template_digest=other)
    sides = [Running(manifest(name), tuple(lives[name].values())) for name in ENVIRONMENTS]
    known = list(between("dev", sides, {**templates(), other: body}, policy(), TODAY))
    unknown = list(between("dev", sides, templates(), policy(), TODAY))
    assert unknown == []
    assert [finding.key for finding in known] == ["Resources.Queue.Properties.ReceiveMessageWaitTimeSeconds"]


def test_an_expired_declaration_is_a_finding_of_its_workload() -> None:
    one = policy().declared[0]
    expired = replace(one, declaration=replace(one.declaration, expires=datetime.date(2026, 1, 1)))
    foreign = replace(expired, declaration=replace(expired.declaration, path="ledger:settings.x"))
    sides = [Running(manifest(name)) for name in ENVIRONMENTS]
    given = replace(policy(), declared=(expired, foreign, *policy().declared[1:]))
    messages = [finding.message for finding in between("dev", sides, templates(), given, TODAY)]
    assert messages == ["expired on 2026-01-01"]


def test_an_environment_alone_has_nothing_to_differ_from() -> None:
    lives = running("dev")
    lives["queue"] = changed(lives["queue"], RetentionSeconds="120")
    assert (
        list(between("dev", [Running(manifest("dev"), tuple(lives.values()))], templates(), policy(), TODAY))
        == []
    )
