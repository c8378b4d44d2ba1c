"""The commands of every build, run by the shell that CodeBuild runs, on a release's real source (REQ-G10).

`make` and `lockstep` are stand-ins that note what they are asked; what `lockstep` is asked, its own parser takes.
"""

from __future__ import annotations

import io
import os
import shlex
import subprocess
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import botocore.session
import click
import pytest

from pipelines.cli import cli
from pipelines.codepipeline.builds import Build, builds
from pipelines.codepipeline.source import source
from tests.unit.delivery.repositories import Repository
from tests.unit.promotion.good import POLICY

BUILDS = {one.id: one for one in builds(POLICY)}
DIGEST = f"sha256:{'a' * 64}"
LOOKING = "arn:aws:iam::222222222222:role/staging-control-pipeline-plan"
TAG = "v1.0.0"
STAND_IN = """#!/bin/bash
echo "$(basename "$0") $*" >> "$ASKED"
git rev-parse HEAD "$BRANCH" >> "$COMMITS"
while [ $# -gt 0 ]; do
  if [ "$1" = --outputs ]; then printf 'environment=x\\nrelease=y\\ndigest=%s\\n' "$DIGEST" >> "$2"; fi
  shift
done
exit "${CODE:-0}"
"""


@dataclass
class Ran:
    """How a build ended: its exit code, what was asked of the stand-ins, and what it exports."""

    code: int
    asked: list[str]
    exported: dict[str, str]
    commits: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """The source of a release, and its commit."""
    root = tmp_path_factory.mktemp("release")
    made = Repository(root)
    made.git("init", "-q", "-b", "main")
    commit = made.commit("a release", TAG)
    return source(root, TAG), commit


def run(
    build: Build,
    release: tuple[bytes, str],
    folder: Path,
    code: int = 0,
    outcome: str = "failed",
    **given: str,
) -> Ran:
    """Run a build's commands where its source was unpacked, as CodeBuild does: one shell, until one fails."""
    content, commit = release
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder / "source")
    tools = folder / "tools"
    tools.mkdir()
    for name in ("make", "lockstep"):
        (tools / name).write_text(STAND_IN)
        (tools / name).chmod(0o755)
    (tools / "python").write_text(f'#!/bin/bash\necho "python $*" >> "$ASKED"\necho {outcome}\n')
    (tools / "python").chmod(0o755)
    # What `make` would set up; the release's own tree has no such folder.
    setup = f"mkdir -p .venv/bin && cp {shlex.quote(str(tools))}/* .venv/bin/"
    lines = [f"{command}\n{setup}" if command.startswith("make ") else command for command in build.commands]
    script = "set -e\n" + "\n".join(lines) + "\nset +e\n"
    script += "".join(f'printf "%s=%s\\n" {name} "${name}" >> "$EXPORTED"\n' for name in build.exported)
    script += "env > $EXPORTED.env\n"
    asked, exported, commits = (folder / name for name in ("asked", "exported", "commits"))
    variables = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(folder),
        "ASKED": str(asked),
        "COMMITS": str(commits),
        "EXPORTED": str(exported),
        "DIGEST": DIGEST,
        "CODE": "0",
        "ENVIRONMENT": build.environment,
        "BRANCH": POLICY.of(build.environment).branch,
        "PLAN": DIGEST,
        "LOOKING_ROLE": LOOKING,
        "ASKED_RELEASE": TAG,
        "ASKED_COMMIT": commit,
        **given,
    }
    if code:
        script = script.replace(
            "make .venv/main .venv/guard", f"CODE=0 make .venv/main .venv/guard; export CODE={code}"
        )
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder / "source",
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    said = asked.read_text().splitlines() if asked.exists() else []
    pairs = [line.partition("=") for line in exported.read_text().splitlines()] if exported.exists() else []
    found = {name: value for name, _, value in pairs}
    environment = Path(f"{exported}.env")
    if environment.exists():
        # An exported variable is one of the environment, or CodeBuild does not see it.
        assert all(f"\n{name}=" in f"\n{environment.read_text()}" for name in build.exported)
    return Ran(done.returncode, said, found, commits.read_text().split() if commits.exists() else [])


@pytest.mark.parametrize("name", [name for name in BUILDS if name != "ProdRollback"])
def test_a_build_does_its_step_on_the_release(name: str, release: tuple[bytes, str], tmp_path: Path) -> None:
    """With the environment's branch at the release, in a tree that is the release's."""
    commit = release[1]
    ran = run(BUILDS[name], release, tmp_path)
    assert ran.code == 0
    assert set(ran.commits) == {commit}
    environment, step = BUILDS[name].environment, BUILDS[name].step
    expect = f" --expect {DIGEST}" if environment != "dev" else ""
    back = [f"lockstep plan prod --release {TAG} --reverse"] if environment == "prod" else []
    wanted = {
        "deploy": [f"lockstep deploy {environment} --release {TAG}{expect}"],
        "validate": ["lockstep check --own", f"lockstep verify {environment}"],
        # REQ-R5: the way back from prod, before it is approved.
        "plan": [f"lockstep plan {environment} --release {TAG} --outputs ../planned", *back],
    }
    assert ran.asked == ["make .venv/main .venv/guard", *wanted[step]]
    said = {"RELEASE": TAG, "COMMIT": commit, "PLAN": DIGEST, "OUTCOME": "succeeded"}
    assert ran.exported == {each: said[each] for each in BUILDS[name].exported}


@pytest.mark.parametrize("name", [name for name in BUILDS if name != "ProdDeploy"])
def test_a_build_fails_with_its_command(name: str, release: tuple[bytes, str], tmp_path: Path) -> None:
    """And nothing after it is run."""
    ran = run(BUILDS[name], release, tmp_path, code=1)
    assert ran.code != 0
    assert len(ran.asked) == 2
    assert ran.exported == {}


@pytest.mark.parametrize(("outcome", "goes_on"), [("failed", True), ("untouched", False), ("", False)])
def test_the_last_deployment_goes_on_where_something_is_half_done(
    outcome: str, goes_on: bool, release: tuple[bytes, str], tmp_path: Path
) -> None:
    """To the stage that takes it back; else the stage fails, and can be tried again."""
    ran = run(BUILDS["ProdDeploy"], release, tmp_path, code=1, outcome=outcome)
    assert (ran.code == 0) == goes_on
    assert ran.asked[-1] == f"python -m pipelines.codepipeline.outcome prod {TAG}"
    assert ran.exported == ({"OUTCOME": "failed"} if goes_on else {})


@pytest.mark.parametrize("name", ["StagingDeploy", "ProdDeploy"])
@pytest.mark.parametrize("given", [{"ASKED_RELEASE": "v9.9.9"}, {"ASKED_COMMIT": "f" * 40}])
def test_what_the_gate_was_not_asked_about_is_not_deployed(
    name: str, given: dict[str, str], release: tuple[bytes, str], tmp_path: Path
) -> None:
    """REQ-G2: a build before could name a release that somebody approved; nothing of this one is run."""
    ran = run(BUILDS[name], release, tmp_path, **given)
    assert ran.code != 0
    assert ran.asked == []


@pytest.mark.parametrize("name", ["StagingPlan", "ProdPlan"])
def test_what_plans_takes_the_role_that_only_looks(
    name: str, release: tuple[bytes, str], tmp_path: Path
) -> None:
    """REQ-G2: by what its container has, and by a file that botocore reads before that."""
    assert run(BUILDS[name], release, tmp_path).code == 0
    session = botocore.session.Session()
    session.set_config_variable("config_file", str(tmp_path / "source" / "looking"))
    assert session.full_config["profiles"]["default"] == {
        "role_arn": LOOKING,
        "credential_source": "EcsContainer",
    }
    variables = (tmp_path / "exported.env").read_text().splitlines()
    assert f"AWS_CONFIG_FILE={(tmp_path / 'source' / 'looking').resolve()}" in variables


def test_a_rollback_ends_red(release: tuple[bytes, str], tmp_path: Path) -> None:
    """The release did not stay."""
    ran = run(BUILDS["ProdRollback"], release, tmp_path)
    assert ran.code != 0
    assert ran.asked[-1] == "lockstep rollback --last-consistent --env prod"


def test_lockstep_has_these_commands_and_options() -> None:
    """By its own parser: an option that was renamed fails here, not in a build."""
    group = click.Context(cli, **cli.context_settings)
    words = {"$ENVIRONMENT": "prod", "$RELEASE": TAG, "$PLAN": DIGEST}
    tried = set()
    for build in BUILDS.values():
        for command in build.commands:
            part = command.removeprefix("if ").partition(";")[0]
            if not part.startswith(".venv/bin/lockstep "):
                continue
            name, *arguments = [words.get(one, one) for one in shlex.split(part)[1:]]
            found = cli.get_command(group, name)
            assert found is not None, name
            found.make_context(name, list(arguments), parent=group)
            tried.add(name)
    assert tried == {"check", "deploy", "plan", "rollback", "verify"}


def test_no_command_names_a_branch_of_the_policy() -> None:
    """It is handed over as a variable, and quoted."""
    commands = [command for build in BUILDS.values() for command in build.commands]
    assert not [each for each in commands if any(rule.branch in each.split() for rule in POLICY.rules)]
    assert all('"$BRANCH"' in each for each in commands if "git branch" in each)
