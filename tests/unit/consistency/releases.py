"""The project's own manifests as one release, and the stacks that run it, for tests that change one thing."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pipelines.configuration import Manifest, digest_of, manifests
from pipelines.configuration.manifest import ManifestStack
from pipelines.consistency import Actual, Instance
from pipelines.variances import written
from tests.unit.small_project import repository
from validator.parity import Policy, read_policy

ROOT = Path(__file__).parents[3]
POLICY_FILE = "pipelines/variance.yaml"
TAG = "v1.4.0"
WORKLOAD = "orders"


@functools.cache
def _rendered() -> tuple[tuple[Manifest, ...], Mapping[str, str]]:
    loaded = repository()
    policy = (POLICY_FILE, (ROOT / POLICY_FILE).read_bytes())
    release = (TAG, "0" * 40, "2026-01-02T03:04:05+00:00")
    found = tuple(manifests(loaded.project, written(loaded), policy, release))
    return found, {digest_of(stack.sent.encode()): stack.sent for stack in loaded.project.stacks}


def manifest(environment: str, workload: str = WORKLOAD) -> Manifest:
    """Return the manifest of a workload, `orders` unless another is named, in an environment."""
    return next(m for m in _rendered()[0] if (m.workload, m.environment) == (workload, environment))


def templates() -> Mapping[str, str]:
    """Return every template by digest."""
    return _rendered()[1]


def policy() -> Policy:
    """Return the project's declared variances."""
    return read_policy((ROOT / POLICY_FILE).read_text(), POLICY_FILE)


def as_deployed(stack: ManifestStack, version: str = TAG) -> Actual:
    """Return a stack that runs exactly what the manifest says."""
    return Actual(
        account=stack.account,
        region=stack.region,
        name=stack.external_name,
        status="UPDATE_COMPLETE",
        reason="",
        version=version,
        template_digest=stack.template_digest,
        digest=stack.digest,
        parameters=stack.sent_parameters(),
        tags=stack.sent_tags(),
    )


def running(environment: str, workload: str = WORKLOAD) -> dict[str, Actual]:
    """Return an environment's stacks as they run after a deployment, by their short name (`queue`)."""
    stacks = manifest(environment, workload).stacks
    return {stack.name.rpartition("/")[2]: as_deployed(stack) for stack in stacks}


def as_made(instance: Instance) -> Actual:
    """Return the stack that a StackSet made, as it runs after a deployment."""
    return Actual(
        account=instance.account,
        region=instance.region,
        name=f"StackSet-{instance.stack_set}-0f8fad5b-d9cb-469f-a165-70867728950e",
        status="CREATE_COMPLETE",
        reason="",
        version=TAG,
        template_digest="sha256:" + instance.template.ljust(64, "0"),
        digest="sha256:" + "a" * 64,
        parameters={**instance.parameters, "OnlyThere": "known once deployed"},
        tags={},
    )


def changed(actual: Actual, **parameters: str) -> Actual:
    """Return a stack of which somebody changed parameters by hand."""
    return replace(
        actual, digest="sha256:" + "f" * 64, parameters={**(actual.parameters or {}), **parameters}
    )
