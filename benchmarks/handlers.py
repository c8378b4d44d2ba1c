"""Cold import of each handler of the control plane as deployed, against boto3's own, which the runtime has anyway."""

from __future__ import annotations

import os
import subprocess
import sys
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

DEPLOYED = {
    "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
    "AWS_LAMBDA_FUNCTION_NAME": "function",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "AWS_REGION": "us-west-2",
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
    "LAMBDA_TASK_ROOT": "/var/task",
    "POWERTOOLS_METRICS_NAMESPACE": "Lockstep/Control",
    "POWERTOOLS_SERVICE_NAME": "function",
}
"""What a function with active tracing finds in its environment.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
"""

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
    for module in HANDLERS:
        runs = zip(*(_import(module) for _ in range(RUNS)), strict=True)
        boto3, beyond, boto3_cpu, beyond_cpu = (round(min(each)) for each in runs)
        rows.append(
            {
                "measurement": f"cold import of {module}",
                "boto3_ms": boto3,
                "beyond_it_ms": beyond,
                "boto3_cpu_ms": boto3_cpu,
                "beyond_it_cpu_ms": beyond_cpu,
                "aim_ms": AIM_MS,
                "load_average": round(os.getloadavg()[0], 1),
            }
        )
    return rows


def _import(module: str) -> tuple[float, ...]:
    ended = subprocess.run(
        [sys.executable, "-c", CODE.format(module=module)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **DEPLOYED},
    )
    return tuple(float(part) * 1000 for part in ended.stdout.split())
