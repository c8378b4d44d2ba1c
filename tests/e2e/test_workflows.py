"""Every command of the workflows, run as GitHub runs it, against a local remote, the sandbox and a double of GitHub.

The roles are the template's own, taken by the identity that GitHub hands out. `check.yml` is left out: what it checks
runs in tests/unit/test_workflows.py, and its test is the run of these tests. Of the three ways back, whose steps are
the same, that of dev is run.
"""

from __future__ import annotations

import json
import os
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pipelines import cli
from pipelines.commands.protect import wanted_of
from pipelines.github.applying import apply
from pipelines.github.client import GitHub
from pipelines.github.connection import Connection
from pipelines.state.records import Check, DriftSummary, Ending, Release, StackKey, StackState
from sandbox import accounts, process
from sandbox.place import Place
from tests.e2e import github_lockstep
from tests.e2e.clients import assumed
from tests.e2e.commands import ROOT, environment
from tests.e2e.github_project import GitHubProject
from tests.e2e.github_runner import EXPRESSION, WORKFLOWS, Runner, commands, evaluated, workflow
from tests.github_double import ADMIN, Double, serving

pytestmark = pytest.mark.xdist_group("workflows")
ELSEWHERE = {"check"}
TWINS = {"rollback-prod", "rollback-staging"}
"""Jobs with the steps of `rollback-dev`, as tests/unit/test_workflows.py holds."""
BEFORE, GOOD, NEXT, BAD = "v0.9.0", "v1.0.0", "v1.1.0", "v1.2.0"
RUN = 42


def identity(subject: str) -> str:
    """Return what GitHub would sign for a job; the local AWS reads it, and checks no signature."""
    says = {"iss": "https://token.actions.githubusercontent.com", "aud": "sts.amazonaws.com", "sub": subject}
    parts = [json.dumps(one).encode() for one in ({"alg": "none"}, says)]
    return ".".join([*(urlsafe_b64encode(one).decode().rstrip("=") for one in parts), "unsigned"])


@contextmanager
def identities() -> Iterator[str]:
    """Serve what a job asks for its identity; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            kind, _, subject = self.headers.get("Authorization", "").partition(" ")
            good = kind == "bearer" and self.path == "/token?api-version=2.0&audience=sts.amazonaws.com"
            self.send_response(200 if good else 401)
            self.end_headers()
            self.wfile.write(json.dumps({"count": 1, "value": identity(subject)}).encode() if good else b"")

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/token?api-version=2.0"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass(frozen=True, slots=True)
class Stage:
    """The project, the runner that works on clones of its remote, and the double."""

    project: GitHubProject
    runner: Runner
    double: Double


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("workflows")
    place = Place.of(folder / "sandbox")
    record = process.start(place, lifeline=os.getpid())
    project = GitHubProject.made(folder / "project", accounts.variables(record.endpoint))
    project.make_role()
    project.make_home()
    for name in accounts.ACCOUNTS:
        make_roles(project, name)
    for tag in (BEFORE, GOOD):
        project.release(tag)
    for name, tag in (("dev", GOOD), ("staging", BEFORE), ("prod", BEFORE)):
        project.point(name, tag)
    with serving(Double()) as double, identities() as address, github_lockstep.serving() as program:
        double.delivery.commits = [("t@example.com", "tom"), ("alex@example.com", "alex")]
        github = {
            "repository": f"{double.owner}/{double.name}",
            "server_url": "http://127.0.0.1",
            "api_url": double.url,
            "token": ADMIN,
            "run_id": RUN,
        }
        apps = {"LOCKSTEP_APP": "an-app", "LOCKSTEP_PROTECT_APP": "another-app"}
        variables = {"AWS_ACCOUNTS": json.dumps(dict(accounts.ACCOUNTS)), **apps}
        keys = {"LOCKSTEP_APP_KEY": "a-key", "LOCKSTEP_PROTECT_APP_KEY": "another-key"}
        runner = Runner(
            folder=folder / "runner",
            remote=folder / "remote",
            variables=around(project, address, folder),
            lockstep=str(program),
            context={"github": github, "vars": variables, "secrets": keys},
        )
        yield Stage(project, runner, double)
        assert double.mistakes == []
    process.discard(place)


def around(project: GitHubProject, address: str, folder: Path) -> dict[str, str]:
    """Return the variables of every step: no key of AWS, nobody whom git knows, and where identities are given out."""
    operator = {
        name: value
        for name, value in project.operator.items()
        if name not in {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    }
    kept = {name: value for name, value in environment(operator).items() if not name.startswith("GIT")}
    home = folder / "runner-home"
    home.mkdir()
    return {
        **{name: value for name, value in kept.items() if name not in {"GH_TOKEN", "GITHUB_TOKEN"}},
        "HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "ACTIONS_ID_TOKEN_REQUEST_URL": address,
    }


def make_roles(project: GitHubProject, name: str) -> None:
    """Make the roles that jobs take, of the template, and let what they take in turn trust their account."""
    account = accounts.ACCOUNTS[name]
    values = {
        "NamePrefix": f"{name}-control-",
        "NameSuffix": "",
        "ParameterPath": f"/control/{name}/github-deploy",
        "EnvironmentName": name,
        "Organization": "example",
        "Repository": "lockstep",
        "DeployRoleArn": accounts.role_arn(name),
        "HomeAccount": accounts.ACCOUNTS["prod"],
        "HomeNamePrefix": "shared-control-",
        "HomeNameSuffix": "",
    }
    cloudformation = project.client("cloudformation", account=account, region="us-east-1")
    cloudformation.create_stack(
        StackName=f"{name}-github-deploy",
        TemplateBody=(ROOT / "templates" / "oidc-roles.yaml").read_text(encoding="utf-8"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=f"{name}-github-deploy", WaiterConfig={"Delay": 1}
    )
    every = {"AWS": [f"arn:aws:iam::{one}:root" for one in accounts.ACCOUNTS.values()]}
    trust = {"Effect": "Allow", "Principal": every, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    for owner, role in ((account, accounts.role_name(name)), *at_home(name)):
        iam = project.client("iam", account=owner)
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=policy)


def at_home(name: str) -> list[tuple[str, str]]:
    return [(accounts.ACCOUNTS["prod"], f"shared-control-{role}") for role in ("reader", f"recorder-{name}")]


def expect(done: Any, **codes: int) -> None:
    """Hold each command to its exit code, 0 unless another is named."""
    wanted = {step: codes.get(step.lower().replace(" ", "_"), 0) for step in done.codes}
    assert done.codes == wanted, done.said


def deployed(stage: Stage, name: str, **github: Any) -> Any:
    """Run both jobs of a deployment of what an environment's branch has."""
    plan = stage.runner.job("deploy", "plan", f"env/{name}", github=github)
    expect(plan)
    needs = {"plan": {"outputs": plan.outputs}}
    return stage.runner.job("deploy", "deploy", f"env/{name}", needs=needs, github=github), plan


def test_a_push_deploys_the_release_of_the_branch(stage: Stage) -> None:
    """REQ-G7: the plan that was shown is the one that is executed; the tag of the success is pushed."""
    done, plan = deployed(stage, "dev")
    expect(done)
    assert (plan.outputs["environment"], plan.outputs["release"]) == ("dev", GOOD)
    assert plan.outputs["digest"].removeprefix("sha256:") in plan.summary
    assert stage.project.states("dev") == [(GOOD, "succeeded")]
    assert "refs/tags/deployed/dev/1" in stage.project.git("ls-remote", "origin")


def looked_at(stage: Stage, name: str, region: str) -> None:
    """Record what agents and the consistency check would of an environment: the tiny project has neither."""
    table, now = stage.project.table, datetime.now(UTC)
    for stack in ("first", "second"):
        key = StackKey("orders", name, accounts.ACCOUNTS[name], region, f"lockstep-{name}-orders-{stack}")
        state = StackState(
            key=key,
            stack_id=f"arn:aws:cloudformation:{region}:{key.account}:stack/{key.stack}/1",
            status="CREATE_COMPLETE",
            reason="",
            version=GOOD,
            commit="",
            released_at="",
            operation_at=now,
            observed_at=now,
            recorded_at=now,
            observed_seq=f"{now:%Y-%m-%dT%H:%M:%S.%fZ}#90#{key.stack}",
            template_digest=None,
            digest=None,
            parameters=None,
            tags={},
        )
        assert table.record_state(state)
        table.record_drift(key, DriftSummary("d-1", "in_sync", 1, (), (), 0, now, "sha256:0"))
    assert table.put_check(Check("orders", name, now, GOOD, "consistent", ()))


def test_what_stands_in_dev_is_proposed_to_staging(stage: Stage) -> None:
    """REQ-G1: though nobody approved yet."""
    looked_at(stage, "dev", "us-east-1")
    expect(stage.runner.job("promote", "promote", "main", matrix={"environment": "staging"}))
    (pull,) = stage.double.delivery.pulls
    assert (pull["head"]["ref"], pull["base"]["ref"]) == ("promote/staging", "env/staging")
    trees = [
        stage.project.git("-C", str(stage.project.root.parent / "remote"), "rev-parse", f"{name}^{{tree}}")
        for name in ("promote/staging", GOOD)
    ]
    assert trees[0] == trees[1]
    assert "| approval | ⏳ pending |" in pull["body"]


def test_a_push_to_staging_is_deployed_once_a_reviewer_approved_its_run(stage: Stage) -> None:
    """REQ-G2: what GitHub's reviewers approve is the plan of the run, and nothing else is executed."""
    stage.project.point("staging", GOOD)
    stage.double.delivery.run_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stage.double.delivery.reviews[RUN] = [("tom", "staging", "approved")]
    own, plan = deployed(stage, "staging")
    needs = {"plan": {"outputs": plan.outputs}}
    expect(own, deploy=cli.PENDING)
    assert "tom is an author" in own.said
    stage.double.delivery.reviews[RUN] = [("carol", "staging", "approved")]
    expect(stage.runner.job("deploy", "deploy", "env/staging", needs=needs))
    assert stage.project.states("staging") == [(GOOD, "succeeded")]
    promotion = stage.project.table.promotion("orders", GOOD, "dev", "staging")
    assert promotion is not None and promotion.approver == "carol"


def test_before_prod_is_approved_its_reviewers_see_the_way_back(stage: Stage) -> None:
    """REQ-R5, REQ-G7: below the plan, whose digest alone is what they approve; of no other environment."""
    ahead = stage.runner.job("deploy", "plan", "env/staging")
    assert "Plan the way back" not in ahead.codes
    plan = stage.runner.job("deploy", "plan", "env/prod")
    expect(plan)
    assert plan.codes["Plan the way back"] == 0
    forward, _, back = plan.summary.partition("<!-- lockstep plan prod reverse -->")
    assert forward.startswith("<!-- lockstep plan prod forward -->") and back
    digest = plan.outputs["digest"].removeprefix("sha256:")
    assert digest in forward and digest not in back
    assert (plan.outputs["environment"], plan.outputs["release"]) == ("prod", BEFORE)


def test_a_pull_request_is_told_its_plan_and_the_way_back(stage: Stage) -> None:
    """REQ-G7, REQ-R5: one comment for each report."""
    base = stage.project.git("ls-remote", "origin", "refs/heads/env/prod").split()[0]
    repository = f"{stage.double.owner}/{stage.double.name}"
    pull = {"number": 7, "head": {"repo": {"full_name": repository}}, "base": {"sha": base}}
    github = {"base_ref": "env/prod", "event": {"pull_request": pull}}
    expect(stage.runner.job("plan", "plan", "env/dev", github=github))
    expect(stage.runner.job("plan", "comment", "env/dev", github=github))
    said = sorted(one["body"].splitlines()[0] for one in stage.double.delivery.comments[7])
    assert said == [
        "<!-- lockstep check -->",
        "<!-- lockstep plan prod forward -->",
        "<!-- lockstep plan prod reverse -->",
    ]
    # Of what cannot be planned nobody reads the plan of a state before.
    stage.project.push_broken("broken")
    done = stage.runner.job("plan", "plan", "broken", github=github)
    expect(done, plan=cli.USAGE, plan_the_way_back=cli.USAGE, check=cli.FAILURE)
    expect(stage.runner.job("plan", "comment", "broken", github=github))
    texts = [one["body"] for one in stage.double.delivery.comments[7]]
    assert len(texts) == 3
    assert sum("there is none of this state" in one for one in texts) == 2


def test_a_dispatch_takes_an_environment_back(stage: Stage) -> None:
    """REQ-R1: looked at first; then the branch of the remote has the release's files again, by a new commit."""
    stage.project.release(NEXT)
    stage.project.point("dev", NEXT)
    done = stage.project.deploy("dev")
    assert done.returncode == cli.SUCCESS, done.stdout + done.stderr
    inputs = {"inputs": {"environment": "dev", "release": GOOD, "accept_loss": ""}}
    dev = {"matrix": {"environment": "dev"}}
    last = {"inputs": {**inputs["inputs"], "release": ""}}
    none = stage.runner.job("rollback", "find", "env/dev", **last)
    expect(none, find=cli.FAILURE)
    assert "no release was good in every environment" in none.said
    expect(stage.runner.job("rollback", "look", "env/dev", **inputs, **dev))
    assert stage.project.states("dev")[0] == (NEXT, "succeeded")
    # From the branch of the last environment, as where all go back.
    found = {"needs": {"find": {"outputs": {"release": GOOD}}}}
    expect(stage.runner.job("rollback", "rollback-dev", "env/prod", **last, **found))
    assert stage.project.states("dev")[0] == (GOOD, "succeeded")
    latest = stage.project.table.latest_environment_release("orders", "dev")
    assert latest is not None and ":assumed-role/dev-control-github-rollback/" in latest.by
    stage.project.git("fetch", "-q", "origin")
    trees = [stage.project.git("rev-parse", f"{each}^{{tree}}") for each in ("origin/env/dev", GOOD)]
    assert trees[0] == trees[1]
    matrix = workflow("rollback")["jobs"]["look"]["strategy"]["matrix"]["environment"]
    environments = EXPRESSION.fullmatch(matrix)
    assert environments is not None
    for scope, expected in (("all", ["prod", "staging", "dev"]), ("staging", ["staging"])):
        assert evaluated(environments[1], {"inputs": {"environment": scope}}) == expected


def killed(stage: Stage, tag: str, back_to: str) -> None:
    """Record what a run leaves that is killed once its release failed in dev."""
    table, now, digest = stage.project.table, datetime.now(UTC), "sha256:0"
    release = Release("orders", "dev", tag, stage.project.git("rev-parse", tag), now, {"dev": digest})
    begun = table.begin_environment_release(release, now, "a run that is gone")
    assert begun is not None
    ending = Ending(back_to=back_to)
    assert table.end_environment_release("orders", "dev", begun.number, "failed", now, None, ending)


def test_the_branch_says_what_came_back_after_a_run_that_was_killed(stage: Stage) -> None:
    """REQ-R4, REQ-R1: brought back first, whatever is ordered; the push of that deploys nothing again."""
    stage.project.release(BAD)
    stage.project.point("dev", BAD)
    killed(stage, BAD, GOOD)
    done, _ = deployed(stage, "dev")
    expect(done, deploy=cli.FAILURE)
    assert f"the way back to {GOOD} in dev did not end: it is carried on" in done.said
    assert f"{BAD} of orders was rolled back in dev" in done.said
    states = stage.project.states("dev")
    assert states[:2] == [(GOOD, "succeeded"), (BAD, "rolled_back")]
    stage.project.git("fetch", "-q", "origin")
    trees = [stage.project.git("rev-parse", f"{each}^{{tree}}") for each in ("origin/env/dev", GOOD)]
    assert trees[0] == trees[1]
    assert f"refs/tags/deployed/dev/{len(states)}" in stage.project.git("ls-remote", "origin")
    said = stage.project.git("log", "-1", "--format=%B", "origin/env/dev")
    assert said.startswith(f"Back to {GOOD} in dev\n")
    address = stage.project.git("log", "-1", "--format=%ce", "origin/env/dev")
    assert not begins({"head_commit": {"message": said, "committer": {"email": address}}})


def begins(event: Mapping[str, Any]) -> bool:
    """Tell whether a push, or somebody by hand, begins a deployment."""
    condition = EXPRESSION.fullmatch(workflow("deploy")["jobs"]["plan"]["if"])
    assert condition is not None
    return bool(evaluated(condition[1].replace("\n", " "), {"github": {"event": event}}))


@pytest.mark.parametrize(
    ("title", "address", "expected"),
    [
        ("Back to v1.0.0 in dev", "app[bot]@users.noreply.github.com", False),
        ("Back to v1.0.0 in dev", "lockstep@localhost.invalid", False),
        ("Back to basics (#7)", "noreply@github.com", True),
        ("Merge pull request #7", "noreply@github.com", True),
        ("Merge pull request #7", "alex@example.com", True),
    ],
)
def test_only_the_push_of_a_way_back_deploys_nothing(title: str, address: str, expected: bool) -> None:
    """Whatever people call what they merge on GitHub: GitHub is the committer of that (REQ-G7)."""
    assert begins({"head_commit": {"message": title, "committer": {"email": address}}}) is expected


def test_by_hand_a_deployment_begins_whatever_the_branch_says() -> None:
    assert begins({}) is True


def test_drift_is_looked_for_and_shown(stage: Stage) -> None:
    """REQ-C4: what nobody knows is no good news, and is shown as well."""
    done = stage.runner.job("drift", "drift", "main", matrix={"environment": "staging"})
    expect(done, look_for_drift=cli.PENDING)
    assert '"schema": "lockstep/drift/v1"' in done.summary


def test_protection_is_verified(stage: Stage) -> None:
    """REQ-G8: by the token of an app, since that of the workflow sees too little."""
    where = Connection(stage.double.url, stage.double.owner, stage.double.name, ADMIN)
    apply(GitHub(where), wanted_of(stage.project.root), lambda text: None)
    done = stage.runner.job("protect", "protect", "main")
    expect(done)
    assert "is protected as .github/environments.yaml says" in done.summary
    del stage.double.environments["prod"]
    done = stage.runner.job("protect", "protect", "main")
    expect(done, verify=cli.FAILURE)
    assert "prod" in done.summary


def test_who_only_looks_executes_nothing_and_deletes_no_stack(stage: Stage) -> None:
    """REQ-P8: nor does the role delete another's change set, or take one that deploys."""
    sts = stage.project.client("sts", account=accounts.OPERATOR, region="us-east-1")
    arn = f"arn:aws:iam::{accounts.ACCOUNTS['dev']}:role/dev-control-github-plan"
    token = identity("repo:example/lockstep:environment:dev-plan")
    given = sts.assume_role_with_web_identity(RoleArn=arn, RoleSessionName="job", WebIdentityToken=token)
    endpoint, name = stage.project.operator["AWS_ENDPOINT_URL"], "lockstep-dev-orders-first"
    cloudformation = assumed(endpoint, "cloudformation", "us-east-1", given["Credentials"])
    assert cloudformation.describe_stacks(StackName=name)["Stacks"]
    for call, arguments in (
        (cloudformation.delete_stack, {"StackName": name}),
        (cloudformation.execute_change_set, {"StackName": name, "ChangeSetName": "lockstep-plan-1"}),
        (cloudformation.delete_change_set, {"StackName": name, "ChangeSetName": "release"}),
        (
            assumed(endpoint, "sts", "us-east-1", given["Credentials"]).assume_role,
            {"RoleArn": accounts.role_arn("dev"), "RoleSessionName": "job"},
        ),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(**arguments)


@pytest.mark.parametrize(
    "subject",
    [
        "repo:example/lockstep:environment:prod-plan",
        "repo:example/lockstep:environment:staging",
        "repo:example/lockstep:ref:refs/heads/env/dev",
        "repo:example/lockstep:pull_request",
        "repo:example/another:environment:dev",
        "repo:another/lockstep:environment:dev",
        "repo:example/lockstep:environment:dev:ref:refs/heads/main",
    ],
)
@pytest.mark.parametrize("role", ["github", "github-rollback", "github-plan"])
def test_another_job_takes_no_role_of_dev(stage: Stage, role: str, subject: str) -> None:
    """REQ-P9: whichever job it says that it is, of this repository or another."""
    sts = stage.project.client("sts", account=accounts.OPERATOR, region="us-east-1")
    arn = f"arn:aws:iam::{accounts.ACCOUNTS['dev']}:role/dev-control-{role}"
    given = {"RoleArn": arn, "RoleSessionName": "job"}
    own = role.replace("github", "dev")
    good = identity(f"repo:example/lockstep:environment:{own}")
    assert sts.assume_role_with_web_identity(**given, WebIdentityToken=good)
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role_with_web_identity(**given, WebIdentityToken=identity(subject))


def test_no_command_is_left_out(stage: Stage) -> None:
    """A command that no test here runs fails this one; it needs those above to have run."""
    names = {path.stem for path in WORKFLOWS.glob("*.yml")} - ELSEWHERE
    assert stage.runner.ran == {step for name in names for step in commands(name) if step[1] not in TWINS}
