"""What the gates read, as it was found at one moment. Frozen, so that what was decided on can be kept (REQ-G6).

Whatever could not be found out is `Missing`, with the reason: the gate that needs it is in error, never content. What
would be content if somebody forgot it has no default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pipelines.state.records import Check, EnvironmentRelease, Lock, Release
from pipelines.state.times import timestamp

from .people import People


@dataclass(frozen=True, slots=True)
class Missing:
    """Evidence that could not be had, and why. `passes` tells that it can be, once what is under way ended."""

    reason: str
    passes: bool = False


@dataclass(frozen=True, slots=True)
class Tag:
    """A release as git has it: the commit that its tag names, and every name of everybody who made it.

    `authors` are the names that git has, mostly e-mail addresses, of who made anything since the commits `since`: what
    last entered the environment. `logins` are those that GitHub knows them by, and of who opened their pull requests;
    where no list tells who is who, they are there for all authors or for none, so that an approver who is known by a
    login is told from authors who have logins. `unsigned` are the commits that nobody signed whom the project knows.
    """

    name: str
    commit: str
    authors: frozenset[str] | Missing
    logins: frozenset[str] = frozenset()
    since: tuple[str, ...] = ()
    unsigned: tuple[str, ...] | Missing = Missing("nobody looked")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is recorded of one workload in the environment that a release comes from.

    `release` is the release's own record there and `latest` the last deployment, both None where there is none.
    `drifted` names stacks with open drift, `unsure` those of which nobody knows; `drift_changed_at` is when drift was
    last found or ended, `touched_at` when CloudFormation last began to change a stack of it, as its agents saw. `check`
    is the last consistency check, `failed_at` when a check last failed, of any kind.
    """

    release: Release | None
    latest: EnvironmentRelease | None
    drifted: tuple[str, ...]
    unsure: tuple[str, ...]
    drift_changed_at: datetime | None
    touched_at: datetime | None
    check: Check | None
    failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is known of one workload in the environment that a release would enter.

    `digest` is the manifest digest of what would be deployed. `latest` is what runs there, for the record: no gate
    asks. `drifted` names stacks with open drift, `unsure` those of which nobody knows, `acknowledged` those of both
    that somebody said may stay so. `lock` is who deploys there now. `rejected` are deployments of this release that
    were rolled back, in any environment. `drilled_at` is when recovery was last tried, None where it never was.
    `changed` are stacks that the run of `Begun` changed: it is no wonder that nobody looked at them since.
    """

    digest: str
    latest: EnvironmentRelease | None
    drifted: tuple[str, ...]
    unsure: tuple[str, ...]
    acknowledged: tuple[str, ...] = ()
    lock: Lock | None
    rejected: tuple[EnvironmentRelease, ...]
    drilled_at: datetime | None = None
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody said yes to a release, in an environment, after reading a plan, which `plan` names by its digest.

    `in_aws` tells who says the name: AWS, or else GitHub.
    """

    by: str
    at: datetime
    environment: str
    tag: str
    plan: str
    in_aws: bool = True


@dataclass(frozen=True, slots=True)
class Loss:
    """A resource that a change set would replace, or may, or delete; `action` is `replaced` or `deleted`.

    Of a nested stack it is `changed out of sight` too.
    """

    stack: str
    logical_id: str
    resource_type: str
    action: str

    @property
    def name(self) -> str:
        """How somebody names it who accepts the loss: `prod/orders/table/Table`."""
        return f"{self.stack}/{self.logical_id}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be changed: the digest of the plan, and what it would take away. `accepted` are names of losses.

    `environment` and `tag` say what was planned. `change_sets` are the ARNs of those that were asked, by stack.
    """

    environment: str
    tag: str
    digest: str
    losses: tuple[Loss, ...]
    accepted: frozenset[str] = frozenset()
    change_sets: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Begun:
    """What an earlier run of the release left: it began to deploy, at the time `at`, and died.

    `decision` is the digest of the decision that let it in, `plan` that of the plan which was approved then.
    """

    decision: str
    plan: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Checked:
    """What `lockstep check` found of the release: the commit that it looked at, and its findings by severity."""

    commit: str
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything that is known of a release before it enters `environment`, at the time `at` (UTC).

    `sources` and `targets` are by workload; `sources` is empty for the first environment of the order. `owner` is who
    would hold the lock, empty for who only asks. `git` is None where git has no such tag. `people` is the list of
    who is who, None where what runs in the environment has none. `branch` is the branch that is to be deployed.
    `parity` counts undeclared differences. `begun` is what is carried on, None where nothing is under way.

    Raises ValueError for a time without an offset.
    """

    environment: str
    tag: str
    at: datetime
    workloads: tuple[str, ...]
    owner: str
    git: Tag | Missing | None
    branch: str | Missing
    sources: Mapping[str, Source | Missing]
    targets: Mapping[str, Target | Missing]
    parity: int | Missing
    checked: Checked | Missing
    approvals: tuple[Approval, ...] | Missing
    plan: Plan | Missing
    people: People | Missing | None = Missing("nobody asked")
    begun: Begun | None = None

    def __post_init__(self) -> None:
        timestamp(self.at)
