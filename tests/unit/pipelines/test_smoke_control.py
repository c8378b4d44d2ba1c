"""Smoke tests of control's agents: what is not there, is off or points elsewhere is named with its region (REQ-V10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines.smoke import SMOKE, Target

BUS = "arn:aws:events:us-west-2:333333333333:event-bus/shared-control-home"
PUBLISHED = {
    "agent/BusName": "dev-control-agent",
    "artifacts/BucketName": "b",
    "agent/ObserverFunctionName": "dev-control-observer",
    "agent/DriftFunctionName": "dev-control-drift",
}
GONE = ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "gone"}}, "Invoke")


class Region:
    """AWS's answers in one region: which functions are there; rules by the bus they send to, and theirs."""

    def __init__(
        self,
        functions: set[str],
        rules: Mapping[tuple[str, str], Mapping[str, str]],
        mappings: Mapping[str, str] | None = None,
    ) -> None:
        self.functions, self.rules, self.mappings = functions, rules, mappings or {}

    def __call__(self, service: str) -> Region:
        return self

    def get_bucket_versioning(self, **_: Any) -> Any:
        return {"Status": "Enabled"}

    def invoke(self, FunctionName: str, InvocationType: str) -> Any:  # noqa: N803 - botocore's names
        assert InvocationType == "DryRun", "a smoke test changes nothing"
        if FunctionName not in self.functions:
            raise GONE
        return {"StatusCode": 204}

    def list_event_source_mappings(self, FunctionName: str) -> Any:  # noqa: N803
        state = self.mappings.get(FunctionName, "Enabled")
        return {"EventSourceMappings": [{"UUID": "m-1", "State": state}] if state else []}

    def list_rule_names_by_target(self, TargetArn: str, EventBusName: str) -> Any:  # noqa: N803
        return {"RuleNames": list(self.rules.get((TargetArn, EventBusName), {}))}

    def describe_rule(self, Name: str, EventBusName: str) -> Any:  # noqa: N803
        found = [rules for (_, bus), rules in self.rules.items() if bus == EventBusName]
        return {"State": next(rules[Name] for rules in found if Name in rules)}


BOTH = {"dev-control-observer", "dev-control-drift"}
FORWARDS = {(BUS, "default"): {"dev-control-forward": "ENABLED"}}
REPORTS = {(BUS, "dev-control-agent"): {"dev-control-report": "ENABLED"}}
BOTH_WAYS = FORWARDS | REPORTS


def wrong(further: Region, published: Mapping[str, str] = PUBLISHED) -> list[tuple[str, str]]:
    """Return the trials that fail where the control region is well and a further one is as given."""
    west = Target("dev", "/control/dev", "us-west-2", further, published, BUS)
    east = Target("dev", "/control/dev", "us-east-1", Region(BOTH, BOTH_WAYS), PUBLISHED, BUS, (west,))
    trials = SMOKE["control", False](east)
    assert len(trials) == 10
    return [(trial.name, trial.reason) for trial in trials if trial.reason]


def test_a_region_that_is_well_passes() -> None:
    assert wrong(Region(BOTH, BOTH_WAYS)) == []


def test_a_function_that_is_gone_is_named_with_its_region() -> None:
    ((name, reason),) = wrong(Region(BOTH - {"dev-control-drift"}, BOTH_WAYS))
    assert name == "drift agent in us-west-2"
    assert "ResourceNotFoundException" in reason


@pytest.mark.parametrize(
    ("state", "said"), [("Disabled", "m-1 is Disabled"), ("", "no event source mapping"), ("Updating", "")]
)
def test_a_function_that_nothing_reaches_is_named(state: str, said: str) -> None:
    found = wrong(Region(BOTH, BOTH_WAYS, {"dev-control-observer": state}))
    assert [name for name, _ in found] == (["observer in us-west-2"] if said else [])
    assert all(said in reason for _, reason in found)


@pytest.mark.parametrize("consumer", ["tracker", "announcer", "consistency"])
def test_what_home_stands_on_is_fed(consumer: str) -> None:
    """A mapping that is off announces and judges nothing, and no alarm of CloudWatch says so."""
    names = {each: f"shared-control-{each}" for each in ("tracker", "announcer", "consistency")}
    published = {f"{each}/FunctionName": name for each, name in names.items()}
    for mappings in ({}, {names[consumer]: "Disabled"}, {names[consumer]: ""}):
        home = Target("shared", "/control/shared", "us-west-2", Region(BOTH, {}, mappings), published)
        failed = [
            trial.name
            for trial in SMOKE["control", True](home)
            if trial.reason and "is not in Parameter Store" not in trial.reason
        ]
        assert [name.partition(" of ")[0] for name in failed] == ([consumer] if mappings else [])


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {(BUS, "default"): {"dev-control-forward": "DISABLED"}},
        {(BUS.replace("333333333333", "222222222222"), "default"): {"dev-control-forward": "ENABLED"}},
    ],
)
def test_a_region_that_home_does_not_hear_is_named(rules: Any) -> None:
    ((name, reason),) = wrong(Region(BOTH, REPORTS | rules))
    assert (name, "home hears nothing" in reason) == ("home bus from us-west-2", True)


def test_a_region_whose_agent_home_does_not_hear_is_named() -> None:
    ((name, reason),) = wrong(Region(BOTH, FORWARDS))
    assert (name, "dev-control-agent" in reason) == ("reports from us-west-2", True)


def test_what_is_not_published_in_a_region_is_named() -> None:
    said = wrong(Region(BOTH, BOTH_WAYS), {})
    assert len(said) == 4
    assert all("is not in Parameter Store" in reason for _, reason in said)
