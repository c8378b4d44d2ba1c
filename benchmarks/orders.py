"""Orders through the HTTP API of one environment at a steady rate: latencies, and whether any was lost or doubled."""

from __future__ import annotations

import statistics
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.measure import Peak

RATE, SECONDS, CLIENTS = 32, 60, 16
"""Requests a second (the aim is at least 28), for how long, from how many connections."""
DRAIN_SECONDS = 120


def orders(server_pid: int, environment: str = "dev") -> list[dict[str, Any]]:
    """Post RATE orders a second for SECONDS, wait for the queue to drain, and count what the services hold."""
    from pipelines.aws import Aws
    from pipelines.smoke.order_client import OrderClient
    from sandbox import orders_demo
    from validator.loader import load

    settings = load(Path()).settings[environment, "orders"]
    aws = Aws(settings.region, settings.deploy_role_arn)
    place = orders_demo.Place.read(aws, settings.parameter_root)
    client, run = OrderClient(aws, place.api_url), f"bench-{uuid.uuid4().hex[:8]}"
    began = time.perf_counter()

    def post(number: int) -> tuple[int, float]:
        """Post at the order's own time, so that a slow answer delays no other request."""
        due = began + number / RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        answer = client.post(orders_demo.order(run, number))
        return answer.status, time.perf_counter() - due

    total = RATE * SECONDS
    with Peak(server_pid) as peak, ThreadPoolExecutor(max_workers=CLIENTS) as pool:
        answers = list(pool.map(post, range(total)))
        posting = time.perf_counter() - began
        stored, archived = _drained(aws, place, run, total)
    drained = time.perf_counter() - began - posting
    latencies = sorted(seconds * 1000 for _, seconds in answers)
    cuts = statistics.quantiles(latencies, n=100)
    statuses = Counter(status for status, _ in answers)
    return [
        {
            "measurement": "orders through the API",
            "posted": total,
            "orders_a_second": round(total / posting, 1),
            "answers": dict(statuses),
            "p50_ms": round(cuts[49]),
            "p95_ms": round(cuts[94]),
            "p99_ms": round(cuts[98]),
            "drained_after_seconds": round(drained, 1),
            "stored": stored,
            "archived": archived,
            "lost": total - min(stored, archived),
            "doubled": max(stored, archived) - total if max(stored, archived) > total else 0,
            "sandbox_peak_mb": round(peak.megabytes),
        }
    ]


def _drained(aws: Any, place: Any, run: str, total: int) -> tuple[int, int]:
    """Wait until the table and the archive hold every order, or DRAIN_SECONDS; return how many they hold."""
    from sandbox import orders_demo

    deadline = time.monotonic() + DRAIN_SECONDS
    while True:
        ids = orders_demo.stored(aws, place, run)
        found = len(ids), len(ids & orders_demo.archived(aws, place))
        if found == (total, total) or time.monotonic() > deadline:
            return found
        time.sleep(1)
