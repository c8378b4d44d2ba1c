"""Rules between environments and between workloads: what grows, which networks and accounts are apart. Pure."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from ..environments import ENVIRONMENTS, SHARED
from ..errors import Problem
from .base import Grows, WorkloadSettings
from .control import ControlSettings

CIDR = ("network", "cidr")
Place = tuple[str, str]
"""Environment and group: the workload, with the region's role where it has several regions."""


def growing(settings: Mapping[Place, WorkloadSettings]) -> Iterator[tuple[Place, tuple[str, ...], Problem]]:
    """Yield a problem for each size that shrinks along dev, staging, prod.

    Each comes with the environment and the settings path at fault, so that the caller can add file and line.
    """
    for group in sorted({group for _, group in settings}):
        for earlier, later in itertools.pairwise(env for env in ENVIRONMENTS if (env, group) in settings):
            small, large = sizes(settings[earlier, group]), sizes(settings[later, group])
            for path in small.keys() & large.keys():
                if _rank(small[path]) > _rank(large[path]):
                    shrinks = f"is {large[path]} in {later} but {small[path]} in {earlier}"
                    message = f"{shrinks}: sizes grow dev <= staging <= prod"
                    hint = f"raise it in {later} or lower it in {earlier}"
                    yield (later, group), path, Problem("", ".".join(path), message, hint)


def _rank(value: Any) -> float:
    return float("inf") if value is None else float(value)


def sizes(model: BaseModel, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return the values of every field marked `Grows`, by path."""
    found: dict[tuple[str, ...], Any] = {}
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            found |= sizes(value, (*path, name))
        elif any(isinstance(mark, Grows) for mark in field.metadata):
            found[*path, name] = value
    return found


def overlapping(
    settings: Mapping[Place, WorkloadSettings],
) -> Iterator[tuple[Place, tuple[str, ...], Problem]]:
    """Yield a problem for each two VPC networks that share addresses (REQ-P4)."""
    every = [(place, path, cidr) for place in sorted(settings) for path, cidr in _networks(settings[place])]
    for (left, there, one), (right, path, two) in itertools.combinations(every, 2):
        if ipaddress.IPv4Network(one).overlaps(ipaddress.IPv4Network(two)):
            of = "/".join(left) if there == CIDR else f"{'/'.join(left)}, {'.'.join(there)}"
            message = f"{two} overlaps {one} of {of}"
            hint = "choose a free network of 10.0.0.0/8"
            yield right, path, Problem("", ".".join(path), message, hint, check="cidr")


def _networks(settings: WorkloadSettings) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield every range of addresses that a workload's networks lie in, by its settings path."""
    yield CIDR, settings.network.cidr
    if isinstance(settings, ControlSettings):
        yield ("address_range",), settings.address_range


def unwatched(
    settings: Mapping[Place, WorkloadSettings],
) -> Iterator[tuple[Place, tuple[str, ...], Problem]]:
    """Yield a problem for each region in which a workload has stacks and no agent of `control` sees them (REQ-C2)."""
    agents = {place: found for place, found in settings.items() if isinstance(found, ControlSettings)}
    if not agents:
        return
    for place, found in sorted(settings.items()):
        environment, group = place
        own = [one for one in agents if one[0] == environment]
        accounts = {agents[one].account for one in own}
        if environment == SHARED:
            own = [one for one in agents if agents[one].account == found.account]
            accounts = {agents[one].account for one in agents}
        if any((found.account, found.region) in agents[one].watched for one in own):
            continue
        if found.account not in accounts:
            message = f"{found.account} has no agent of control, and {environment}/{group} is there"
            hint = "deploy to an account that has one: nothing records a stack elsewhere"
            yield place, ("account",), Problem("", "account", message, hint)
        for one in own:
            message = f"{found.region} is not among them, and {environment}/{group} is there"
            hint = f"add {found.region}, so that its agent records what happens there"
            yield one, ("regions",), Problem("", "regions", message, hint)


def sharing_an_account(
    settings: Mapping[Place, WorkloadSettings],
) -> Iterator[tuple[Place, tuple[str, ...], Problem]]:
    """Yield a problem for each two environments in one account, where a workload has one an environment (REQ-P3)."""
    for group in sorted({group for _, group in settings}):
        first: dict[str, str] = {}
        for environment in (env for env in ENVIRONMENTS if (env, group) in settings):
            found = settings[environment, group]
            other = first.setdefault(found.account, environment)
            if other != environment and found.ONE_ACCOUNT_AN_ENVIRONMENT:
                message = f"{found.account} is the account of {other}: {found.workload} has one account an environment"
                hint = f"give {environment} the account that is its own"
                yield (environment, group), ("account",), Problem("", "account", message, hint)
