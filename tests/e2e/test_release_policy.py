"""The policy that counts is the release's own, whatever lies in the folder that a command runs in (REQ-G5, REQ-R3)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from pipelines import cli
from pipelines.attestation import read
from pipelines.configuration.encoding import digest_of
from pipelines.promotion.policy_file import FILE
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e.tiny_project import QUEUE, TinyProject

pytestmark = pytest.mark.xdist_group("release-policy")
FREEZE = """freezes:
  - name: audit
    reason: the books close
    environments: [dev]
    from: 2020-01-01T00:00
    until: 2100-01-01T00:00
    time_zone: Europe/Zurich
"""
LOSS = "dev/orders/first/Queue"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyProject]:
    """Make a project with a home, and bring a first release into dev."""
    folder = tmp_path_factory.mktemp("policy")
    place = Place.of(folder / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    made = TinyProject.made(folder / "project", accounts.variables(record.endpoint))
    made.make_role()
    made.make_home()
    made.release("v1.0.0")
    done = made.run("deploy", "dev", "--release", "v1.0.0")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    yield made
    process.discard(place)


@pytest.fixture
def policy(project: TinyProject) -> Iterator[str]:
    """Return the text of the policy, and put it back."""
    text = (project.root / FILE).read_text(encoding="utf-8")
    yield text
    (project.root / FILE).write_text(text, encoding="utf-8")


def put(project: TinyProject, text: str) -> None:
    (project.root / FILE).write_text(text, encoding="utf-8")


def _is_shown(project: TinyProject, tag: str) -> None:
    """Show the one decision that kept a release out, with its reason (REQ-G6)."""
    shown = project.run("evidence", tag, "--format", "json")
    assert shown.returncode == cli.SUCCESS, shown.stdout + shown.stderr
    found = json.loads(shown.stdout)
    assert [one["decision"] for one in found["decisions"]] == ["pending"] and found["findings"] == []
    (statement,) = found["statements"]
    assert [one["gate"] for one in statement["gates"] if one["verdict"] == "pending"] == ["freeze-window"]


def test_what_lies_in_the_folder_lets_nothing_in_and_keeps_nothing_out(
    project: TinyProject, policy: str
) -> None:
    """REQ-G5, REQ-G6: gate and deployment read the release's own; what is kept has the digest of that."""
    frozen = policy.replace("freezes: []\n", FREEZE)
    assert frozen != policy
    put(project, frozen)
    project.release("v1.1.0")
    put(project, policy)
    for command in ("gate", "deploy"):
        refused = project.run(command, "dev", "--release", "v1.1.0")
        assert refused.returncode == cli.PENDING, refused.stdout + refused.stderr
        assert "audit" in refused.stdout + refused.stderr
    _is_shown(project, "v1.1.0")
    project.release("v1.2.0")
    put(project, frozen)
    done = project.run("deploy", "dev", "--release", "v1.2.0")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    (latest, *_) = project.table.environment_releases("orders", "dev")
    for digest in (latest.decision, latest.evidence):
        said = read(project.store("dev").evidence(digest), digest).said
        assert said["policy"] == digest_of(policy.encode())


def test_a_way_back_takes_no_data_that_any_policy_names(project: TinyProject, policy: str) -> None:
    """REQ-R3: neither where a bad release says less, by itself, nor where the folder does, by hand."""
    good, _ = project.states("dev")[0]
    less = policy.replace("  - AWS::SQS::Queue\n", "")
    assert less != policy
    put(project, less)
    project.release("v1.3.0", QUEUE, is_bad=True)
    failed = project.run("deploy", "dev", "--release", "v1.3.0")
    assert failed.returncode == cli.FAILURE
    assert f"{LOSS} (AWS::SQS::Queue) would be deleted" in failed.stderr
    refused = project.run("rollback", good, "--env", "dev")
    assert refused.returncode == cli.FAILURE
    assert f"{LOSS} (AWS::SQS::Queue) would be deleted" in refused.stderr
    sqs = project.client("sqs", account=accounts.ACCOUNTS["dev"], region="us-east-1")
    assert sqs.list_queues().get("QueueUrls")
    done = project.run("rollback", good, "--env", "dev", "--accept-loss", LOSS)
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    assert project.states("dev")[0] == (good, "succeeded")
