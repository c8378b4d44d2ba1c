"""What the state package costs where it is imported: Lambda functions pay it at each cold start."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("boto3", "botocore", "sceptre", "click", "rich", "cfnlint", "pydantic")
SECONDS = 0.03
PROGRAM = """
import sys, time
import abc, collections.abc, dataclasses, datetime, functools, itertools, json, math, random, re, typing
begun = time.process_time()
import pipelines.state.records, pipelines.state.store
print(time.process_time() - begun, *(name for name in {heavy!r} if name in sys.modules))
"""


def test_the_import_is_light() -> None:
    """Less than 30 ms of its own, at the best of five times; nothing of AWS, nothing of the command line."""
    program = PROGRAM.format(heavy=HEAVY)
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(5)
    ]
    seconds, *heavy = min(runs, key=lambda run: float(run.split()[0])).split()
    assert heavy == []
    assert float(seconds) < SECONDS
