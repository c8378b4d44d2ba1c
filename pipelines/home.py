"""The home of the control plane: where its table and configuration store are, if they are there yet (REQ-C1, C8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.aws import Aws
from pipelines.live import read_parameters
from validator.environments import SHARED

if TYPE_CHECKING:
    from pipelines.configuration import ConfigurationStore
    from pipelines.state.store import StateStore
    from validator.model import Project, Stack

CONTROL = "control"
TABLE = f"/{CONTROL}/{SHARED}/table/TableName"
BUCKET = f"/{CONTROL}/{SHARED}/configuration/BucketName"


@dataclass(frozen=True, slots=True)
class Home:
    """Home as one role reaches it: the names of its table and of its configuration bucket."""

    aws: Aws
    table_name: str
    bucket: str

    def table(self) -> StateStore:
        """Return the state store."""
        from pipelines.state.store import StateStore

        client: Any = self.aws.client("dynamodb")
        return StateStore(client, self.table_name)

    def store(self) -> ConfigurationStore:
        """Return the configuration store."""
        from pipelines.configuration import ConfigurationStore

        client: Any = self.aws.client("s3")
        return ConfigurationStore(client, self.bucket)


def home_of(project: Project, recording: str | None = None) -> Home | None:
    """Return the home of a project; None where the project has none, or it is not deployed yet.

    It is reached through the role that reads, or for `recording` through the one that records deployments of that
    environment. Asks Parameter Store at home. Raises botocore's errors where that cannot be asked: nobody knows then
    whether there is one.
    """
    stack = next((one for one in project.of(SHARED) if one.workload == CONTROL), None)
    if stack is None:
        return None
    aws = _reading(stack) if recording is None else _recording(project, stack, recording)
    values = _names(aws, stack)
    if not {TABLE, BUCKET} <= values.keys():
        return None
    return Home(aws, values[TABLE], values[BUCKET])


def _reading(stack: Stack) -> Aws:
    return Aws(stack.region, _role(stack, "reader"))


def _recording(project: Project, stack: Stack, environment: str) -> Aws:
    """Return what records deployments of an environment; those of the home itself are its deploy role's."""
    if environment == SHARED:
        return Aws(stack.region, stack.role_arn)
    deploying = next((one.role_arn for one in project.of(environment)), None)
    return Aws(stack.region, _role(stack, f"recorder-{environment}"), through=deploying)


def _role(stack: Stack, kind: str) -> str:
    """Return the ARN of a role at home by the pattern of names (REQ-P5); `stack` is any of its stacks."""
    prefix, suffix = (str(stack.parameters[name]) for name in ("NamePrefix", "NameSuffix"))
    return f"arn:aws:iam::{stack.account}:role/{prefix}{kind}{suffix}"


def _names(aws: Aws, stack: Stack) -> Mapping[str, str]:
    """Return the names that home publishes, as far as it does.

    A role that is not there yet is refused like one that trusts somebody else. So whoever may deploy the home is
    asked whether there is one; the refusal stands where they may not, or find one.
    """
    from botocore.exceptions import ClientError

    wanted = (TABLE, BUCKET)
    try:
        return read_parameters(aws, wanted)
    except ClientError as refused:
        if refused.operation_name != "AssumeRole" or aws.role_arn == stack.role_arn:
            raise
        try:
            found = read_parameters(Aws(stack.region, stack.role_arn), wanted)
        except ClientError:
            raise refused from None
        if found:
            raise
        return found
