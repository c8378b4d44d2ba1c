"""What every workload's settings share: strict frozen models, units, markers, and the values of REQ-P3 to REQ-P6.

A marker on a field says how the field behaves across environments. `Identity` values name the
environment itself and stay symbolic when environments are compared. `Grows` values may not shrink
along the promotion order.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError


@dataclass(frozen=True, slots=True)
class Identity:
    """Marks a value that names its environment: symbolic during comparison (design.md)."""


@dataclass(frozen=True, slots=True)
class Grows:
    """Marks a size: dev <= staging <= prod. `None` means "without end" and is the largest."""


class Model(BaseModel):
    """A strict, frozen model: unknown keys, and values of another type, are refused (REQ-P2)."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=False)

    DERIVED: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """The fields of this model that each property of it is made of, so that a difference names what somebody wrote."""


def broken(path: str, message: str) -> PydanticCustomError:
    """Return the error of a rule between values; `path` says which of them to point at, from the model down."""
    # The message may hold braces, which pydantic would take for its own placeholders.
    return PydanticCustomError("rule", "{message}", {"path": path, "message": message})


def _inside_ten_slash_eight(value: str) -> str:
    try:
        network = ipaddress.IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"is not an IPv4 network: {error}") from error
    if not network.subnet_of(ipaddress.IPv4Network("10.0.0.0/8")):
        raise ValueError("must lie inside 10.0.0.0/8")
    if network.prefixlen != 16:
        raise ValueError("must be a /16, so that three public and three private subnets fit")
    return value


AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$"), Identity()]
REGIONS = ("eu-west-1", "us-east-1", "us-east-2", "us-west-2")
"""The regions of REQ-P3. A further one is added here; its templates are then linted for it too (REQ-V6)."""


def _known_region(value: str) -> str:
    if value not in REGIONS:
        # A type of its own, so that its mend can say where a region is added.
        raise PydanticCustomError(
            "region", "is no region of this project: {known}", {"known": ", ".join(REGIONS)}
        )
    return value


Region = Annotated[str, AfterValidator(_known_region), Identity()]
Cidr = Annotated[str, AfterValidator(_inside_ten_slash_eight), Identity()]
AddressRange = Annotated[str, AfterValidator(_inside_ten_slash_eight), Identity()]
Suffix = Annotated[str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9-]{0,19})?$"), Identity()]
LogRetentionDays = Annotated[
    Literal[
        1,
        3,
        5,
        7,
        14,
        30,
        60,
        90,
        120,
        150,
        180,
        365,
        400,
        545,
        731,
        1096,
        1827,
        2192,
        2557,
        2922,
        3288,
        3653,
    ],
    Grows(),
]
"""The retentions that CloudWatch Logs knows, in days (API reference, PutRetentionPolicy)."""

Size = Annotated[int, Field(gt=0), Grows()]


class PrivateNetwork(Model):
    """The VPC of one environment, with private subnets alone."""

    cidr: Cidr


class Network(PrivateNetwork):
    """A VPC whose private subnets have a way out (REQ-O6)."""

    nat: Literal["single", "per_az"]


class Logs(Model):
    """Log groups of the workload."""

    retention_days: LogRetentionDays


FOLDER_VALUES = {
    "environment": "remove it; the name of the environment's folder says it",
    "workload": "remove it; the name of the workload's folder says it",
    "account": "move it to `account` in the environment's config.yaml, outside `settings`",
    "region": "move it to `region` in the workload's config.yaml, outside `settings`",
}
"""Fields that come from the folders and from Sceptre's own keys, each with the mend where it is given as a setting."""


class WorkloadSettings(Model):
    """The values that every workload has, whatever else it needs."""

    ONE_ACCOUNT_AN_ENVIRONMENT: ClassVar[bool] = True
    """Whether each environment must have an account of its own (REQ-P3); a workload that shares one says False."""

    DERIVED_IDENTITY: ClassVar[frozenset[str]] = frozenset(
        {"name_prefix", "name_suffix", "parameter_root", "deploy_role_arn"}
    )
    """Properties below that are made of identity values."""

    environment: Annotated[Literal["dev", "staging", "prod", "shared"], Identity()]
    workload: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,19}$")]
    account: AccountId
    region: Region
    suffix: Suffix = ""
    lifecycle: Literal["protected", "disposable"]
    cost_center: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}-\d{4}$")]
    compliance: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{1,63}$")]
    network: PrivateNetwork
    logs: Logs

    @property
    def name_prefix(self) -> str:
        """What stands before the type in a resource name (REQ-P5)."""
        return f"{self.environment}-{self.workload}-"

    @property
    def name_suffix(self) -> str:
        """What stands after the type in a resource name (REQ-P5): empty, or a dash and the suffix."""
        return f"-{self.suffix}" if self.suffix else ""

    @property
    def parameter_root(self) -> str:
        """The path in Parameter Store under which the workload publishes (REQ-P7)."""
        return f"/{self.workload}/{self.environment}"

    @property
    def deploy_role_arn(self) -> str:
        """The role in the environment's account that deployments assume (REQ-P9)."""
        return f"arn:aws:iam::{self.account}:role/{self.environment}-lockstep-deploy"


def is_identity(model: type[BaseModel], path: Sequence[str]) -> bool:
    """Tell whether the value at a settings path names its environment; unknown paths do not."""
    first, *rest = path
    if first in getattr(model, "DERIVED_IDENTITY", ()):
        return True
    field = model.model_fields.get(first)
    if field is None:
        return False
    if rest:
        below = field.annotation
        return isinstance(below, type) and issubclass(below, BaseModel) and is_identity(below, rest)
    return any(isinstance(mark, Identity) for mark in field.metadata)


def written_at(model: type[BaseModel], path: Sequence[str]) -> tuple[str, ...]:
    """Return the settings paths that somebody wrote for the value at `path`: itself, or what a property is made of."""
    first, *rest = path
    field = model.model_fields.get(first)
    if field is None:
        derived: Mapping[str, tuple[str, ...]] = getattr(model, "DERIVED", {})
        return derived.get(first, (first,))
    below = field.annotation
    if rest and isinstance(below, type) and issubclass(below, BaseModel):
        return tuple(f"{first}.{name}" for name in written_at(below, rest))
    return (".".join(path),)
