"""The sandbox's accounts are those of the project's configuration."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sandbox import accounts

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("environment", sorted(accounts.DEPLOYED))
def test_the_account_is_that_of_the_configuration(environment: str) -> None:
    """What the configuration deploys to is what the sandbox has made."""
    config = YAML(typ="safe").load(ROOT / "sceptre" / "config" / environment / "config.yaml")
    assert config["account"] == accounts.DEPLOYED[environment]


def test_the_trust_policy_names_the_operator_only() -> None:
    """One principal, one action."""
    statements = json.loads(accounts.trust_policy())["Statement"]
    assert [(one["Principal"], one["Action"]) for one in statements] == [
        ({"AWS": f"arn:aws:iam::{accounts.OPERATOR}:root"}, "sts:AssumeRole")
    ]


def test_the_variables_make_a_client_the_operator() -> None:
    """An IP address as the endpoint makes clients address buckets by path."""
    found = accounts.variables("http://127.0.0.1:4566")
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert found["AWS_ACCESS_KEY_ID"] == accounts.OPERATOR
    assert not set(found) & set(accounts.FOREIGN_VARIABLES)
