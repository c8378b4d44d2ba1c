"""Cold import of each handler of the control plane against boto3's own, which the Lambda runtime has anyway.

Where Lambda traces, X-Ray's SDK is imported too, which takes as long as boto3 itself; so each is measured both ways.
"""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product
from typing import Any

from benchmarks.tools import ROOT

HANDLERS = (
    "functions.agent.observer",
    "functions.agent.drift",
    "functions.control.tracker",
    "functions.control.announcer",
    "functions.control.reconciler",
    "functions.consistency.handler",
)
RUNS = 5
AIM_MS = 250
"""What a handler's import may take beyond boto3's."""

WAYS = {"": {}, ", traced": {"AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000"}}
"""What Lambda says where it traces."""

CODE = """
from time import perf_counter as wall, process_time as cpu
began = wall(), cpu()
import boto3, botocore.config, botocore.exceptions
middle = wall(), cpu()
import {module}
print(middle[0] - began[0], wall() - middle[0], middle[1] - began[1], cpu() - middle[1])
"""


def handlers() -> list[dict[str, Any]]:
    """Import each handler in processes of its own, and tell the best of RUNS for each figure."""
    rows = []
    for module, (way, variables) in product(HANDLERS, WAYS.items()):
        runs = zip(*(_import(module, variables) for _ in range(RUNS)), strict=True)
        boto3, beyond, boto3_cpu, beyond_cpu = (round(min(each)) for each in runs)
        rows.append(
            {
                "measurement": f"cold import of {module}{way}",
                "boto3_ms": boto3,
                "beyond_it_ms": beyond,
                "boto3_cpu_ms": boto3_cpu,
                "beyond_it_cpu_ms": beyond_cpu,
                "aim_ms": AIM_MS,
                "load_average": round(os.getloadavg()[0], 1),
            }
        )
    return rows


def _import(module: str, variables: dict[str, str]) -> tuple[float, ...]:
    ended = subprocess.run(
        [sys.executable, "-c", CODE.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **variables},
    )
    return tuple(float(part) * 1000 for part in ended.stdout.split())
