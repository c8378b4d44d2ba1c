"""What StackSets of the sandbox do without a server: plans, requests by botocore's model, addresses (REQ-C10)."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.extension.stack_sets import OPERATIONS
from sandbox.extension.template_urls import in_path_style
from sandbox.stack_sets import wire
from sandbox.stack_sets.plan import Plan, ordered, problem
from sandbox.stack_sets.records import RefusedError


@pytest.mark.parametrize(
    ("preferences", "accounts", "expected"),
    [
        ({}, 5, Plan(1, 0, True)),
        ({"FailureToleranceCount": 2, "MaxConcurrentCount": 3}, 5, Plan(3, 2, True)),
        ({"FailureTolerancePercentage": 50, "MaxConcurrentPercentage": 50}, 5, Plan(2, 2, True)),
        ({"MaxConcurrentPercentage": 10}, 5, Plan(1, 0, True)),
        ({"ConcurrencyMode": "SOFT_FAILURE_TOLERANCE", "MaxConcurrentCount": 4}, 5, Plan(4, 0, False)),
    ],
)
def test_a_plan_is_the_preferences_over_a_regions_accounts(
    preferences: dict[str, Any], accounts: int, expected: Plan
) -> None:
    """Percentages are rounded down, and one instance at a time is the least."""
    assert Plan.of(preferences, accounts) == expected


def test_strict_tolerance_never_lets_more_fail_than_one_beyond_it() -> None:
    """Concurrency falls with each failure; soft tolerance keeps it."""
    assert [Plan(5, 2, True).free(0, failed) for failed in range(4)] == [3, 2, 1, 0]
    assert [Plan(5, 2, False).free(0, failed) for failed in range(4)] == [5, 5, 5, 0]


def test_regions_that_are_ordered_come_first() -> None:
    """A region in the order that the operation does not name is left out."""
    assert ordered(["a", "b", "c", "a"], {"RegionOrder": ["c", "x", "b"]}) == ["c", "b", "a"]


def test_count_and_percentage_exclude_each_other() -> None:
    """As in the API."""
    assert problem({"FailureToleranceCount": 1, "FailureTolerancePercentage": 1})
    assert not problem({"FailureToleranceCount": 1, "MaxConcurrentPercentage": 1})


def test_every_operation_is_one_of_botocores_model() -> None:
    """Requests and answers are read and written by it."""
    assert set(OPERATIONS) <= set(wire.model().operation_names)


def test_a_request_is_read_by_the_model() -> None:
    """Lists, structures, numbers and booleans; an empty list is not the same as none."""
    params = {
        "StackSetName": ["s"],
        "Accounts.member.1": ["111111111111"],
        "Regions.member.1": ["us-east-1"],
        "Regions.member.2": ["us-west-2"],
        "OperationPreferences.FailureToleranceCount": ["0"],
        "ParameterOverrides": [""],
        "RetainStacks": ["false"],
    }
    assert wire.request("CreateStackInstances", params) == {
        "StackSetName": "s",
        "Accounts": ["111111111111"],
        "Regions": ["us-east-1", "us-west-2"],
        "OperationPreferences": {"FailureToleranceCount": 0},
        "ParameterOverrides": [],
    }
    assert wire.request("DeleteStackInstances", params)["RetainStacks"] is False


@pytest.mark.parametrize(
    "params",
    [
        {"StackSetName": ["s"]},
        {
            "StackSetName": ["s"],
            "Regions.member.1": ["x"],
            "OperationPreferences.MaxConcurrentCount": ["many"],
        },
        {"StackSetName": ["s"], "Regions.member.1": ["x"], "OperationPreferences.ConcurrencyMode": ["LOOSE"]},
    ],
)
def test_what_the_model_does_not_allow_is_refused(params: dict[str, list[str]]) -> None:
    """A member that is missing, no number, no value of the enumeration."""
    with pytest.raises(RefusedError):
        wire.request("CreateStackInstances", params)


def test_an_answer_says_nothing_that_the_model_does_not_have() -> None:
    """A typing mistake in a view is told at once; text is escaped."""
    assert b"<StackSetId>a&lt;b</StackSetId>" in wire.answer("CreateStackSet", {"StackSetId": "a<b"}, "r")
    with pytest.raises(KeyError):
        wire.answer("CreateStackSet", {"StackSetID": "a"}, "r")


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("https://bkt.s3.us-west-2.amazonaws.com/k/a%20b", "https://s3.amazonaws.com/bkt/k/a b"),
        ("https://bkt.s3-us-west-2.amazonaws.com/k", "https://s3.amazonaws.com/bkt/k"),
        ("https://with.dots.s3.amazonaws.com/k", "https://s3.amazonaws.com/with.dots/k"),
        ("https://s3.us-west-2.amazonaws.com/b/k", "https://s3.us-west-2.amazonaws.com/b/k"),
        ("http://127.0.0.1:4566/b/k", "http://127.0.0.1:4566/b/k"),
    ],
)
def test_an_address_has_its_bucket_in_the_path(url: str, path: str) -> None:
    """Whatever style it had."""
    assert in_path_style(url) == path
