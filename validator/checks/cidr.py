"""The networks of the monorepo are disjoint (REQ-P4)."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator

from ..findings import Finding, Severity
from ..rendering import RenderedStack
from .check import Check
from .subject import Subject, at

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each two settings that overlap, then each two VPCs that do and whose networks are no settings."""
    yield from subject.reported(CHECK.id)
    known = {
        str(value)
        for (_, path), values in subject.settings.items()
        if path == "network.cidr"
        for value in values.values()
    }
    severity = Severity.ERROR if subject.house else Severity.WARNING
    for one, two in itertools.combinations(sorted(_networks(subject), key=_place), 2):
        left, right = one[3], two[3]
        if left.version != right.version or not left.overlaps(right) or {str(left), str(right)} <= known:
            continue
        item, name, _, network = two
        message = f"{item.stack.name}: {network} overlaps {left}, the network of {one[0].stack.name}"
        path = ("Resources", name, "Properties", "CidrBlock")
        yield at(CHECK.id, item, path, message, CHECK.remediation, severity)


Found = tuple[RenderedStack, str, int, Network]


def _networks(subject: Subject) -> Iterator[Found]:
    for number, item in enumerate(subject.rendered):
        for name, resource in item.effective.resources.items():
            text = resource.properties.get("CidrBlock")
            if resource.type in {"AWS::EC2::VPC", "AWS::EC2::VPCCidrBlock"} and isinstance(text, str):
                try:
                    yield item, name, number, ipaddress.ip_network(text, strict=False)
                except ValueError:
                    continue  # cfn-lint says it


def _place(found: Found) -> tuple[int, str]:
    return found[2], found[1]


CHECK = Check(
    id="cidr",
    severity=Severity.ERROR,
    summary="No two VPC networks of the project share an address",
    remediation="Choose a network that is free.",
    source="REQ-P4",
    why="Networks that overlap can never be peered, and a route between them leads to the wrong one.",
    before="network:\n  cidr: 10.32.0.0/16   # orders in dev has it",
    after="network:\n  cidr: 10.33.0.0/16",
    run=run,
)
