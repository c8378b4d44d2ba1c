"""How the stacks of an environment stand, and what they read that is not there yet. I/O; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pipelines.aws import Aws
from pipelines.deployment import Action, decide, published
from pipelines.live import LiveStack, read_parameters, read_stacks
from validator.errors import ConfigurationError
from validator.model import Stack

from . import templates


def read(stacks: list[Stack]) -> tuple[dict[str, LiveStack], dict[str, Action]]:
    """Return the live stacks, and what a deployment would do with each stack, both by Sceptre's name."""
    found: dict[str, LiveStack] = {}
    for (region, role_arn), here in _by_place(stacks).items():
        names = [stack.external_name for stack in here]
        lives = read_stacks(Aws(region, role_arn), names, templates=True)
        found |= {s.name: lives[s.external_name] for s in here if s.external_name in lives}
    values = {**_foreign(stacks, found), **published(stacks, found)}
    return found, {stack.name: decide(stack, found.get(stack.name), values) for stack in stacks}


def _foreign(stacks: list[Stack], lives: Mapping[str, LiveStack]) -> dict[str, str]:
    """Return the values in Parameter Store that live stacks read and no stack of this environment publishes."""
    own, values = published(stacks, lives), dict[str, str]()
    for (region, role_arn), here in _by_place(s for s in stacks if s.name in lives).items():
        live = [lives[stack.name] for stack in here]
        if foreign := {one.parameters[key] for one in live for key in one.resolved} - own.keys():
            values |= read_parameters(Aws(region, role_arn), foreign)
    return values


def check_account(environment: str, stacks: list[Stack]) -> None:
    """Raise ConfigurationError rather than make a change set in another account than the stacks are for."""
    for (region, role_arn), here in _by_place(stacks).items():
        account = Aws(region, role_arn).client("sts").get_caller_identity()["Account"]
        if account != here[0].account:
            raise ConfigurationError.single(
                f"the credentials are of account {account}, but {environment} is {here[0].account}",
                file="sceptre/config/config.yaml",
                key="sceptre_role",
                hint="let `sceptre_role` be `!setting deploy_role_arn`, and check `account` of the environment",
            )


def missing(touched: list[Stack]) -> dict[str, tuple[str, ...]]:
    """Return what each stack reads that is not there yet and that stacks of this deployment make, by stack."""
    found: dict[str, tuple[str, ...]] = {}
    for (region, role_arn), here in _by_place(touched).items():
        wanted = {stack.name: templates.names_read(stack) for stack in here}
        names = set().union(*wanted.values())
        absent = names - read_parameters(Aws(region, role_arn), names).keys()
        makers = [f"{stack.parameter_path}/" for stack in touched if stack.region == region]
        made = {name for name in absent if any(name.startswith(maker) for maker in makers)}
        found |= {name: tuple(sorted(reads & made)) for name, reads in wanted.items() if reads & made}
    return found


def _by_place(stacks: Iterable[Stack]) -> dict[tuple[str, str], list[Stack]]:
    """Return stacks by region and role, which is how they are read."""
    found: dict[tuple[str, str], list[Stack]] = {}
    for stack in stacks:
        found.setdefault((stack.region, stack.role_arn), []).append(stack)
    return found
