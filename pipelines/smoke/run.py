"""The smoke tests of one workload in one environment, in each region that it is in (REQ-V10). I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from pipelines.aws import Aws
from pipelines.configuration import Manifest
from pipelines.live import LiveStack, read_parameters
from pipelines.smoke import SMOKE
from pipelines.smoke.order_client import OrderClient
from pipelines.smoke.trial import Deployed, Target, Trial, of_outputs
from pipelines.standing import Stands
from validator.environments import SHARED

HOME_BUS = "/control/shared/bus/BusArn"
PATH = "ParameterPath"
"""The parameter that says under which path a stack publishes its outputs (REQ-P7)."""


def has_smoke(manifest: Manifest) -> bool:
    """Whether the registry has smoke tests of a workload."""
    return (manifest.workload, manifest.environment == SHARED) in SMOKE


def trials(manifest: Manifest, those: Iterable[Stands], home: Aws, deployment: str = "") -> Iterator[Trial]:
    """Yield every trial: each output is in Parameter Store of its region, and the workload answers.

    `deployment` is the name of the one that is verified; without it nothing is changed.
    """
    smoke = SMOKE.get((manifest.workload, manifest.environment == SHARED))
    if smoke is None or not manifest.stacks:
        return
    regions: dict[tuple[str, str], dict[str, str]] = {}
    first = manifest.stacks[0]
    regions[first.region, first.role_arn] = {}
    root = f"/{manifest.workload}/{manifest.environment}"
    for one in those:
        regions.setdefault((one.region, one.role_arn), {}).update(_outputs(root, one.live))
    targets, bus = [], read_parameters(home, (HOME_BUS,)).get(HOME_BUS, "")
    for (region, role_arn), outputs in regions.items():
        target = _target(manifest.environment, root, Aws(region, role_arn), outputs)
        yield from of_outputs(target, outputs)
        targets.append(replace(target, home_bus=bus))
    deployed = Deployed(deployment, partial(OrderClient, Aws(first.region, first.role_arn)))
    yield from smoke(
        replace(targets[0], others=tuple(targets[1:]), deployed=deployed if deployment else None)
    )


def _outputs(root: str, live: LiveStack) -> dict[str, str]:
    """Return the outputs of a live stack by `stack/Output`, as Parameter Store names them below the root."""
    path = live.parameters.get(PATH, "").removeprefix(f"{root}/")
    return {f"{path}/{output}": value for output, value in live.outputs.items()}


def _target(environment: str, root: str, aws: Aws, outputs: Mapping[str, str]) -> Target:
    values = read_parameters(aws, (f"{root}/{name}" for name in outputs))
    published = {name.removeprefix(f"{root}/"): value for name, value in values.items()}
    return Target(environment, root, aws.region, aws.client, published)
