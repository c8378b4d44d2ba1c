"""taskcat deploys templates one by one on the local AWS, says what failed, and leaves nothing behind (REQ-V8).

Here it is a few of them; `make taskcat` deploys all that `.taskcat.yml` names.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.conftest import Client

ROOT = Path(__file__).parents[2]
FEW = ("bucket", "queue", "table", "topics")
DOUBLE = """
    Resources:
      One:
        Type: AWS::IAM::OIDCProvider
        Properties: { Url: https://one.example, ClientIdList: [one] }
      Two:
        Type: AWS::IAM::OIDCProvider
        DependsOn: One
        Properties: { Url: https://one.example, ClientIdList: [two] }
"""


def run(
    operator: Mapping[str, str], account: str, folder: Path, *names: str
) -> subprocess.CompletedProcess[str]:
    """Run taskcat in a project's folder, in an account of its own."""
    environment = {**os.environ, **operator, "AWS_ACCESS_KEY_ID": account, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "scripts.taskcat_run", *names]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


def left(client: Client, account: str) -> list[str]:
    """Return the names of the stacks and buckets of an account."""
    stacks = client("cloudformation", account=account).describe_stacks()["Stacks"]
    buckets = client("s3", account=account).list_buckets()["Buckets"]
    return [one["StackName"] for one in stacks] + [one["Name"] for one in buckets]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with a few of the templates, which taskcat uploads all, and one that cannot be deployed."""
    (tmp_path / "templates").mkdir()
    for name in ("keys", *FEW):
        shutil.copy(ROOT / f"templates/{name}.yaml", tmp_path / "templates")
    (tmp_path / "templates/double.yaml").write_text(textwrap.dedent(DOUBLE), encoding="utf-8")
    text = (ROOT / ".taskcat.yml").read_text(encoding="utf-8")
    text += "  double:\n    template: templates/double.yaml\n"
    (tmp_path / ".taskcat.yml").write_text(text, encoding="utf-8")
    return tmp_path


def test_templates_that_stand_alone_are_deployed_and_deleted(
    client: Client, operator: Mapping[str, str], account: str, project: Path
) -> None:
    """With the keys that they name, before them."""
    done = run(operator, account, project, *FEW)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line.split() for line in done.stdout.splitlines()[1:]]
    assert [(test, status) for test, _, status in lines] == [
        (each, "CREATE_COMPLETE") for each in ("keys", *FEW)
    ]
    assert left(client, account) == []


def test_what_fails_is_said_and_deleted_too(
    client: Client, operator: Mapping[str, str], account: str, project: Path
) -> None:
    """A resource that cannot be made ends the run: what would come after is not begun."""
    done = run(operator, account, project, "double", "queue")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Two: " in done.stdout and "already exists" in done.stdout
    assert "keys" in done.stdout and "queue" not in done.stdout
    assert left(client, account) == []


def test_a_value_that_a_template_does_not_take_is_said(
    client: Client, operator: Mapping[str, str], account: str, project: Path
) -> None:
    """CloudFormation refuses it before there is a stack."""
    file = project / ".taskcat.yml"
    text = file.read_text(encoding="utf-8").replace("/taskcat/tests/keys\n", "not a path\n")
    file.write_text(text, encoding="utf-8")
    done = run(operator, account, project, "keys")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "ParameterPath" in done.stdout
    assert left(client, account) == []


def test_a_name_that_is_no_test_is_refused(operator: Mapping[str, str], account: str) -> None:
    done = run(operator, account, ROOT, "nothing")
    assert (done.returncode, "has no test nothing" in done.stderr) == (2, True)
