"""A release from dev through staging to prod, and one that fails and is taken back, on a sandbox of its own.

The environments have `control` alone: what is promoted is small, and its agents look for drift. What is typed here, and
what it says, is the session of docs/promotion.md.
"""

from __future__ import annotations

import json
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines import cli
from pipelines.attestation import read
from pipelines.attestation.statement import DECISION, DEPLOYMENT
from pipelines.configuration import ConfigurationStore
from pipelines.state import keys
from pipelines.state.records import EnvironmentRelease
from pipelines.state.store import StateStore
from sandbox import accounts, advance, people, process
from sandbox.place import Record
from tests.e2e import commands, deployed_home
from tests.e2e.commands import ROOT
from tests.e2e.control_plane import Plane, until
from tests.e2e.recorded_project import RecordedProject
from tests.e2e.transcript import Session
from tests.unit.small_project import one_workload

pytestmark = pytest.mark.xdist_group("promotion")
GOOD, BAD = "v1.0.0", "v1.1.0"
SCHEMAS = ROOT / "tests" / "schemas"


@dataclass(frozen=True, slots=True)
class Estate:
    """A sandbox with the home, and a project with its environment branches."""

    record: Record
    project: RecordedProject
    sam: Mapping[str, str]
    session: Session

    @property
    def table(self) -> StateStore:
        """The state table, as somebody who may do anything there."""
        name = self._name("table/TableName")
        return StateStore(self.project.client("dynamodb"), name)

    def store(self, environment: str) -> ConfigurationStore:
        """The configuration store of an environment."""
        return ConfigurationStore(
            self.project.client("s3"), self._name("configuration/BucketName"), environment
        )

    def _name(self, output: str) -> str:
        found = self.project.client("ssm").get_parameter(Name=f"/control/shared/{output}")
        return str(found["Parameter"]["Value"])

    def gate(self, environment: str, tag: str) -> dict[str, Any]:
        """Return `lockstep gate` as JSON, held to its schema, with verdicts by gate."""
        done = self.project.run("gate", environment, "--release", tag, "--format", "json")
        document: dict[str, Any] = json.loads(done.stdout)
        jsonschema.validate(document, json.loads((SCHEMAS / "gate.json").read_text(encoding="utf-8")))
        return {**document, "verdicts": {one["gate"]: one["verdict"] for one in document["gates"]}}

    def typed(self, command: str, code: int = cli.SUCCESS) -> str:
        """Type a command that ends with this code, and return what it said."""
        done = self.session.type(self.project.operator, command)
        assert done.returncode == code, done.stdout
        return done.stdout

    def settled(self, command: str, code: int) -> str:
        """Type a command that asks the gates until it ends with a code: checks follow events by seconds.

        Until then evidence is missing, or of a time when the deployment was under way.
        """

        def answer() -> str | None:
            done = self.session.type(self.project.operator, command, wanted=code)
            return done.stdout if done.returncode == code else None

        return until(command, answer)

    def proposed(self, environment: str, tag: str) -> str:
        """Merge a release into an environment's branch, ask the gates, and return the plan to approve."""
        self.settled(f"lockstep promote {environment}", cli.SUCCESS)
        asked = self.settled(f"lockstep gate {environment} --release {tag}", cli.PENDING)
        (plan,) = re.findall(r"^  plan (sha256:[0-9a-f]{64})$", asked, re.MULTILINE)
        return str(plan)

    def approve(self, environment: str, tag: str, plan: str) -> None:
        """Approve a plan, as somebody who wrote nothing."""
        somebody = {**self.project.operator, **self.sam}
        done = self.session.type(somebody, f"lockstep approve {environment} --release {tag} --plan {plan}")
        assert done.returncode == cli.SUCCESS, done.stdout

    def latest(self, environment: str) -> EnvironmentRelease | None:
        """Return what was last deployed into an environment."""
        return self.table.latest_environment_release("control", environment)

    def stacks(self, environment: str) -> list[str]:
        """Return the stacks in the control region of an environment's account."""
        region = {"dev": "us-east-1", "staging": "us-west-2", "prod": "eu-west-1"}[environment]
        place = {"account": accounts.ACCOUNTS[environment], "region": region}
        found = self.project.client("cloudformation", **place).describe_stacks()["Stacks"]
        return [stack["StackName"] for stack in found if not stack["StackName"].startswith("StackSet-")]

    def end_lock(self, environment: str) -> None:
        """Let the lock of a run that died have ended, as it does by itself within minutes."""
        key = keys.lock("control", environment)
        self.project.client("dynamodb").update_item(
            TableName=self._name("table/TableName"),
            Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
            UpdateExpression="SET held_until = :past",
            ExpressionAttributeValues={":past": {"S": "2026-01-01T00:00:00.000000Z"}},
        )


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory, kept: Path) -> Iterator[Estate]:
    place, record, home = deployed_home.started(tmp_path_factory, "promotion")
    root = one_workload(tmp_path_factory.mktemp("promoted") / "project", "control")
    (root / ".lockstep/cache").mkdir(parents=True)
    for name in ("lint", "guard"):  # What another test found of the same content is not asked for again.
        (root / ".lockstep/cache" / name).symlink_to(kept / name)
    commands.share_wheels(root)
    (root / ".gitignore").write_text(".lockstep/\n", encoding="utf-8")
    project = replace(home, root=root)
    project.git("init", "-q", "-b", "main")
    project.git("commit", "-q", "--allow-empty", "-m", "the branches of the environments begin here")
    for name in accounts.ACCOUNTS:
        project.git("branch", f"env/{name}")
    project.commit(GOOD)
    project.git("branch", "-f", "env/dev", GOOD)
    yield Estate(record, project, people.user(project.client("iam"), "sam@example.com"), Session(root))
    process.discard(place)


def test_a_release_enters_dev_and_is_verified(estate: Estate) -> None:
    """REQ-G1, REQ-V10: every gate is asked, every stack looked at, and the success is a tag."""
    assert estate.gate("dev", GOOD)["decision"] == "success"
    said = estate.typed(f"lockstep deploy dev --release {GOOD}")
    assert f"dev: {GOOD} was verified, deployed/dev/1" in said
    assert estate.project.git("rev-parse", "deployed/dev/1^{commit}") == estate.project.git("rev-parse", GOOD)


@pytest.fixture(scope="module")
def staging(estate: Estate) -> str:
    """Propose the release for staging; return the plan to approve."""
    return estate.proposed("staging", GOOD)


def test_nothing_enters_staging_that_nobody_approved(estate: Estate, staging: str) -> None:
    """REQ-G2: it waits, with the plan to approve; nothing is deployed; the decision is kept."""
    said = estate.typed(f"lockstep deploy staging --release {GOOD}", cli.PENDING)
    assert "0 of 1 approvals for staging" in said
    assert estate.stacks("staging") == []
    assert estate.latest("staging") is None
    assert estate.table.lock("control", "staging", datetime.now(UTC)) is None


def test_an_approved_release_enters_staging_though_its_first_run_is_killed(
    estate: Estate, staging: str
) -> None:
    """REQ-G6, REQ-R4: the next run carries on under the decision, though what is left to do is another plan by then."""
    estate.approve("staging", GOOD, staging)
    command = [str(commands.BIN / "lockstep"), "deploy", "staging", "--release", GOOD]
    environment = commands.environment(estate.project.operator)
    killed = subprocess.Popen(command, cwd=estate.project.root, env=environment, stdout=subprocess.DEVNULL)
    until("its beginning", lambda: estate.latest("staging") or killed.poll() is not None)
    assert killed.poll() is None, "it ended before it could be killed"
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    begun = estate.latest("staging")
    assert begun is not None
    assert (begun.state, begun.number) == ("deploying", 1)
    estate.end_lock("staging")
    said = estate.typed(f"lockstep deploy staging --release {GOOD}")
    assert "deployed/staging/1" in said
    ended = estate.latest("staging")
    assert ended is not None
    assert (ended.state, ended.number, ended.decision) == ("succeeded", 1, begun.decision)
    promotion = estate.table.promotion("control", GOOD, "dev", "staging")
    assert promotion is not None
    assert promotion.approver == "sam@example.com"


def test_prod_waits_an_hour_whoever_approves(estate: Estate) -> None:
    """REQ-G3: enforced from the recorded success."""
    estate.approve("prod", GOOD, estate.proposed("prod", GOOD))
    said = estate.typed(f"lockstep deploy prod --release {GOOD}", cli.PENDING)
    assert "nothing shortens it" in said
    assert "approvals for prod" not in said
    assert estate.latest("prod") is None


def test_after_the_hour_it_enters_prod(estate: Estate) -> None:
    assert advance.advance(estate.record, advance.duration("61m"))
    estate.typed(f"lockstep deploy prod --release {GOOD}")
    latest = estate.latest("prod")
    assert latest is not None
    assert (latest.tag, latest.state) == (GOOD, "succeeded")


@pytest.mark.parametrize("environment", list(accounts.ACCOUNTS))
def test_what_was_decided_and_deployed_is_kept(estate: Estate, environment: str) -> None:
    """REQ-G6: one statement each, under its digest, the second naming the first."""
    latest, store = estate.latest(environment), estate.store(environment)
    assert latest is not None
    decision = read(store.evidence(latest.decision), latest.decision)
    deployment = read(store.evidence(latest.evidence), latest.evidence)
    assert (decision.kind, deployment.kind) == (DECISION, DEPLOYMENT)
    assert decision.said["decision"] == "success"
    assert (deployment.said["decision"], deployment.said["outcome"]) == (decision.digest, "succeeded")
    assert [one.digest for one in deployment.subjects] == [latest.manifest_digest]


def test_deploying_again_does_nothing(estate: Estate) -> None:
    before = estate.latest("prod")
    done = estate.project.run("deploy", "prod", "--release", GOOD, "--format", "json")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    document = json.loads(done.stdout)
    jsonschema.validate(document, json.loads((SCHEMAS / "deploy.json").read_text(encoding="utf-8")))
    assert (document["marked"], document["findings"], document["stacks"]) == ("deployed/prod/1", [], [])
    assert estate.latest("prod") == before


TRIAL = """  TrialParameter:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "${ParameterPath}/Trial"
      Description: What a trial publishes
      Type: String
      Tier: Standard
      DataType: text
      Value: !GetAtt DeployRole.Arn

Outputs:
  Trial:
    Description: What a trial publishes
    Value: !GetAtt DeployRole.Arn

"""


@pytest.fixture(scope="module")
def bad(estate: Estate) -> str:
    """Make a release that every check likes, and that publishes under a name which somebody took by hand."""
    ssm = estate.project.client("ssm", account=accounts.ACCOUNTS["dev"], region="us-east-1")
    ssm.put_parameter(Name="/control/dev/github-deploy/Trial", Value="somebody else's", Type="String")
    path = estate.project.root / "templates" / "oidc-roles.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("Outputs:\n") == 1
    path.write_text(text.replace("Outputs:\n", TRIAL), encoding="utf-8")
    estate.project.commit(BAD)
    estate.project.git("branch", "-f", "env/dev", BAD)
    return BAD


def test_a_release_that_fails_is_taken_back_by_itself(estate: Estate, bad: str) -> None:
    """REQ-R4: the release before is deployed again, recorded and announced, and the bad one stays out."""
    inbox = Plane(estate.record, estate.project).inbox("promotion-told", ("Rollback", "Validation"))
    said = estate.typed(f"lockstep deploy dev --release {bad}", cli.FAILURE)
    assert f"{GOOD} came back and was verified" in said
    states = [(one.tag, one.state) for one in estate.table.environment_releases("control", "dev")]
    assert states == [(GOOD, "succeeded"), (bad, "rolled_back"), (GOOD, "succeeded")]
    assert estate.gate("dev", bad)["verdicts"]["rejected-release"] == "failure"
    again = estate.project.run("deploy", "dev", "--release", bad)
    assert again.returncode == cli.FAILURE, again.stdout + again.stderr
    assert "was rolled back in dev" in again.stderr
    (told,) = until("the announcement", lambda: inbox.read() or inbox.taken_back)
    assert (told["id"], told["release"], told["severity"]) == ("rollback:control:dev#2", bad, "warning")
    (stays,) = until("of what came back too", lambda: inbox.read() or inbox.delivered)
    assert (stays["id"], stays["release"], stays["severity"]) == ("delivery:control:dev#3", GOOD, "info")


def test_the_page_tells_what_was_typed_and_said(estate: Estate) -> None:
    """docs/promotion.md has this session, command for command."""
    estate.typed("lockstep rollback --last-consistent --all --dry-run")
    assert estate.session.differences(ROOT / "docs" / "promotion.md") == []
