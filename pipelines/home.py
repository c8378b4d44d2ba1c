"""The home of the control plane: where its table and configuration store are, if they are there yet (REQ-C1, C8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.aws import Aws
from pipelines.live import read_parameters
from validator.environments import SHARED
from validator.errors import ConfigurationError, TechnicalError

if TYPE_CHECKING:
    from pipelines.configuration import ConfigurationStore
    from pipelines.state.store import StateStore
    from validator.model import Project, Stack

CONTROL = "control"
TABLE = f"/{CONTROL}/{SHARED}/table/TableName"
BUCKET = f"/{CONTROL}/{SHARED}/configuration/BucketName"


class LostTableError(TechnicalError):
    """Parameter Store names a state table that is not there any more."""

    def __init__(self, name: str, account: str, region: str) -> None:
        super().__init__(
            f"the state table {name} is gone from {account} {region}, though Parameter Store names it there\n"
            "  mend: `lockstep status --live` shows what runs; docs/runbooks/lost-home.md brings the table back"
        )


@dataclass(frozen=True, slots=True)
class Home:
    """Home as one role reaches it: the names of its table and of its configuration bucket."""

    aws: Aws
    table_name: str
    bucket: str
    account: str

    def table(self, *, impatient: bool = False) -> StateStore:
        """Return the state store; each of its calls raises LostTableError where the table is gone.

        One that is `impatient` gives up on AWS within seconds, as locks have to.
        """
        from pipelines.state.store import StateStore

        client: Any = self.aws.client("dynamodb", impatient=impatient)
        # Clients are shared, so the same answer is looked at once.
        client.meta.events.register("after-call.dynamodb", self._find_lost, unique_id="lockstep-lost-table")
        return StateStore(client, self.table_name)

    def store(self, by: str) -> ConfigurationStore:
        """Return what the deployments of an environment wrote to the configuration store."""
        from pipelines.configuration import ConfigurationStore

        client: Any = self.aws.client("s3")
        return ConfigurationStore(client, self.bucket, by)

    def _find_lost(self, parsed: Mapping[str, Any], **_: Any) -> None:
        if parsed.get("Error", {}).get("Code") == "ResourceNotFoundException":
            raise LostTableError(self.table_name, self.account, self.aws.region)


def home_of(project: Project, recording: str | None = None, approving: str | None = None) -> Home | None:
    """Return the home of a project; None where the project has none, or it is not deployed yet.

    It is reached through the role that reads, for `recording` through the one that records deployments of that
    environment, or for `approving` through the one that approves, in the name of that person. Asks Parameter Store at
    home. Raises ConfigurationError where the home is there and has no such role yet, botocore's errors where it cannot
    be asked: nobody knows then whether there is one.
    """
    stack = next((one for one in project.of(SHARED) if one.workload == CONTROL), None)
    if stack is None:
        return None
    if approving is not None:
        aws = Aws(stack.region, _role(stack, "approver"), name=approving)
    else:
        aws = _reading(stack) if recording is None else _recording(project, stack, recording)
    values = _names(aws, stack)
    if not {TABLE, BUCKET} <= values.keys():
        return None
    return Home(aws, values[TABLE], values[BUCKET], stack.account)


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
    asked whether there is one, and whether it has the role; the refusal stands where they may not ask, or it has.
    """
    from botocore.exceptions import ClientError

    wanted = (TABLE, BUCKET)
    try:
        return read_parameters(aws, wanted)
    except ClientError as refused:
        if refused.operation_name != "AssumeRole" or aws.role_arn == stack.role_arn:
            raise
        try:
            deploying = Aws(stack.region, stack.role_arn)
            found = read_parameters(deploying, wanted)
            is_older = bool(found) and not _has_role(deploying, aws.role_arn or "")
        except ClientError:
            raise refused from None
        if is_older:
            raise _older(aws.role_arn or "") from None
        if found:
            raise
        return found


def _has_role(aws: Aws, arn: str) -> bool:
    """Whether an account has a role; a refusal to say is botocore's error."""
    from botocore.exceptions import ClientError

    try:
        aws.client("iam").get_role(RoleName=arn.rpartition("/")[2])
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return False
        raise
    return True


def _older(arn: str) -> ConfigurationError:
    return ConfigurationError.single(
        f"the home is older than this checkout, or its deployment did not end: it has no role {arn.rpartition('/')[2]}",
        hint="run `lockstep deploy shared`",
    )
