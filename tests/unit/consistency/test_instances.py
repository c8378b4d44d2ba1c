"""Stacks that StackSets made, against the release's StackSets (REQ-C3, REQ-C10)."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from pipelines.consistency import Actual, Instance, against_release, instances
from validator.findings import Finding

from .releases import TAG, as_made, manifest, running, templates

SETS = {"keys", "bucket", "boundary", "drift-reads", "agent-network", "agent-endpoints", "agent"}


@cache
def wanted(environment: str = "dev") -> tuple[Instance, ...]:
    return tuple(instances(manifest(environment, "control"), templates()))


def live() -> dict[str, Actual]:
    """Return the stacks of `control` in dev after a deployment; those of StackSets by the name of their set."""
    made = {one.stack_set: as_made(one) for one in wanted()}
    return {**running("dev", "control"), **made}


def found(stacks: dict[str, Actual]) -> list[Finding]:
    return list(against_release(manifest("dev", "control"), stacks.values(), {TAG}, templates()))


def test_a_release_has_a_stack_for_each_set_account_and_region() -> None:
    assert {one.stack_set for one in wanted()} == {f"dev-control-{name}" for name in SETS}
    assert {(one.account, one.region) for one in wanted()} == {("111111111111", "us-west-2")}
    staging = {(one.account, one.region) for one in wanted("staging")}
    assert staging == {("222222222222", "us-east-1"), ("222222222222", "us-east-2")}
    assert all(len(one.template) == 32 for one in wanted()), "a template of unknown digest is not compared"
    keys = next(one for one in wanted() if one.stack_set == "dev-control-keys")
    assert keys.parameters["ParameterPath"] == "/control/dev/keys"
    assert keys.owner.name == "dev/control/regional-storage"
    agent = next(one for one in wanted() if one.stack_set == "dev-control-agent")
    assert agent.parameters["LogRetentionDays"] == "30"


def test_what_stack_sets_made_is_no_stranger() -> None:
    assert found(live()) == []


def test_without_the_templates_it_would_be() -> None:
    """So that the test above cannot pass because nothing is looked at."""
    bare = against_release(manifest("dev", "control"), live().values(), {TAG})
    assert len([one for one in bare if "is no stack of release" in one.message]) == len(SETS)


@pytest.mark.parametrize(
    "other",
    [
        {"name": "StackSet-dev-control-keys-copy"},
        {"name": "StackSet-dev-control-keys-agent-0f8fad5b-d9cb-469f-a165-70867728950e"},
        {"region": "eu-west-1"},
        {"account": "222222222222"},
    ],
)
def test_another_name_or_place_is_explained_by_no_set(other: dict[str, Any]) -> None:
    stacks = live()
    stray = stacks["dev-control-keys"] = replace(stacks["dev-control-keys"], **other)
    missing, one = found(stacks)
    assert missing.message.startswith("dev-control-keys in 111111111111 us-west-2: the StackSet of")
    assert one.message.startswith(f"{stray.name} runs in {stray.account} {stray.region}, and is no stack of")


def test_one_set_explains_one_stack_in_a_region() -> None:
    stacks = live()
    stacks["stray"] = replace(
        stacks["dev-control-keys"], name="StackSet-dev-control-keys-7c9e6679-7425-40de-944b-e07fc1f90ae7"
    )
    assert [one.message.partition(" in ")[2] for one in found(stacks)] == [
        f"111111111111 us-west-2, and is no stack of release {TAG}"
    ]


@pytest.mark.parametrize("gone", [True, False])
def test_a_missing_stack_of_a_set_is_named_with_its_place(gone: bool) -> None:
    stacks = live()
    agent = stacks.pop("dev-control-agent")
    if gone:
        stacks["dev-control-agent"] = replace(agent, status="DELETE_COMPLETE")
    (one,) = found(stacks)
    assert one.message == (
        "dev-control-agent in 111111111111 us-west-2: the StackSet of dev/control/regional-agent has no stack there, "
        f"and release {TAG} has one"
    )


def test_another_template_parameter_or_status_is_named() -> None:
    stacks = live()
    agent = stacks["dev-control-agent"]
    stacks["dev-control-agent"] = replace(
        agent,
        template_digest="sha256:" + "f" * 64,
        parameters={**(agent.parameters or {}), "LogRetentionDays": "1"},
    )
    stacks["dev-control-keys"] = replace(
        stacks["dev-control-keys"], status="UPDATE_ROLLBACK_FAILED", reason="r"
    )
    said = {one.key: one.message for one in found(stacks)}
    assert set(said) == {"Template", "Parameters.LogRetentionDays", ""}
    where = "dev-control-agent in 111111111111 us-west-2"
    assert said["Parameters.LogRetentionDays"] == (
        f"{where}: Parameters.LogRetentionDays is '1', and release {TAG} has '30'"
    )
    assert said[""] == "dev-control-keys in 111111111111 us-west-2: is UPDATE_ROLLBACK_FAILED: r"


def test_a_version_that_no_release_has_is_named() -> None:
    """Where its content is another: an earlier version of the same content stands until something changes (REQ-P6)."""
    stacks = live()
    keys = stacks["dev-control-keys"] = replace(stacks["dev-control-keys"], version="v9")
    assert found(stacks) == []
    stacks["dev-control-keys"] = replace(keys, template_digest="sha256:" + "f" * 64)
    assert [one.key for one in found(stacks)] == ["Tags.Version", "Template"]


def test_what_could_not_be_read_is_never_taken_for_right() -> None:
    stacks = live()
    stacks["dev-control-keys"] = replace(stacks["dev-control-keys"], template_digest=None)
    assert ["could not be read" in one.message for one in found(stacks)] == [True]


def test_an_operation_under_way_is_not_judged() -> None:
    stacks = live()
    stacks["dev-control-keys"] = replace(
        stacks["dev-control-keys"], status="UPDATE_IN_PROGRESS", template_digest=None
    )
    assert found(stacks) == []
