"""Parts that the settings of several workloads are made of: queues, functions and what feeds them, buckets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from .base import Grows, Model, Size, broken

SECONDS_A_DAY = 86_400


class Function(Model):
    """A Lambda function. 900 seconds and 10,240 MB are Lambda's own limits."""

    memory_mb: Annotated[int, Field(ge=128, le=10_240), Grows()]
    timeout_seconds: Annotated[int, Field(ge=1, le=900)]
    reserved_concurrency: Size


class QueueFunction(Function):
    """A function that takes its work from a queue, in batches."""

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


class StreamFunction(Function):
    """A function that follows a table's stream, in batches. A stream keeps a record for a day, and so long is tried."""

    batch_size: Annotated[int, Field(ge=1, le=1_000)]
    batch_window_seconds: Annotated[int, Field(ge=0, le=300)]
    maximum_retry_attempts: Annotated[int, Field(ge=0, le=10_000)]


class Queue(Model):
    """A queue and its dead letter queue. SQS keeps a message 14 days at most."""

    DERIVED: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "retention_seconds": ("retention_days",),
        "dead_letter_retention_seconds": ("dead_letter_retention_days",),
    }

    retention_days: Annotated[int, Field(ge=1, le=14), Grows()]
    max_receive_count: Annotated[int, Field(ge=1, le=1_000), Grows()]
    visibility_timeout_seconds: Annotated[int, Field(ge=0, le=43_200)]
    dead_letter_retention_days: Annotated[int, Field(ge=1, le=14)]

    @model_validator(mode="after")
    def _dead_letters_outlive(self) -> Self:
        if self.dead_letter_retention_days < self.retention_days:
            raise broken(
                "dead_letter_retention_days",
                f"dead_letter_retention_days {self.dead_letter_retention_days} must be at least "
                f"retention_days {self.retention_days}: a dead letter keeps its first enqueue time",
            )
        return self

    @property
    def retention_seconds(self) -> int:
        """`retention_days` in the unit of SQS."""
        return self.retention_days * SECONDS_A_DAY

    @property
    def dead_letter_retention_seconds(self) -> int:
        """`dead_letter_retention_days` in the unit of SQS."""
        return self.dead_letter_retention_days * SECONDS_A_DAY


class Artifacts(Model):
    """The bucket of function packages and templates."""

    noncurrent_days: Annotated[int, Field(ge=1, le=3_650)]


def hidden_long_enough(queue: Queue, function: QueueFunction, name: str) -> None:
    """Raise where a message shows again before its function has had six tries' time (Lambda guide, SQS as a source).

    `name` is the settings path of the function.
    """
    least = 6 * function.timeout_seconds + function.batch_window_seconds
    if queue.visibility_timeout_seconds < least:
        raise broken(
            "queue.visibility_timeout_seconds",
            f"queue.visibility_timeout_seconds {queue.visibility_timeout_seconds} must be at least {least}: "
            f"six times {name}.timeout_seconds {function.timeout_seconds}, and {name}.batch_window_seconds "
            f"{function.batch_window_seconds}",
        )
