"""The consistency function from its package alone: it holds the core of parity, and neither Sceptre nor a terminal."""

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
import json, sys
sys.path.insert(0, sys.argv[1])
import functions.consistency.handler as module, validator.parity, yaml
names = ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")
answer = module.handler({"Records": [{}]}, type("Context", (), dict.fromkeys(names, "x"))())
files = [one.__file__ for one in (module, validator.parity)]
print(json.dumps([answer, files, sorted({name.split(".")[0] for name in sys.modules})]))
"""


def test_the_package_of_the_consistency_function_runs_from_the_zip_alone(tmp_path: Path) -> None:
    package = build_package(ROOT, "consistency", CACHE)
    with zipfile.ZipFile(io.BytesIO(fitted(package.read_bytes()))) as archive:
        archive.extractall(tmp_path)
    variables = {"POWERTOOLS_SERVICE_NAME": "test", "POWERTOOLS_METRICS_NAMESPACE": "Test"}
    ended = subprocess.run(
        [sys.executable, "-I", "-c", CODE, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env=variables,
    )
    assert ended.returncode == 0, ended.stderr
    answer, files, modules = json.loads(ended.stdout.splitlines()[-1])
    assert answer == {"batchItemFailures": []}
    assert all(file.startswith(str(tmp_path)) for file in files)
    assert not {"sceptre", "cfnlint", "click", "rich", "pydantic", "aws_xray_sdk"} & set(modules)
