"""The functions of the deployment rule from their package alone: gates, policy, nothing that renders (REQ-G9)."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from pipelines.packages import build_package
from sandbox.extension.lambda_wheels import fitted

from .project import CACHE, ROOT

CODE = """
import json, sys, zoneinfo
sys.path.insert(0, sys.argv[1])
import functions.gate.answerer as answerer, functions.gate.receiver as receiver, pipelines.promotion.decide as decide
names = ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")
context = type("Context", (), dict.fromkeys(names, "x"))()
answer = receiver.handler({"headers": {}, "body": "{}"}, context)
files = [one.__file__ for one in (answerer, receiver, decide)]
zoneinfo.reset_tzpath(())
zone = zoneinfo.ZoneInfo("Europe/Zurich").key
held = [receiver.environments(), sorted(answerer.packaged().workloads["prod"])]
print(json.dumps([answer["statusCode"], zone, held, files, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def test_the_package_of_the_deployment_rule_runs_from_the_zip_alone(tmp_path: Path) -> None:
    """Without AWS nothing is taken, and GitHub is told to deliver again; a runtime need know no time zones."""
    package = build_package(ROOT, "gate", CACHE)
    with zipfile.ZipFile(io.BytesIO(fitted(package.read_bytes()))) as archive:
        archive.extractall(tmp_path)
    variables = {
        "POWERTOOLS_SERVICE_NAME": "test",
        "POWERTOOLS_METRICS_NAMESPACE": "Test",
        "PARAMETER_PATH": "/control/shared",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    ended = subprocess.run(
        [sys.executable, "-I", "-c", CODE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=variables,
    )
    assert ended.returncode == 0, ended.stderr
    status, zone, held, files, modules = json.loads(ended.stdout.splitlines()[-1])
    assert (status, zone) == (503, "Europe/Zurich")
    assert held == [["staging", "prod"], ["control", "orders"]]
    assert all(file.startswith(str(tmp_path)) for file in files)
    assert not {"sceptre", "cfnlint", "click", "rich", "pydantic", "requests", "aws_xray_sdk"} & set(modules)
