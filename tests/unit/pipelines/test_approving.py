"""Who an ARN stands for, and who may not approve (REQ-G2)."""

from __future__ import annotations

import pytest

from pipelines.approving import person_of
from pipelines.promotion.people import objection
from validator.errors import ConfigurationError


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::111111111111:user/kim@example.com", "kim@example.com"),
        ("arn:aws:iam::111111111111:user/people/kim", "kim"),
        ("arn:aws:sts::111111111111:assumed-role/AWSReservedSSO_Dev_0a1b/sam@example.com", "sam@example.com"),
    ],
)
def test_a_person_has_a_name(arn: str, name: str) -> None:
    assert person_of(arn) == name


@pytest.mark.parametrize(
    ("arn", "why"),
    [
        ("arn:aws:iam::111111111111:root", "names no person"),
        ("arn:aws:sts::111111111111:federated-user/kim", "names no person"),
        ("arn:aws:sts::111111111111:assumed-role/dev-lockstep-deploy/kim", "chooses the name kim"),
        ("arn:aws:sts::111111111111:assumed-role/xAWSReservedSSO_Dev/kim", "chooses the name kim"),
        ("", "names no person"),
    ],
)
def test_what_may_be_anybody_is_nobody(arn: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"(?s){why}.*mend: log in as a person"):
        person_of(arn)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "has no name"),
        ("deployer[bot]", "is a machine"),
        (" Ann@Example.com ", "is an author"),
        ("ann", "may be one of the authors"),
        ("kim@example.com", ""),
    ],
)
def test_who_may_not_approve(name: str, why: str) -> None:
    """The command and the gate say the same."""
    assert objection(name, {"ann@example.com"}).startswith(why)
    assert bool(objection(name, {"ann@example.com"})) == bool(why)
