"""Which folders are environments where nobody says it, and what names one."""

from __future__ import annotations

import pytest

from validator.effective import Symbol
from validator.foreign.environments import Environments, found_in
from validator.foreign.identity import Identity
from validator.parity.bounds import broken
from validator.parity.declarations import Bound, Range

FOUND = {
    "at the top": (["prod/app", "dev/app", "shared"], {"dev": "dev", "prod": "prod"}),
    "in the order of promotion": (
        ["production", "qa", "development", "staging"],
        {name: name for name in ("development", "qa", "staging", "production")},
    ),
    "below accounts": (["a/dev/x", "a/prod/x", "b/prod"], {"dev": "*/dev", "prod": "*/prod"}),
    "below accounts of their own": (
        ["one/web/dev", "one/api/dev", "two/web/prod"],
        {"dev": "one/*/dev", "prod": "two/*/prod"},
    ),
    "not too deep": (["a/b/c/dev", "a/b/c/prod"], {"a": "a"}),
    "none well known": (["blue", "amber/app"], {"amber": "amber", "blue": "blue"}),
    "two accounts": (["nonprod/app", "prod/app"], {"nonprod": "nonprod", "prod": "prod"}),
    "one": (["dev/app", "shared"], {"dev": "dev"}),
    "no folder": ([""], {}),
    "capitals": (["Prod", "Dev"], {"Dev": "Dev", "Prod": "Prod"}),
}


@pytest.mark.parametrize(("groups", "expected"), FOUND.values(), ids=FOUND)
def test_environments_are_found(groups: list[str], expected: dict[str, str]) -> None:
    found = found_in(groups)
    assert dict(found.folders) == expected
    assert list(found.names) == list(expected)


def test_the_folder_that_says_most_wins() -> None:
    environments = Environments({"all": "x", "prod": "x/prod", "any": "*/prod"})
    assert environments.place("x/prod/app").environment == "prod"
    assert environments.place("y/prod/app").environment == "any"
    assert environments.place("y/prod/app").path == "y/app"
    assert environments.place("x/app").environment == "all"
    assert environments.place("").environment == ""


def test_a_bound_follows_the_order_of_the_project() -> None:
    """An environment of another name is not taken for the first."""
    grows = Bound(order="grows", range=Range(minimum=1))
    assert list(broken(grows, {"dev": 1, "prod": 2, "live": 3})) == []
    assert len(list(broken(grows, {"dev": 3, "prod": 2, "live": 1}))) == 2
    assert list(broken(grows, {"prod": 2, "dev": 1})) == []


IDENTITY = Identity(("prod",), "222222222222", "eu-west-1", frozenset({"Stage"}))
NAMED = {
    "prod-app-queue": "${environment}-app-queue",
    "app_prod": "app_${environment}",
    "PROD": "ENVIRONMENT",
    "Prod": "Environment",
    "arn:aws:sqs:eu-west-1:222222222222:prod": "arn:aws:sqs:${region}:${account}:${environment}",
    "production": None,
    "reprod": None,
    "eu-west-1a": None,
    "1222222222222": None,
    "plain": None,
}


@pytest.mark.parametrize(("text", "expected"), NAMED.items())
def test_whole_words_are_symbols(text: str, expected: str | None) -> None:
    found = IDENTITY.of(text)
    assert (found and found.text) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("VpcCidr", "10.1.0.0/16", "${network:VpcCidr}/16"),
        (
            "PrivateSubnetCidrs",
            ["10.1.0.0/24", "10.1.1.0/24"],
            "${network:PrivateSubnetCidrs}/24,${network:PrivateSubnetCidrs}/24",
        ),
        ("VpcCidr", "8.8.8.0/24", None),
        ("VpcCidr", "10.1.0.0/99", None),
        ("AllowedCidr", "10.1.0.0/16", None),
        ("Stage", "p", "identity:Stage"),
        ("Names", ["prod-a", "b"], "${environment}-a,b"),
        ("Other", Symbol.named("ssm:/prod/x"), "ssm:/<environment>/x"),
        ("Other", Symbol.named("ssm:/x"), None),
    ],
)
def test_parameters_that_name_an_environment(
    name: str, value: str | list[str] | Symbol, expected: str | None
) -> None:
    found = IDENTITY.of_parameter(name, value)
    assert (found and found.text) == expected
