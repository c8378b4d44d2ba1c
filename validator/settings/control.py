"""The settings of `control`, which records and compares what runs where (REQ-C1 to REQ-C10).

It has two parts with a model each: the agents, in every account and region of an environment (`ControlSettings`, in
`sceptre/config/<environment>/control`), and the home, which belongs to no environment (`HomeSettings`, in
`sceptre/config/shared/control`). Both read `workloads.control` of the root; the home takes of it what it knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self, get_args

from pydantic import Field, StringConstraints, model_validator

from .base import AddressRange, Identity, Model, PrivateNetwork, Region, WorkloadSettings, broken
from .notifications import Environment, Notifications
from .parts import Artifacts, Function, Queue, QueueFunction, StreamFunction, hidden_long_enough

Days = Annotated[int, Field(ge=1, le=3_650)]


def _rate(amount: int, unit: str) -> str:
    """Return a schedule expression; EventBridge wants the singular for one."""
    return f"rate({amount} {unit}{'' if amount == 1 else 's'})"


class Schedules(Model):
    """How often each part looks by itself, since an event may be lost (REQ-C2, REQ-C4)."""

    DERIVED: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "reconcile": ("reconcile_minutes",),
        "drift": ("drift_hours",),
    }

    # Home calls an agent silent after two turns of 15 minutes and five (pipelines/tracking/passes.py).
    reconcile_minutes: Annotated[int, Field(ge=5, le=15)]
    drift_hours: Annotated[int, Field(ge=1, le=24)]

    @property
    def reconcile(self) -> str:
        """When agents observe all their stacks again, and the home repairs what was lost: a schedule expression."""
        return _rate(self.reconcile_minutes, "minute")

    @property
    def drift(self) -> str:
        """When drift of every stack is looked for: a schedule expression."""
        return _rate(self.drift_hours, "hour")


GitHubId = Annotated[int, Field(ge=1)]


def _with_id(name: str, number: int | None) -> str:
    return name if number is None else f"{name}@{number}"


class GitHub(Model):
    """The repository whose workflows may deploy (REQ-P9), and where its pages are read.

    GitHub names a repository in the subject of its tokens by names alone, or by names and ids, `owner@1/name@2`: the
    latter is the only way for those made or renamed since July 2026, and keeps out whoever gets a name that became free
    (https://docs.github.com/en/actions/reference/security/oidc, "Immutable subject claims"). So both ids or none.
    """

    DERIVED: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "runbooks_url": ("organization", "repository"),
        "organization_in_subject": ("organization", "organization_id"),
        "repository_in_subject": ("repository", "repository_id"),
    }

    organization: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}$")]
    repository: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
    organization_id: GitHubId | None = None
    repository_id: GitHubId | None = None

    @model_validator(mode="after")
    def _both_ids_or_none(self) -> Self:
        if (self.organization_id is None) != (self.repository_id is None):
            missing = "organization_id" if self.organization_id is None else "repository_id"
            raise broken(missing, "is missing: GitHub puts both ids into the subject of a token, or none")
        return self

    @property
    def organization_in_subject(self) -> str:
        """The owner as the subject of a token names it."""
        return _with_id(self.organization, self.organization_id)

    @property
    def repository_in_subject(self) -> str:
        """The repository as the subject of a token names it."""
        return _with_id(self.repository, self.repository_id)

    @property
    def runbooks_url(self) -> str:
        """Where the runbooks are, as alarms and messages name them: somebody reads them at night, on a telephone."""
        return f"https://github.com/{self.organization}/{self.repository}/blob/main/docs/runbooks"


class Alarms(Model):
    """Thresholds of an agent's alarms."""

    function_error_count: Annotated[int, Field(ge=1)]
    oldest_message_seconds: Annotated[int, Field(ge=60, le=86_400)]


class ControlSettings(WorkloadSettings):
    """Every value of the agents of one environment.

    The agent in the environment's control region has the network `network`; those of `regions`, the other regions in
    use, have theirs in `address_range`, one /20 a region.
    """

    network: PrivateNetwork
    regions: Annotated[list[Region], Field(min_length=1, max_length=16), Identity()]
    address_range: AddressRange
    agent: QueueFunction
    queue: Queue
    schedules: Schedules
    artifacts: Artifacts
    alarms: Alarms
    github: GitHub

    @model_validator(mode="after")
    def _across(self) -> Self:
        if self.region in self.regions:
            raise broken(
                "regions", f"{self.region} is the control region itself: name the other regions only"
            )
        twice = sorted({region for region in self.regions if self.regions.count(region) > 1})
        if twice:
            raise broken("regions", f"{', '.join(twice)} stands there twice")
        hidden_long_enough(self.queue, self.agent, "agent")
        return self

    @property
    def watched(self) -> frozenset[tuple[str, str]]:
        """Each account and region with an agent."""
        return frozenset((self.account, region) for region in (self.region, *self.regions))


class HomeAlarms(Alarms):
    """Thresholds of the home's alarms (REQ-C9)."""

    DERIVED: ClassVar[Mapping[str, tuple[str, ...]]] = {"silence_seconds": ("silence_minutes",)}

    tracker_lag_seconds: Annotated[int, Field(ge=10, le=3_600)]
    silence_minutes: Annotated[int, Field(ge=10, le=1_440)]

    @property
    def silence_seconds(self) -> int:
        """`silence_minutes` in the unit of the metric that it bounds."""
        return self.silence_minutes * 60


class Archive(Model):
    """The archive of the home bus, from which events can be replayed (REQ-C2)."""

    retention_days: Days


class Configuration(Model):
    """The configuration store and its replica (REQ-C8). Nobody removes an object within `lock_days` (REQ-G6)."""

    replica_region: Region
    noncurrent_days: Days
    lock_days: Annotated[int, Field(ge=365, le=3_650)]


class Gate(Model):
    """The deployment protection rule: the app that answers, and what the way in takes (REQ-G9)."""

    DERIVED: ClassVar[Mapping[str, tuple[str, ...]]] = {"unanswered_seconds": ("unanswered_hours",)}

    app_id: Annotated[int, Field(ge=0, le=99_999_999_999)]
    """0 until there is an app: its webhook needs the address of the API, which is known once that is deployed."""
    throttle_rate_per_second: Annotated[int, Field(ge=1, le=1_000)]
    throttle_burst: Annotated[int, Field(ge=1, le=1_000)]
    # After seven days the answer is no (pipelines/deployment_rule/answering.py).
    unanswered_hours: Annotated[int, Field(ge=1, le=168)]

    @property
    def unanswered_seconds(self) -> int:
        """`unanswered_hours` in the unit of the metric that it bounds."""
        return self.unanswered_hours * 3_600


class HomeSettings(WorkloadSettings):
    """Every value of the home: one account and region, for all environments."""

    network: PrivateNetwork
    tracker: QueueFunction
    reconciler: Function
    pipeline_gate: Function
    announcer: StreamFunction
    consistency: StreamFunction
    receiver: Function
    answerer: Function
    gate: Gate
    queue: Queue
    schedules: Schedules
    artifacts: Artifacts
    archive: Archive
    configuration: Configuration
    notifications: Notifications
    alarms: HomeAlarms
    github: GitHub

    @property
    def environments(self) -> list[str]:
        """The environments that report here, each with an alarm on its silence (REQ-C9)."""
        return [name for name in get_args(Environment) if name != self.environment]

    @property
    def silence_alarm_arns(self) -> list[str]:
        """Those alarms, in the same order."""
        place = f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:{self.name_prefix}alarm-silence"
        return [f"{place}-{name}{self.name_suffix}" for name in self.environments]

    @property
    def bus_arn(self) -> str:
        """The event bus to which the agents of all accounts and regions forward (REQ-C2)."""
        name = f"{self.name_prefix}home{self.name_suffix}"
        return f"arn:aws:events:{self.region}:{self.account}:event-bus/{name}"

    @model_validator(mode="after")
    def _across(self) -> Self:
        if self.configuration.replica_region == self.region:
            raise broken(
                "configuration.replica_region",
                f"configuration.replica_region {self.region} is the home region itself: a replica is elsewhere",
            )
        hidden_long_enough(self.queue, self.tracker, "tracker")
        return self
