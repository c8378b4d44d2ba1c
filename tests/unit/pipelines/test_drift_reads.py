"""The policy of drift detection reads what the templates hold, and nothing else (REQ-C4, REQ-P8)."""

from __future__ import annotations

from pathlib import Path

from pipelines.drift_reads import read_actions, renewed, resource_types, with_actions

TEMPLATES = Path(__file__).parents[3] / "templates"


def test_the_templates_hold_the_reads_of_every_type_in_use() -> None:
    assert {path.name: text for path, text in renewed(TEMPLATES).items()} == {
        path.name: path.read_text(encoding="utf-8") for path in renewed(TEMPLATES)
    }


def test_a_type_adds_what_its_schema_says() -> None:
    assert read_actions(["AWS::SQS::Queue"]) == ["sqs:GetQueueAttributes", "sqs:ListQueueTags"]


def test_reading_passes_no_role_and_opens_no_key() -> None:
    found = read_actions(["AWS::Events::Rule", "AWS::Lambda::Function"])
    assert "events:DescribeRule" in found
    assert not {"iam:PassRole", "kms:Decrypt"} & set(found)


def test_a_type_that_cannot_be_read_adds_nothing() -> None:
    assert read_actions(["AWS::SQS::QueuePolicy"]) == []


def test_types_are_found_wherever_they_stand() -> None:
    assert resource_types(
        ["Resources:\n  A:\n    Type: AWS::SQS::Queue\n", "X:\n        Type: AWS::S3::Bucket\n"]
    ) == [
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
    ]


def test_the_list_is_written_in_its_place_alone() -> None:
    text = "  Action: # drift reads: made by pipelines.drift_reads\n    - a:B\n  Resource: x\n"
    assert with_actions(text, ["c:D", "e:F"]) == (
        "  Action: # drift reads: made by pipelines.drift_reads\n    - c:D\n    - e:F\n  Resource: x\n"
    )
