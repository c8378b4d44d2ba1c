"""Networks of templates that overlap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from validator.checks.cidr import run
from validator.findings import Severity
from validator.model import Stack

from .subjects import stack, subject_of


def vpc(cidr: str, name: str, kind: str = "AWS::EC2::VPC") -> Stack:
    """Return a stack with one network."""
    return stack(f"Resources:\n  Vpc:\n    Type: {kind}\n    Properties: {{ CidrBlock: {cidr} }}\n", name)


@pytest.mark.parametrize(
    ("one", "two", "overlap"),
    [
        ("10.0.0.0/16", "10.0.0.0/16", True),
        ("10.0.0.0/16", "10.0.255.0/24", True),
        ("10.0.0.0/16", "10.1.0.0/16", False),
        ("10.0.0.0/15", "10.1.0.0/16", True),
        ("10.0.0.0/16", '"2001:db8::/56"', False),
        ("10.0.0.0/16", "no-network", False),
        ("10.0.0.1/16", "10.0.9.0/24", True),
    ],
)
def test_two_networks_that_share_an_address(one: str, two: str, overlap: bool) -> None:
    """Of whichever size; what is no network, cfn-lint says."""
    subject = subject_of(vpc(one, "dev/orders/network"), vpc(two, "prod/orders/network"))
    found = list(run(subject))
    assert [finding.environments for finding in found] == [("prod",)] * overlap


def test_a_further_network_of_a_vpc_counts_and_a_subnet_does_not() -> None:
    """A subnet lies inside its VPC."""
    for kind, expected in (("AWS::EC2::VPCCidrBlock", 1), ("AWS::EC2::Subnet", 0)):
        subject = subject_of(vpc("10.0.0.0/16", "dev/orders/a"), vpc("10.0.1.0/24", "dev/orders/b", kind))
        assert len(list(run(subject))) == expected


def test_what_the_settings_say_is_said_of_the_settings() -> None:
    """Two networks that are both settings are not named a second time, a network beside them is."""
    subject = subject_of(vpc("10.0.0.0/16", "dev/orders/a"), vpc("10.0.0.0/16", "prod/orders/a"))
    known = {("orders", "network.cidr"): {"dev": "10.0.0.0/16", "prod": "10.0.0.0/16"}}
    assert list(run(replace(subject, settings=known))) == []
    assert (
        len(list(run(replace(subject, settings={("orders", "other"): known["orders", "network.cidr"]})))) == 1
    )


def test_another_project_is_only_warned() -> None:
    """Networks that nobody peers may overlap there."""
    for house, severity in ((True, Severity.ERROR), (False, Severity.WARNING)):
        subject = subject_of(
            vpc("10.0.0.0/16", "dev/orders/a"), vpc("10.0.0.0/16", "prod/orders/a"), house=house
        )
        assert [finding.severity for finding in run(subject)] == [severity]
