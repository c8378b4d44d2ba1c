"""Tags of a global table's replicas, which take none from the stack."""

from __future__ import annotations

import pytest

from validator.checks.tags import run
from validator.model import REQUIRED_TAGS

from .subjects import stack, subject_of

ALL = ", ".join(f"{{ Key: {name}, Value: x }}" for name in REQUIRED_TAGS)
TABLE = """
Resources:
  Table:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      Replicas:
        - {{ Region: us-east-1, Tags: [{all}] }}
        - {{ Region: us-west-2, {tags} }}
"""


@pytest.mark.parametrize(
    ("tags", "lacks"),
    [
        (f"Tags: [{ALL}]", None),
        (f"Tags: [{ALL}, {{ Key: Team, Value: x }}]", None),
        (f"Tags: [{ALL.replace('{ Key: CostCenter, Value: x }, ', '')}]", "CostCenter"),
        ("TableClass: STANDARD", ", ".join(sorted(REQUIRED_TAGS))),
    ],
)
def test_every_replica_has_the_required_tags(tags: str, lacks: str | None) -> None:
    """Each says its own."""
    found = list(run(subject_of(stack(TABLE.format(all=ALL, tags=tags)))))
    assert [finding.message for finding in found] == (
        [f"a replica of Table lacks the tags {lacks}"] if lacks else []
    )
    assert [finding.key for finding in found] == (["Resources.Table.Properties.Replicas.1"] if lacks else [])


@pytest.mark.parametrize("tags", ["[{ Key: CostCenter, Value: x }]", "{ CostCenter: x }"])
def test_a_resource_hides_a_tag_in_either_form(tags: str) -> None:
    """A list of keys and values, or a mapping, as some types have it."""
    body = f"Resources:\n  One:\n    Type: AWS::SSM::Parameter\n    Properties: {{ Tags: {tags} }}\n"
    assert [finding.key for finding in run(subject_of(stack(body)))] == ["Resources.One.Properties.Tags"]


def test_another_project_chooses_its_tags_and_their_values() -> None:
    """`Environment` may say there what it likes."""
    body = "Resources: {}\n"
    odd = stack(body, tags={**dict.fromkeys(REQUIRED_TAGS, "x"), "Environment": "sandbox"})
    assert [finding.key for finding in run(subject_of(odd))] == [
        "stack_tags.Environment",
        "stack_tags.Workload",
    ]
    assert list(run(subject_of(odd, house=False))) == []
