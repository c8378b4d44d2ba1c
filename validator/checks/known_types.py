"""Every resource type is one of which something is known (REQ-V5)."""

from __future__ import annotations

from collections.abc import Iterator

from ..findings import Finding, Severity
from ..parity.guarded import is_known
from .check import Check
from .subject import Subject, at


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each resource whose type the lists of what never varies do not know."""
    for item in subject.rendered:
        for name, resource in item.effective.resources.items():
            if not is_known(resource.type):
                message = f"no rule knows {resource.type}, so nothing is known of its encryption, access and logging"
                yield at(CHECK.id, item, ("Resources", name, "Type"), message, CHECK.remediation)


CHECK = Check(
    id="known-types",
    severity=Severity.ERROR,
    summary="Every resource type is one that the lists of what never varies know",
    remediation="add it to validator/parity/guarded, and a guard rule",
    source="REQ-V5",
    why="A type without any rule is right in all environments alike, unencrypted and open to everybody.",
    before="Type: AWS::OpenSearchService::Domain   # no list knows it",
    after='"AWS::OpenSearchService::Domain": "*",   # in validator/parity/guarded/data.py, with guard rules beside it',
    run=run,
    house=True,
)
