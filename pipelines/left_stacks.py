"""Stacks that run in an environment and are none of its release: another release left them (REQ-R1, REQ-G7). I/O.

A deployment deletes no stack, so that what a release has no more runs on, and what one added stays after the way back.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING

from pipelines.aws import Aws
from pipelines.configuration import ConfigurationStore, Manifest, StoreError
from pipelines.consistency import Actual, instances
from pipelines.consistency.actual import NOT_THERE, Place
from pipelines.live import LiveStack, all_stacks
from pipelines.reading import by_place

if TYPE_CHECKING:
    from pipelines.state.store import StateStore
    from validator.model import Stack

GONE = NOT_THERE | {"DELETE_IN_PROGRESS"}
OF_STACK_SET = "StackSet-"
"""How the names of a StackSet's stacks begin: what becomes of those is the StackSet's to say."""


def left_by(
    table: StateStore, store: ConfigurationStore, manifest: Manifest, odd: Iterable[Actual]
) -> dict[Place, str]:
    """Return the release that had each of the `odd` stacks, which the manifest does not have, by place.

    What a release had is read from the store: a tag on a stack alone is no proof.
    """
    found, versions = dict[Place, str](), dict[str, list[Place]]()
    for actual in odd:
        versions.setdefault(actual.version, []).append(actual.place)
    for version, places in versions.items():
        release = table.release(manifest.workload, version, manifest.environment) if version else None
        if release is None or manifest.environment not in release.digests:
            continue
        digest = release.digests[manifest.environment]
        try:
            other = store.manifest(manifest.workload, version, manifest.environment, digest)
            texts = {one: store.template(one) for one in {stack.template_digest for stack in other.stacks}}
        except StoreError:
            continue  # Nobody can say whose it is.
        stacks = {(stack.account, stack.region, stack.external_name) for stack in other.stacks}
        sets = list(instances(other, texts))
        found |= {one: version for one in places if one in stacks or any(each.has(one) for each in sets)}
    return found


def left_in(environment: str, stacks: Sequence[Stack]) -> list[tuple[str, LiveStack]]:
    """Return the region of each live stack of an environment that is none of `stacks`, and that stack, in order.

    They are known by their tags (REQ-P6), and looked for where the environment has stacks. Errors are AWS's own.
    """
    own = {(stack.region, stack.external_name) for stack in stacks}
    workloads = {stack.workload for stack in stacks}
    found = {
        (region, live.name): live
        for region, role_arn in by_place(stacks)
        for live in all_stacks(Aws(region, role_arn))
        if (region, live.name) not in own and _is_of(live, environment, workloads)
    }
    return [(region, live) for (region, _), live in sorted(found.items())]


def _is_of(live: LiveStack, environment: str, workloads: Container[str]) -> bool:
    tags = live.tags
    ours = (tags.get("ManagedBy"), tags.get("Environment")) == ("lockstep", environment)
    is_there = live.status not in GONE and not live.name.startswith(OF_STACK_SET)
    return ours and is_there and tags.get("Workload", "") in workloads
