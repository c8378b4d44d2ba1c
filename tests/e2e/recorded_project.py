"""A copy of this project in a git repository of its own, beside a home that a test made by hand.

`orders` is the real workload. Of the control plane there is one small stack, so that a home belongs to the project; its
table, its bucket and their names in Parameter Store are made here, so that a test can break them.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.configuration import ConfigurationStore
from pipelines.home import BUCKET, TABLE
from pipelines.state.store import StateStore
from sandbox import accounts
from tests.e2e import clients
from tests.e2e.commands import ROOT, lockstep, share_wheels
from tests.state_table import create_state_table

HOME = {"account": accounts.ACCOUNTS["prod"], "region": "us-west-2"}
TABLE_NAME, BUCKET_NAME = "shared-control-state", "shared-control-configuration"
COPIED = ("sceptre", "templates", "functions", "locks", "pipelines", "validator")
LEFT_OUT = shutil.ignore_patterns("__pycache__")

MARKER = """AWSTemplateFormatVersion: "2010-09-09"
Description: "Marker: a stack of the home, for tests"
Parameters:
  NamePrefix: {Type: String}
  NameSuffix: {Type: String}
  ParameterPath: {Type: String}
Resources:
  Marker:
    Type: AWS::SSM::Parameter
    Properties:
      Name: !Sub "${ParameterPath}/Name"
      Type: String
      Value: !Sub "${NamePrefix}marker${NameSuffix}"
Outputs:
  Name:
    Value: !Sub "${NamePrefix}marker${NameSuffix}"
"""


@dataclass(frozen=True, slots=True)
class RecordedProject:
    """The project below `root`, and the operator's variables of its sandbox."""

    root: Path
    operator: Mapping[str, str]

    @classmethod
    def copied(cls, root: Path, operator: Mapping[str, str]) -> RecordedProject:
        """Copy the project, put the marker in the place of the control plane's stacks, and tag it v1.0.0."""
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name, symlinks=True, ignore=LEFT_OUT)
        for path in root.glob("sceptre/config/*/control/**/*.yaml"):
            if path.name != "config.yaml":
                path.unlink()
        (root / "templates" / "marker.yaml").write_text(MARKER, encoding="utf-8")
        stack = "template:\n  type: file\n  path: marker.yaml\n"
        (root / "sceptre/config/shared/control/marker.yaml").write_text(stack, encoding="utf-8")
        (root / ".gitignore").write_text(".lockstep/\n", encoding="utf-8")
        project = cls(root, operator)
        project.git("init", "-q", "-b", "main")
        project.commit("v1.0.0")
        share_wheels(root)
        return project

    def git(self, *arguments: str) -> str:
        """Run git as somebody whom no machine knows."""
        who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"]
        command = ["git", "-C", str(self.root), *who, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, tag: str) -> None:
        """Commit everything as a release."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", tag)
        self.git("tag", tag)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `lockstep` in the project."""
        return lockstep(self.operator, *arguments, cwd=self.root)

    def client(self, service: str, *, account: str = HOME["account"], region: str = HOME["region"]) -> Any:
        """Return a client of the sandbox, at home unless another place is given."""
        return clients.shared(self.operator["AWS_ENDPOINT_URL"], service, account, region)

    def make_home(self) -> None:
        """Make the table, the bucket, their names in Parameter Store, and the roles that reach them."""
        self.make_role("shared-control-reader")
        for environment, account in accounts.ACCOUNTS.items():
            self.make_role(f"shared-control-recorder-{environment}", account)
        create_state_table(self.client("dynamodb"), TABLE_NAME)
        self.make_bucket()
        self.point_at(BUCKET_NAME)
        self.client("ssm").put_parameter(Name=TABLE, Value=TABLE_NAME, Type="String", Overwrite=True)

    def make_role(self, name: str = "shared-lockstep-deploy", trusted: str = accounts.OPERATOR) -> None:
        """Make a role at home that may do anything there, where the sandbox has none yet."""
        iam = self.client("iam")
        if name in {role["RoleName"] for role in iam.list_roles()["Roles"]}:
            return
        trust = accounts.trust_policy().replace(accounts.OPERATOR, trusted)
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
        iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")

    def make_bucket(self) -> None:
        """Make the versioned bucket of the configuration store."""
        s3 = self.client("s3")
        s3.create_bucket(Bucket=BUCKET_NAME, CreateBucketConfiguration={"LocationConstraint": HOME["region"]})
        s3.put_bucket_versioning(Bucket=BUCKET_NAME, VersioningConfiguration={"Status": "Enabled"})

    def point_at(self, bucket: str) -> None:
        """Let Parameter Store name a bucket as the configuration store's."""
        self.client("ssm").put_parameter(Name=BUCKET, Value=bucket, Type="String", Overwrite=True)

    @property
    def table(self) -> StateStore:
        """The state table."""
        return StateStore(self.client("dynamodb"), TABLE_NAME)

    def store(self, by: str = "dev") -> ConfigurationStore:
        """Return what an environment's deployments wrote to the configuration store; it has read nothing yet."""
        return ConfigurationStore(self.client("s3"), BUCKET_NAME, by)

    def keys(self) -> list[str]:
        """Return every object of the configuration store."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET_NAME)
        return [item["Key"] for page in pages for item in page.get("Contents", [])]

    def verified(self, *arguments: str) -> tuple[int, Any]:
        """Return exit code and document of `lockstep verify dev`."""
        done = self.run("verify", "dev", "--format", "json", *arguments)
        return done.returncode, json.loads(done.stdout)
