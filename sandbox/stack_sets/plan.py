"""In which order, how many at a time and with how many failures an operation goes over its places. Pure.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackSetOperationPreferences.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    """The preferences of an operation, applied to the number of accounts in one region."""

    concurrency: int
    """How many instances of a region at most are worked on at a time."""

    tolerance: int
    """How many instances of a region may fail; one more ends the operation there."""

    strict: bool
    """Whether concurrency falls with each failure, so that never more than `tolerance + 1` fail."""

    @classmethod
    def of(cls, preferences: Mapping[str, Any], accounts: int) -> Plan:
        """Return the plan for a region with this number of accounts; percentages are rounded down."""
        tolerance = preferences.get("FailureToleranceCount")
        if tolerance is None:
            tolerance = accounts * preferences.get("FailureTolerancePercentage", 0) // 100
        concurrency = preferences.get("MaxConcurrentCount")
        if concurrency is None:
            concurrency = accounts * preferences.get("MaxConcurrentPercentage", 0) // 100
        strict = preferences.get("ConcurrencyMode") != "SOFT_FAILURE_TOLERANCE"
        return cls(max(1, concurrency), tolerance, strict)

    def free(self, running: int, failed: int) -> int:
        """Return how many more instances may be begun now."""
        limit = min(self.concurrency, self.tolerance + 1 - failed) if self.strict else self.concurrency
        return 0 if self.is_exceeded(failed) else max(0, limit - running)

    def is_exceeded(self, failed: int) -> bool:
        """Tell whether a region has failed."""
        return failed > self.tolerance


def problem(preferences: Mapping[str, Any]) -> str:
    """Return what is wrong with an operation's preferences; empty when nothing is."""
    for count, percentage in (
        ("FailureToleranceCount", "FailureTolerancePercentage"),
        ("MaxConcurrentCount", "MaxConcurrentPercentage"),
    ):
        if count in preferences and percentage in preferences:
            return f"You can specify either {count} or {percentage}, but not both"
    return ""


def ordered(regions: Sequence[str], preferences: Mapping[str, Any]) -> list[str]:
    """Return each region once: those of RegionOrder first, the others in the order in which they were named."""
    present = dict.fromkeys(regions)
    first = [region for region in preferences.get("RegionOrder", ()) if region in present]
    return list(dict.fromkeys([*first, *present]))
