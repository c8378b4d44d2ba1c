"""What differs between environments, read from Parameter Store under the function's own root (REQ-P7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


class SettingsError(RuntimeError):
    """Parameters that the function needs do not exist. Names them all."""


def read_settings(client: SSMClient, root: str, names: Iterable[str]) -> dict[str, str]:
    """Return the value of each name (`queue/QueueUrl`) under `root` (`/orders/dev`), with one call."""
    paths = {f"{root}/{name}": name for name in names}
    answer = client.get_parameters(Names=list(paths))
    if answer["InvalidParameters"]:
        raise SettingsError(f"no such parameters: {', '.join(sorted(answer['InvalidParameters']))}")
    return {paths[parameter["Name"]]: parameter["Value"] for parameter in answer["Parameters"]}
