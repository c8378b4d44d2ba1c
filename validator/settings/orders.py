"""The settings of `orders`, the serverless order workload (REQ-O1 to REQ-O7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from .base import Grows, Model, Network, Size, WorkloadSettings, broken
from .parts import Artifacts, Queue

ARCHIVE_DAYS = 365
"""After this many days, data that is kept longer moves to GLACIER (REQ-P11)."""
UNRESERVED_CONCURRENCY = 100
"""Executions that Lambda keeps unreserved in an account (Lambda developer guide, reserved concurrency)."""


class Api(Model):
    """Throttling of the REST API's stage (REQ-O3)."""

    throttle_rate_per_second: Annotated[int, Field(ge=1, le=10_000), Grows()]
    throttle_burst: Annotated[int, Field(ge=1, le=5_000), Grows()]


class Functions(Model):
    """What both functions have in common (REQ-O1)."""

    memory_mb: Annotated[int, Field(ge=128, le=10_240), Grows()]
    account_concurrency: Annotated[int, Field(ge=200, le=100_000)]


class OrderApi(Model):
    """The function behind the API. API Gateway gives up after 29 seconds."""

    timeout_seconds: Annotated[int, Field(ge=1, le=29)]
    reserved_concurrency: Size


class OrderProcessor(Model):
    """The function behind the queue."""

    timeout_seconds: Annotated[int, Field(ge=1, le=900)]
    reserved_concurrency: Size
    batch_size: Annotated[int, Field(ge=1, le=10)]
    batch_window_seconds: Annotated[int, Field(ge=0, le=300)]
    maximum_concurrency: Annotated[int, Field(ge=2, le=1_000), Grows()]

    @model_validator(mode="after")
    def _concurrency_fits(self) -> Self:
        if self.maximum_concurrency > self.reserved_concurrency:
            raise broken(
                "maximum_concurrency",
                f"maximum_concurrency {self.maximum_concurrency} must be at most "
                f"reserved_concurrency {self.reserved_concurrency}, or the queue's messages are throttled",
            )
        return self


class Capacity(Model):
    """Provisioned capacity units between which autoscaling moves (REQ-O2)."""

    minimum: Size
    maximum: Size

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.minimum > self.maximum:
            raise broken("minimum", f"minimum {self.minimum} must be at most maximum {self.maximum}")
        return self


class Table(Model):
    """The order table (REQ-O2)."""

    read_capacity: Capacity
    write_capacity: Capacity
    target_utilization_percent: Annotated[int, Field(ge=20, le=90)]
    point_in_time_recovery: bool


class Trades(Model):
    """The trade-data bucket (REQ-O4, REQ-P11). `retention_days: null` keeps without end."""

    DERIVED: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "expiration_days": ("retention_days",),
        "storage_tier": ("tier", "retention_days"),
    }

    retention_days: Annotated[int | None, Field(ge=1, le=36_500), Grows()]
    tier: Literal["none", "infrequent_access", "intelligent"]

    @property
    def expiration_days(self) -> int:
        """Days after which an object expires; 0 for never."""
        return self.retention_days or 0

    @property
    def storage_tier(self) -> str:
        """The bucket's tier: what `intelligent` keeps for more than a year goes on to the archive (REQ-P11)."""
        is_kept_longer = self.retention_days is None or self.retention_days > ARCHIVE_DAYS
        return "intelligent_archive" if self.tier == "intelligent" and is_kept_longer else self.tier


class Alarms(Model):
    """Thresholds of the workload's alarms (REQ-O7)."""

    api_error_percent: Annotated[float, Field(gt=0, le=100)]
    api_latency_p99_ms: Annotated[int, Field(ge=10, le=29_000)]
    oldest_message_seconds: Annotated[int, Field(ge=60, le=86_400)]
    processor_error_count: Annotated[int, Field(ge=1)]
    throttle_count: Annotated[int, Field(ge=1)]


class OrdersSettings(WorkloadSettings):
    """Every value of one environment of `orders`."""

    network: Network
    api: Api
    functions: Functions
    order_api: OrderApi
    order_processor: OrderProcessor
    table: Table
    queue: Queue
    trades: Trades
    artifacts: Artifacts
    alarms: Alarms

    @model_validator(mode="after")
    def _across(self) -> Self:
        least = 6 * self.order_processor.timeout_seconds
        if self.queue.visibility_timeout_seconds < least:
            raise broken(
                "queue.visibility_timeout_seconds",
                f"queue.visibility_timeout_seconds {self.queue.visibility_timeout_seconds} must be at least {least}: "
                f"six times order_processor.timeout_seconds {self.order_processor.timeout_seconds}",
            )
        reserved = self.order_api.reserved_concurrency + self.order_processor.reserved_concurrency
        room = self.functions.account_concurrency - UNRESERVED_CONCURRENCY
        if reserved > room:
            raise broken(
                "order_processor.reserved_concurrency",
                f"order_api.reserved_concurrency and order_processor.reserved_concurrency reserve {reserved}, "
                f"more than the {room} that functions.account_concurrency leaves: "
                f"{UNRESERVED_CONCURRENCY} stay unreserved",
            )
        if self.trades.tier == "infrequent_access" and 0 < self.trades.expiration_days <= 30:
            raise broken(
                "trades.tier",
                f"trades.tier infrequent_access moves objects after 30 days, but trades.retention_days "
                f"{self.trades.retention_days} has removed them by then",
            )
        return self
