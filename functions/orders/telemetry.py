"""Logs, metrics and traces of a handler. None of them ever carries an account, a body or an amount."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics
from aws_lambda_powertools.tracing import Tracer

logger = Logger()
"""JSON lines; service and level come from POWERTOOLS_SERVICE_NAME and LOG_LEVEL."""

metrics = Metrics()
"""Embedded metric format; the namespace comes from POWERTOOLS_METRICS_NAMESPACE."""

# Lambda always names its X-Ray daemon: where none is named, none listens. Only botocore is patched: to look
# for every library that the SDK knows would cost more than the rest of the import.
tracer = Tracer(
    disabled=None if "AWS_XRAY_DAEMON_ADDRESS" in os.environ else True,
    patch_modules=("botocore",),
)


def count(name: str) -> None:
    """Count one occurrence under the metric `name`."""
    metrics.add_metric(name=name, unit="Count", value=1)


@contextmanager
def counting() -> Iterator[None]:
    """Write what was counted inside. Powertools' own decorator warns when that is nothing, as in GET /health."""
    try:
        yield
    finally:
        if metrics.metric_set:
            metrics.flush_metrics()
