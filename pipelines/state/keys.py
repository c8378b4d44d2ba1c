"""The keys of the state table: one function for each kind of item. `pk` is the partition, `sk` the item in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Self

from .times import timestamp

CURRENT = "CURRENT"
FOREIGN = "-"
"""Workload and environment of a stack that is not ours: it has no tag `ManagedBy: lockstep`."""

OPEN_DRIFT = "openDrift"
"""Partition of index GSI3 that lists the stacks with open drift."""

ALERTS = "alert"
"""Partition of index GSI3 that lists the alerts: open ones, and resolved ones until they are removed."""

STARTED_DRIFT = "startedDrift"
"""Partition of index GSI3 that lists the drift detections that have no result yet."""

REGIONS = "region"
"""Partition of index GSI3 that lists the regions that reported."""

OF_STACK, OF_ALERT, OF_REGION = "STACK#", "ALERT#", "REGION#"
"""How the partitions begin of what an index lists. Only functions of the home may write those (REQ-P8)."""

OF_APPROVAL = "APPROVAL#"
"""How the partitions of approvals begin, which index GSI2 lists by release; each is written by whom it names."""

OPEN_RULE_REQUESTS, OF_RULE_REQUEST = "openRuleRequest", "RULE#"
"""Partition of index GSI3 that lists what GitHub waits for an answer to, and how the partitions of those begin."""

OF_DECISION = "DECISION#"
"""How the sort keys of decisions begin, in the partition of their environment's deployments."""

NUMBERS = range(1, 99_999_999)
"""The numbers of deployments: with eight digits they sort, and after each of them comes one that does as well."""

_SORT_BYTES = 1024
"""What a sort key may take (DynamoDB, service quotas): an index sorts by the partition of the stack."""

_PART = re.compile(r"[^#\x00-\x1f\x7f]{1,256}")


class Key(NamedTuple):
    """The primary key of one item."""

    pk: str
    sk: str


def joined(*parts: str) -> str:
    """Return parts of a key joined by `#`.

    Raises ValueError for a part that is empty, over 256 characters, or holds `#` or a control character: it could
    pass for another key.
    """
    for part in parts:
        if not _PART.fullmatch(part):
            raise ValueError(f"{part[:80]!r} cannot be part of a key: 1 to 256 characters without '#'")
    return "#".join(parts)


@dataclass(frozen=True, slots=True, order=True)
class StackKey:
    """Which stack: `stack` is CloudFormation's name. A stack that is not ours has `-` for workload and environment.

    Raises ValueError for a part that no key can hold.
    """

    workload: str
    environment: str
    account: str
    region: str
    stack: str

    def __post_init__(self) -> None:
        joined(self.workload, self.environment, self.account, self.region, self.stack)
        if len(self.pk.encode()) > _SORT_BYTES:
            raise ValueError(f"the key of stack {self.stack[:80]!r} takes over {_SORT_BYTES} bytes")

    @property
    def pk(self) -> str:
        """The partition of everything that is known of the stack."""
        return f"STACK#{self.workload}#{self.environment}#{self.account}#{self.region}#{self.stack}"

    @property
    def is_ours(self) -> bool:
        """Whether the stack belongs to a workload and an environment."""
        return FOREIGN not in (self.workload, self.environment)

    @classmethod
    def parse(cls, pk: str) -> Self:
        """Return the stack of a partition. Raises ValueError for a partition of something else."""
        kind, *parts = pk.split("#")
        if kind != "STACK" or len(parts) != 5:
            raise ValueError(f"{pk!r} is not the partition of a stack")
        return cls(*parts)


def current(stack: StackKey) -> Key:
    """The current state of a stack."""
    return Key(stack.pk, CURRENT)


def event(stack: StackKey, time: datetime, event_id: str) -> Key:
    """One event in the history of a stack; history sorts by time."""
    return Key(stack.pk, f"EVT#{timestamp(time)}#{joined(event_id)}")


def drift(stack: StackKey, detection_id: str) -> Key:
    """The summary of one drift detection."""
    return Key(stack.pk, f"DRIFT#{joined(detection_id)}")


def drift_finding(stack: StackKey, detection_id: str, logical_id: str) -> Key:
    """One drifted resource of one drift detection."""
    return Key(stack.pk, f"DRIFT#{joined(detection_id, logical_id)}")


def open_drift(workload: str, environment: str) -> Key:
    """The marker that names an environment's drifted stacks: what a promotion checks, since no index may decide."""
    return Key(f"ENV#{joined(workload, environment)}", "DRIFT")


def release(workload: str, tag: str, environment: str) -> Key:
    """A release as the deployments of one environment recorded it: nobody else may write that partition (REQ-P8)."""
    return Key(f"REL#{joined(workload, tag, environment)}", "META")


def environment_release(workload: str, environment: str, number: int) -> Key:
    """The nth deployment of a release into an environment; zeros before the number keep the order."""
    return Key(f"ENV#{joined(workload, environment)}", f"REL#{number:08}")


def decision(workload: str, environment: str, time: datetime, digest: str) -> Key:
    """A decision about a release before an environment, by the digest of its statement; they sort by time."""
    return Key(f"ENV#{joined(workload, environment)}", f"{OF_DECISION}{timestamp(time)}#{joined(digest)}")


def promotion(workload: str, tag: str, source: str, target: str) -> Key:
    """The promotion of a release from one environment to the next: what deploys to that writes the partition."""
    return Key(f"PROMO#{joined(workload, tag, target)}", joined(source, target))


def approval(tag: str, environment: str, session: str) -> Key:
    """Somebody's approval of a release for an environment: one of each person.

    `session` is AWS's own id of who writes it, `aws:userid`: IAM lets nobody write a partition that ends in another's
    (REQ-G2).
    """
    return Key(f"{OF_APPROVAL}{joined(tag, environment, session)}", "APPROVAL")


def lock(workload: str, environment: str) -> Key:
    """The lock of an environment."""
    return Key(f"LOCK#{joined(workload, environment)}", "LOCK")


def alert(fingerprint: str) -> Key:
    """An alert, open or resolved: one item for each thing that can be wrong."""
    return Key(f"ALERT#{joined(fingerprint)}", "OPEN")


def refusal(time: datetime, account: str, event_id: str) -> Key:
    """An event that was refused; one partition a day and account, `-` where the event names none.

    So an account that sends much fills no partition but its own.
    """
    partition = f"REFUSED#{timestamp(time)[:10]}#{joined(account or FOREIGN)}"
    return Key(partition, f"{timestamp(time)}#{joined(event_id)}")


def census(account: str, region: str) -> Key:
    """When the agent of a region last reported."""
    return Key(f"REGION#{joined(account, region)}", "CENSUS")


def census_parts(account: str, region: str) -> Key:
    """Which parts of a region's latest census came."""
    return Key(f"REGION#{joined(account, region)}", "PARTS")


def check(workload: str, environment: str) -> Key:
    """The last consistency check of an environment."""
    return Key(f"CHECK#{joined(workload, environment)}", CURRENT)


def touched(workload: str, environment: str) -> Key:
    """When CloudFormation last began to change a stack of an environment: what a promotion checks.

    It lies where only functions of the home write: who deploys there must not take back that it was touched.
    """
    return Key(f"CHECK#{joined(workload, environment)}", "TOUCHED")


def rule_request(deployment: int | str) -> Key:
    """What GitHub asked before a deployment, by the number that GitHub gave that: one signed question is one item."""
    return Key(f"{OF_RULE_REQUEST}{joined(str(deployment))}", "REQUEST")
