"""Declared variances as values: which differences somebody owns, and how far they go (REQ-V4). Pure.

`entries` makes them from the policy file and holds them to their rules, without pydantic: the consistency function
reads the policy too, and its import would take longer than all else that it imports (REQ-C3).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

Scalar = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `minimum` to `maximum`, both allowed; either may be open, not both."""

    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Bound:
    """How far a variance may go. Each part that is given has to hold.

    `order`: `grows` or `shrinks` along dev, staging, prod, where null is without end. `range`: numbers. `ratio`: the
    largest number is at most so many times the smallest. `among`: a set of values. `exactly`: a value for each
    environment, for figures that a requirement fixes.
    """

    order: str | None = None
    range: Range | None = None
    ratio: float | None = None
    among: tuple[Scalar, ...] | None = None
    exactly: Mapping[str, Scalar] | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared variance.

    `path` is `<workload>:settings.<key>` for a value of the hierarchy with all that follows from it, or
    `<workload>/<stack>:<Section>.<path>` for one place in a stack; `*` stands for a part of a name, `**` for any depth.
    """

    path: str
    reason: str
    owner: str
    bound: Bound
    expires: datetime.date | None = None

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
