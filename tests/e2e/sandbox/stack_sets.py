"""StackSets for tests: roles in the accounts, a template that fails where it is told to, waiting for an operation."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.conftest import Client

ADMINISTRATION = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION = "AWSCloudFormationStackSetExecutionRole"
END_SECONDS = 30.0

TEMPLATE = """
Parameters:
  Greeting: {Type: String, Default: hello}
  FailIn: {Type: String, Default: nowhere}
Conditions:
  Fails: !Equals [!Ref FailIn, !Ref AWS::Region]
Resources:
  Value:
    Type: AWS::SSM::Parameter
    Properties: {Name: /stack-set/value, Type: String, Value: !Ref Greeting}
  Wrong:
    Type: AWS::IAM::Role
    Condition: Fails
    Properties:
      PermissionsBoundary: arn:aws:iam::aws:policy/DoesNotExist
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: []}
"""
"""Makes one parameter, and in the region `FailIn` a role whose boundary does not exist."""

SEQUENTIAL = {
    "RegionConcurrencyType": "SEQUENTIAL",
    "FailureToleranceCount": 0,
    "MaxConcurrentCount": 1,
    "ConcurrencyMode": "STRICT_FAILURE_TOLERANCE",
}


def make_roles(client: Client, administrator: str, targets: Sequence[str]) -> None:
    """Make the administration role, and in each target account an execution role that trusts it."""
    own = client("iam", account=administrator)
    may_assume = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Resource": f"arn:aws:iam::*:role/{EXECUTION}",
    }
    own.create_role(
        RoleName=ADMINISTRATION, AssumeRolePolicyDocument=trust({"Service": "cloudformation.amazonaws.com"})
    )
    own.put_role_policy(
        RoleName=ADMINISTRATION,
        PolicyName="assume",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [may_assume]}),
    )
    for target in targets:
        client("iam", account=target).create_role(
            RoleName=EXECUTION,
            AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{administrator}:role/{ADMINISTRATION}"}),
        )


def trust(principal: dict[str, str]) -> str:
    """Return a trust policy for one principal."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(slots=True)
class Set:
    """One StackSet of an account and region."""

    cloudformation: Any
    accounts: list[str]
    name: str = "baseline"
    preferences: dict[str, Any] = field(default_factory=lambda: dict(SEQUENTIAL))

    def define(self, template: str = TEMPLATE, **more: Any) -> str:
        """Create the StackSet and return its id."""
        more.setdefault("Capabilities", ["CAPABILITY_IAM"])
        made = self.cloudformation.create_stack_set(StackSetName=self.name, TemplateBody=template, **more)
        identity: str = made["StackSetId"]
        return identity

    def add(self, *regions: str, **more: Any) -> str:
        """Create instances, wait, and return how the operation ended."""
        return self.ended(self.begin("create_stack_instances", *regions, **more))

    def begin(self, call: str, *regions: str, **more: Any) -> str:
        """Begin an operation on instances and return its id."""
        begun = getattr(self.cloudformation, call)(
            StackSetName=self.name,
            Accounts=self.accounts,
            Regions=list(regions),
            OperationPreferences=self.preferences,
            **more,
        )
        identity: str = begun["OperationId"]
        return identity

    def update(self, **more: Any) -> str:
        """Update the StackSet, wait, and return how the operation ended."""
        more = {"UsePreviousTemplate": True, "Capabilities": ["CAPABILITY_IAM"], **more}
        preferences = {"OperationPreferences": self.preferences}
        return self.ended(
            self.cloudformation.update_stack_set(StackSetName=self.name, **preferences, **more)["OperationId"]
        )

    def ended(self, operation: str) -> str:
        """Wait for the end of an operation and return its status."""
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            status: str = self.operation(operation)["Status"]
            if status not in ("RUNNING", "QUEUED", "STOPPING"):
                return status
            time.sleep(0.02)
        raise AssertionError(f"{self.name}: {operation} did not end")

    def operation(self, operation: str) -> dict[str, Any]:
        """Return an operation."""
        found: dict[str, Any] = self.cloudformation.describe_stack_set_operation(
            StackSetName=self.name, OperationId=operation
        )["StackSetOperation"]
        return found

    def last(self) -> dict[str, dict[str, Any]]:
        """Return the results of the newest operation by account and region."""
        newest = self.cloudformation.list_stack_set_operations(StackSetName=self.name)["Summaries"][0]
        found = self.cloudformation.list_stack_set_operation_results(
            StackSetName=self.name, OperationId=newest["OperationId"]
        )["Summaries"]
        return {f"{one['Account']}/{one['Region']}": one for one in found}

    def instances(self) -> dict[str, dict[str, Any]]:
        """Return the instances by account and region."""
        found = self.cloudformation.list_stack_instances(StackSetName=self.name)["Summaries"]
        return {f"{one['Account']}/{one['Region']}": one for one in found}
