"""The form of templates, where the templates of this repository have no place for a case."""

from __future__ import annotations

import pytest

from validator.checks.template_style import run, wrong
from validator.effective import parse

from .subjects import stack, subject_of

HEAD = "Description: A block\n"
DATABASE = (
    HEAD
    + "Resources:\n  Data:\n    Type: AWS::RDS::DBCluster\n    DeletionPolicy: {}\n    UpdateReplacePolicy: {}\n"
)


def said(text: str) -> list[str]:
    """Return what is not of the form in one template."""
    return [message for _, message, _ in wrong(parse(text, "t.yaml"))]


@pytest.mark.parametrize(
    "policy", ["!If [IsProtected, Snapshot, Delete]", "!If [IsProtected, Retain, Delete]"]
)
def test_a_snapshot_keeps_data_too(policy: str) -> None:
    """Where the type can have one."""
    assert said(DATABASE.format(policy, policy)) == []


@pytest.mark.parametrize(
    "policy", ["Snapshot", "!If [IsProtected, Delete, Retain]", "!If [IsKept, Retain, Delete]"]
)
def test_what_does_not_follow_the_lifecycle_class(policy: str) -> None:
    """Both policies, each by itself."""
    assert len(said(DATABASE.format(policy, policy))) == 2
    assert len(said(DATABASE.format(policy, "!If [IsProtected, Retain, Delete]"))) == 1


def test_resources_in_loops_are_held_to_it_too() -> None:
    """As deep as loops go."""
    text = HEAD + (
        "Resources:\n  Fn::ForEach::Outer:\n    - X\n    - [a, b]\n    - Fn::ForEach::Inner:\n"
        "        - Y\n        - [c]\n"
        "        - 'Queue${X}${Y}':\n            Properties: {}\n            Type: AWS::SSM::Parameter\n"
    )
    assert [message.split(" stand ")[0] for message in said(text)] == ["the keys of Queue${X}${Y}"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("123456789012", 1), ('"123456789012"', 1), ("1234567890123", 0), ("true", 0), ("eu-central-1", 1)],
)
def test_a_literal_is_one_in_any_form(text: str, found: int) -> None:
    """A number of twelve digits is an account, quoted or not."""
    body = f"{HEAD}Resources:\n  One:\n    Type: AWS::SSM::Parameter\n    Properties:\n      Value: {text}\n"
    assert len(said(body)) == found


def test_a_template_is_judged_once_and_a_broken_one_elsewhere() -> None:
    """Whatever stacks deploy it; what does not parse, the check `template` says."""
    subject = subject_of(
        stack("Resources: {}\n"), stack("Resources: {}\n", "prod/orders/queue"), stack("]", "dev/orders/x")
    )
    (found,) = run(subject)
    assert (found.message, found.environments) == ("the template has no Description", ("dev", "prod"))
