"""How the stacks of an environment stand, and what they read: what deploying and planning both begin with. I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipelines.aws import Aws
from pipelines.deployment import published
from pipelines.live import LiveStack, read_parameters, read_stacks
from validator.errors import ConfigurationError
from validator.model import Stack

Place = tuple[str, str]
"""A region, and the ARN of the role by which its stacks are reached."""


def live_stacks(stacks: Iterable[Stack]) -> dict[str, LiveStack]:
    """Return the stacks that are there, by Sceptre's name; those of one role and region are read together."""
    found: dict[str, LiveStack] = {}
    for (region, role_arn), here in by_place(stacks).items():
        names = [stack.external_name for stack in here]
        lives = read_stacks(Aws(region, role_arn), names, templates=True)
        found |= {s.name: lives[s.external_name] for s in here if s.external_name in lives}
    return found


def foreign_values(stacks: list[Stack], lives: Mapping[str, LiveStack]) -> dict[str, str]:
    """Return the values in Parameter Store that live stacks read and no stack of this environment publishes."""
    own, values = published(stacks, lives), dict[str, str]()
    for (region, role_arn), here in by_place(s for s in stacks if s.name in lives).items():
        live = [lives[stack.name] for stack in here]
        if foreign := {one.parameters[key] for one in live for key in one.resolved} - own.keys():
            values |= read_parameters(Aws(region, role_arn), foreign)
    return values


def check_accounts(environment: str, stacks: Iterable[Stack]) -> None:
    """Raise ConfigurationError rather than change anything in another account than the stacks are for."""
    for (region, role_arn), here in by_place(stacks).items():
        account = Aws(region, role_arn).client("sts").get_caller_identity()["Account"]
        if account != here[0].account:
            raise ConfigurationError.single(
                f"the credentials are of account {account}, but {environment} is {here[0].account}",
                file="sceptre/config/config.yaml",
                key="sceptre_role",
                hint="let `sceptre_role` be `!setting deploy_role_arn`, and check `account` of the environment",
            )


def by_place(stacks: Iterable[Stack]) -> dict[Place, list[Stack]]:
    """Return stacks by region and role, which is how they are read."""
    found: dict[Place, list[Stack]] = {}
    for stack in stacks:
        found.setdefault((stack.region, stack.role_arn), []).append(stack)
    return found
