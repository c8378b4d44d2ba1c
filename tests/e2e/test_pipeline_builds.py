"""The pipeline's builds with the real `lockstep`, on the local AWS: a release from dev into staging (REQ-G10).

CodeBuild's part is bash: it unpacks the source, sets the variables, and runs the commands until one fails. What `make`
sets up is there already.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipelines.codepipeline.builds import builds
from pipelines.codepipeline.source import source
from pipelines.promotion.policy_file import read
from pipelines.state.records import Approval, Check, DriftSummary, StackKey
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e import github_lockstep
from tests.e2e.commands import ROOT, environment
from tests.e2e.github_project import GitHubProject
from tests.state_table import state

pytestmark = pytest.mark.xdist_group("pipeline-builds")
TAG = "v1.0.0"
POLICY = read((ROOT / "pipelines" / "promotion.yaml").read_text(encoding="utf-8"))
BUILDS = {one.id: one for one in builds(POLICY)}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubProject]:
    """A project with one release, and a home; no branch of an environment is anywhere."""
    folder = tmp_path_factory.mktemp("pipeline-builds")
    place = Place.of(folder / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    made = GitHubProject.made(folder / "project", accounts.variables(record.endpoint))
    made.make_role()
    made.make_home()
    made.release(TAG)
    yield made
    process.discard(place)


@pytest.fixture(scope="module")
def program() -> Iterator[Path]:
    """Return what is `lockstep` in builds."""
    with github_lockstep.serving() as found:
        yield found


def run(
    project: GitHubProject, program: Path, name: str, folder: Path, **variables: str
) -> tuple[int, dict[str, str], str]:
    """Run a build; return its exit code, what it exports, and what it said."""
    build, here = BUILDS[name], folder / name
    with zipfile.ZipFile(io.BytesIO(source(project.root, TAG))) as archive:
        archive.extractall(here)
    # A build has no git identity: none is here either, and none is made of the machine's name.
    nobody = folder / "gitconfig"
    nobody.write_text("[user]\nuseConfigOnly = true\n", encoding="utf-8")
    setup = (
        f"mkdir -p .venv/bin && ln -s {program} .venv/bin/lockstep && "
        f"ln -s {sys.executable} .venv/bin/python && "
        # What one build found counts for the next, so that the test takes seconds; in the pipeline nothing is kept.
        f"mkdir -p {folder}/cache .lockstep && ln -s {folder}/cache .lockstep/cache"
    )
    commands = [setup if one.startswith("make ") else one for one in build.commands]
    tell = "".join(f'; echo "export {each}=${each}"' for each in build.exported)
    done = subprocess.run(
        ["bash", "-e", "-c", "\n".join(commands) + f"\necho{tell}\n"],
        cwd=here,
        env={
            **environment(project.operator),
            "PYTHONPATH": str(ROOT),
            "ENVIRONMENT": build.environment,
            "BRANCH": POLICY.of(build.environment).branch,
            "ASKED_RELEASE": TAG,
            "ASKED_COMMIT": project.git("rev-parse", f"{TAG}^{{commit}}"),
            "GIT_CONFIG_GLOBAL": str(nobody),
            "GIT_CONFIG_SYSTEM": "/dev/null",
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    lines = [line.removeprefix("export ") for line in done.stdout.splitlines() if line.startswith("export ")]
    exported = dict(line.split("=", 1) for line in lines)
    return done.returncode, exported, done.stdout + done.stderr


def looked_at(project: GitHubProject) -> None:
    """Record what agents and the consistency check would of dev: the small project has neither."""
    now, table = datetime.now(UTC), project.table
    for stack in ("first", "second"):
        key = StackKey("orders", "dev", accounts.ACCOUNTS["dev"], "us-east-1", f"lockstep-dev-orders-{stack}")
        assert table.record_state(state(operation_at=now, key=key, stack_id=key.stack))
        table.record_drift(key, DriftSummary("d-1", "in_sync", 1, (), (), 0, now, "sha256:0"))
    assert table.put_check(Check("orders", "dev", now, TAG, "consistent", ()))


def test_a_release_goes_from_build_to_build(project: GitHubProject, program: Path, tmp_path: Path) -> None:
    """REQ-G1, REQ-G2: dev, the plan of staging, an approval of it, staging; what is in prod is what was there."""
    code, _, said = run(project, program, "DevDeploy", tmp_path)
    assert code == 0, said
    looked_at(project)
    code, planned, said = run(project, program, "StagingPlan", tmp_path)
    assert code == 0, said
    session, now = "AROA0:carol@example.com", datetime.now(UTC)
    assert project.table.approve(Approval("staging", TAG, session, planned["PLAN"], now, "tests"))
    code, _, said = run(project, program, "StagingDeploy", tmp_path, **planned)
    assert code == 0, said
    assert project.states("staging") == [(TAG, "succeeded")]
    code, planned, said = run(project, program, "ProdPlan", tmp_path)
    assert code == 0, said
    # The way back is in the log before anybody approves, and the digest that goes on is the plan's (REQ-R5).
    forward, _, back = said.partition("prod: way back to what runs")
    assert back and planned["PLAN"] in forward
    assert outcome(project, "staging") == "succeeded"
    assert outcome(project, "prod") == "untouched"


def outcome(project: GitHubProject, name: str) -> str:
    """Return what the build that deploys last would export of an environment."""
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.codepipeline.outcome", name, TAG],
        cwd=project.root,
        env={**environment(project.operator), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
