"""The policy file `pipelines/variance.yaml` as types: which differences somebody owns, and how far they go (REQ-V4)."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    model_validator,
)

from ..environments import ENVIRONMENTS

Environment = str
Scalar = int | float | str | bool | None

Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]
"""A number as YAML writes one: no text, no truth value, and neither `.nan` nor `.inf`, which no value is beyond."""

SECTIONS = "settings|Parameters|Tags|Dependencies|Options|Resolvers|Resources|Outputs|Conditions"
PATH = rf"^[A-Za-z0-9*][A-Za-z0-9_.*/-]*:({SECTIONS})\.\S+$"
WHOLE = r"^[A-Za-z0-9*][A-Za-z0-9_.*/-]*:(Stack|Template)$"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known(values: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    """Refuse an environment that the project does not have; `prod/ledger/standby` is a region of one."""
    environments = (info.context or {}).get("environments", ENVIRONMENTS)
    unknown = sorted(name for name in values if name.split("/")[0] not in environments)
    if unknown:
        raise ValueError(
            f"{', '.join(unknown)} is no environment; the environments are {', '.join(environments)}"
        )
    return values


class Range(_Model):
    """Numbers from `minimum` to `maximum`, both allowed; either may be open, not both."""

    minimum: Number | None = None
    maximum: Number | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("gives neither minimum nor maximum, so it bounds nothing")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"minimum {self.minimum} is above maximum {self.maximum}")
        return self


class Bound(_Model):
    """How far a variance may go. Each part that is given has to hold.

    `order`: `grows` or `shrinks` along dev, staging, prod, where null is without end. `range`: numbers. `ratio`: the
    largest number is at most so many times the smallest. `among`: a set of values. `exactly`: a value for each
    environment, for figures that a requirement fixes.
    """

    order: Annotated[str, StringConstraints(pattern="^(grows|shrinks)$")] | None = None
    range: Range | None = None
    ratio: Annotated[Number, Field(gt=1)] | None = None
    among: Annotated[list[Scalar], Field(min_length=2)] | None = None
    exactly: Annotated[dict[Environment, Scalar], AfterValidator(_known)] | None = None

    @model_validator(mode="after")
    def _given(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("is empty: give at least one of order, range, ratio, among, exactly")
        if self.model_fields_set == {"order"}:
            raise ValueError("is an order alone, which any jump keeps: add range, ratio, among or exactly")
        return self


class Declaration(_Model):
    """One declared variance.

    `path` is `<workload>:settings.<key>` for a value of the hierarchy with all that follows from it, or
    `<workload>/<stack>:<Section>.<path>` for one place in a stack; `*` stands for a part of a name, `**` for any depth.
    """

    path: Annotated[str, StringConstraints(pattern=f"{PATH}|{WHOLE}")]
    reason: Annotated[str, StringConstraints(min_length=10, strip_whitespace=True)]
    owner: Annotated[str, StringConstraints(min_length=2, strip_whitespace=True)]
    expires: datetime.date | None = None
    bound: Bound

    @property
    def place(self) -> str:
        """What stands before the colon: the workload, or workload and stack."""
        return self.path.partition(":")[0]

    @property
    def key(self) -> str:
        """What stands behind the colon."""
        return self.path.partition(":")[2]

    @property
    def is_setting(self) -> bool:
        """Whether it declares a value of the hierarchy."""
        return self.key.startswith("settings.")


class Variances(_Model):
    """The whole file."""

    variances: list[Declaration]
