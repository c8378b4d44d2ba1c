"""Names and ARNs of CloudFormation, and how sure one can be of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .document import MalformedError

STACK_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
"""Source: CloudFormation API reference, CreateStack, StackName."""
ACCOUNT = re.compile(r"[0-9]{12}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
EVENT_ID = re.compile(r"[-0-9A-Za-z]{1,64}")
DETECTION_ID = re.compile(r"[-0-9A-Za-z]{1,36}")
LOGICAL_ID = re.compile(r"[0-9A-Za-z]{1,255}")
RESOURCE_TYPE = re.compile(r"[0-9A-Za-z]+(::[0-9A-Za-z]+)+")
STATUS = re.compile(r"[A-Z_]{1,64}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")

_ARN = re.compile(
    r"arn:aws[a-z-]*:cloudformation:(?P<region>[^:]+):(?P<account>[^:]+):"
    r"(?P<kind>stack|stackset)/(?P<name>[-a-zA-Z0-9]+)[/:](?P<id>[-a-zA-Z0-9]{1,64})"
)


_INSTANCE = re.compile(r"StackSet-(?P<set>.+)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def stack_set_of(stack: str) -> str:
    """Return the StackSet that a stack is an instance of, by the name that CloudFormation gives those; else empty."""
    instance = _INSTANCE.fullmatch(stack)
    return instance["set"] if instance else ""


@dataclass(frozen=True, slots=True)
class Arn:
    """The ARN of a stack, or of a StackSet (`kind` is `stack` or `stackset`)."""

    text: str
    account: str
    region: str
    kind: str
    name: str


def parse_arn(text: str, kind: str) -> Arn:
    """Return the ARN of a stack or StackSet. Raises MalformedError for anything else."""
    match = _ARN.fullmatch(text)
    if not match or match["kind"] != kind or not STACK_NAME.fullmatch(match["name"]):
        raise MalformedError(f"this is not the ARN of a {kind}")
    if not ACCOUNT.fullmatch(match["account"]) or not REGION.fullmatch(match["region"]):
        raise MalformedError(f"the ARN of the {kind} has no account or no region")
    return Arn(text, match["account"], match["region"], kind, match["name"])
