"""What counts as the name or the account of another environment."""

from __future__ import annotations

import pytest

from validator.checks.cross_environment import run

from .subjects import stack, subject_of

EMPTY = "Resources: {}\n"
BODY = "Resources:\n  One:\n    Type: AWS::SSM::Parameter\n    Properties:\n      {}: {}\n"


def found(text: str, place: str = "Value") -> list[str]:
    """Return the keys of what is found in prod where a template says a text, beside a stack of dev."""
    prod = stack(BODY.format(place, text), "prod/orders/queue")
    return [finding.key for finding in run(subject_of(stack(EMPTY), prod))]


@pytest.mark.parametrize(
    "text",
    [
        "dev",
        "/orders/dev/queue",
        "dev-orders-queue",
        "arn:aws:sqs:us-east-1:111111111111:queue",
        "x_dev",
        "dev.example",
        "[first, dev]",
        "{ Deep: [{ Deeper: dev-queue }] }",
    ],
)
def test_another_environments_name_or_account_is_found(text: str) -> None:
    """Wherever it stands, as a word of its own."""
    assert len(found(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "prod",
        "develop",
        "mydev",
        "dev2",
        "devices",
        "3111111111111",
        "333333333333",
        "DEV",
        "/dev/xvda",
        "/dev/sdf",
        "/dev/null",
        "{ Description: as in dev }",
        "{ Comment: as in dev }",
    ],
)
def test_what_only_looks_like_one_is_not(text: str) -> None:
    """Its own name, longer words, devices of Linux, and what a person reads."""
    assert found(text) == []


def test_prose_is_not_followed_and_other_properties_are() -> None:
    """A description may speak of dev."""
    assert found("as in dev", "Description") == []
    assert found("as in dev", "Value") == ["Resources.One.Properties.Value"]


def test_a_value_is_named_once() -> None:
    """Where the parameter says it already, the property that follows from it does not say it again."""
    body = "Parameters: { Name: { Type: String } }\n" + BODY.format("Value", "!Ref Name")
    prod = stack(body, "prod/orders/queue", parameters={"Name": "dev-queue"})
    assert [one.key for one in run(subject_of(stack(EMPTY), prod))] == ["parameters.Name"]


def test_an_account_that_both_have_is_nobodys() -> None:
    """Two environments in one account cannot be told apart by it."""
    prod = stack(
        BODY.format("Value", "arn:aws:sqs:us-east-1:111111111111:queue"),
        "prod/orders/queue",
        account="111111111111",
    )
    assert list(run(subject_of(stack(EMPTY), prod))) == []


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"role_arn": "arn:aws:iam::111111111111:role/deploy"}, ["sceptre_role"]),
        ({"dependencies": ("dev/orders/queue",)}, ["dependencies"]),
        ({"dependencies": ("prod/orders/queue",)}, []),
        ({"resolvers": {"parameters.Gone": "!stack_output dev/network.yaml::Id"}}, ["parameters.Gone"]),
        ({"tags": {"Copy": "dev"}}, ["stack_tags.Copy"]),
    ],
)
def test_what_a_stack_is_given_counts_too(changes: dict[str, object], keys: list[str]) -> None:
    """Its role, its dependencies, its tags, and what a resolver is asked for."""
    prod = stack(EMPTY, "prod/orders/queue", **changes)
    assert [finding.key for finding in run(subject_of(stack(EMPTY), prod))] == keys


@pytest.mark.parametrize(
    ("written", "keys"),
    [("!home account", []), ("!setting account", ["parameters.Account"]), ("", ["parameters.Account"])],
)
def test_what_belongs_to_no_environment_is_for_all(written: str, keys: list[str]) -> None:
    """The account of the home is prod's too: dev may name it as the home's, and in what is made of that."""
    body = """
        Parameters: {Account: {Type: String}}
        Resources:
          Rule: {Type: AWS::Events::Rule, Properties: {EventPattern: {account: [!Ref Account]}}}
    """
    dev = stack(
        body,
        parameters={"Account": "333333333333"},
        resolvers={"parameters.Account": written} if written else {},
    )
    subject = subject_of(dev, stack(EMPTY, "prod/orders/queue"))
    assert [finding.key for finding in run(subject)] == keys
