"""Which StackSets a rendered stack holds."""

from __future__ import annotations

from pipelines.stack_sets import Place, names


def test_names_are_those_that_are_known_before_deployment() -> None:
    """A symbol names nothing that could be looked at."""
    rendered = {
        "resources": {
            "Known": {
                "Type": "AWS::CloudFormation::StackSet",
                "Properties": {"StackSetName": "dev-control-agent"},
            },
            "Later": {
                "Type": "AWS::CloudFormation::StackSet",
                "Properties": {"StackSetName": {"$symbol": "Known.StackSetId"}},
            },
            "Other": {"Type": "AWS::SQS::Queue", "Properties": {"StackSetName": "none"}},
        }
    }
    assert names(rendered) == ("dev-control-agent",)


def test_a_place_is_one_line() -> None:
    """The reason follows only where there is one."""
    place = Place("agent", "111111111111", "us-west-2", "RUNNING")
    assert str(place) == "agent 111111111111 us-west-2 RUNNING"
    failed = Place("agent", "111111111111", "us-west-2", "FAILED", "no role")
    assert str(failed) == "agent 111111111111 us-west-2 FAILED: no role"
