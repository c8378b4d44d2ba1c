"""The home of the control plane: where its table and configuration store are, if they are there yet (REQ-C1, C8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.aws import Aws
from pipelines.live import read_parameters
from validator.environments import SHARED

if TYPE_CHECKING:
    from pipelines.configuration import ConfigurationStore
    from pipelines.state.store import StateStore
    from validator.model import Project

CONTROL = "control"
TABLE = f"/{CONTROL}/{SHARED}/table/TableName"
BUCKET = f"/{CONTROL}/{SHARED}/configuration/BucketName"


@dataclass(frozen=True, slots=True)
class Home:
    """Home, reached through its own deploy role: the names of its table and of its configuration bucket."""

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


def home_of(project: Project) -> Home | None:
    """Return the home of a project; None where the project has none, or it is not deployed yet.

    Asks Parameter Store at home, through the role of `shared/control`. Raises botocore's errors where that cannot be
    asked: nobody knows then whether there is one.
    """
    stack = next((one for one in project.of(SHARED) if one.workload == CONTROL), None)
    if stack is None:
        return None
    aws = Aws(stack.region, stack.role_arn)
    values = read_parameters(aws, (TABLE, BUCKET))
    if not {TABLE, BUCKET} <= values.keys():
        return None
    return Home(aws, values[TABLE], values[BUCKET])
