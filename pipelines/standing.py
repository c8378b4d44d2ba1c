"""The live stacks of a release: of its stack files, and of its StackSets (REQ-V10). I/O; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipelines.aws import Aws
from pipelines.configuration import Manifest, digest_of
from pipelines.configuration.manifest import ManifestStack
from pipelines.consistency import Actual, Instance, instances
from pipelines.live import LiveStack, read_stacks
from validator.digest import RELEASE_TAGS


@dataclass(frozen=True, slots=True)
class Stands:
    """One live stack: `name` for people, the `file` that has it, and where it is."""

    name: str
    file: str
    account: str
    region: str
    role_arn: str
    live: LiveStack

    @property
    def actual(self) -> Actual:
        """The stack as it is held against its release."""
        return Actual(
            account=self.account,
            region=self.region,
            name=self.live.name,
            status=self.live.status,
            reason=self.live.reason,
            version=self.live.tags.get("Version", ""),
            template_digest=digest_of((self.live.body or "").encode()),
            digest=self.live.digest,
            parameters=self.live.parameters,
            tags={key: value for key, value in self.live.tags.items() if key not in RELEASE_TAGS},
        )


def standing(manifest: Manifest, templates: Mapping[str, str]) -> list[Stands]:
    """Return the live stacks of a release; stacks of one place are read together.

    `templates` has the release's by digest. A StackSet's stacks in other accounts than its own are left to what their
    agents report: its role reaches no other account. Errors are AWS's own.
    """
    return [*_of_files(manifest), *_of_sets(instances(manifest, templates))]


def _of_files(manifest: Manifest) -> Iterator[Stands]:
    places: dict[tuple[str, str], list[ManifestStack]] = {}
    for stack in manifest.stacks:
        places.setdefault((stack.region, stack.role_arn), []).append(stack)
    for (region, role_arn), here in places.items():
        lives = read_stacks(Aws(region, role_arn), [stack.external_name for stack in here], templates=True)
        for one in here:
            live = lives.get(one.external_name)
            if live is not None:
                yield Stands(one.name, one.file, one.account, region, role_arn, live)


def _of_sets(wanted: Iterable[Instance]) -> Iterator[Stands]:
    sets: dict[tuple[str, str, str], Instance] = {}
    places: dict[tuple[str, str], list[Instance]] = {}
    for one in wanted:
        if one.account == one.owner.account:
            sets.setdefault((one.stack_set, one.owner.region, one.owner.role_arn), one)
            places.setdefault((one.region, one.owner.role_arn), []).append(one)
    names = {name for one in sets.values() for name in _names(one)}
    for (region, role_arn), here in places.items():
        for live in read_stacks(Aws(region, role_arn), names, templates=True).values():
            for one in (each for each in here if each.has((each.account, region, live.name))):
                name = f"{one.stack_set} in {one.account} {region}"
                yield Stands(name, one.owner.file, one.account, region, role_arn, live)


def _names(one: Instance) -> Iterator[str]:
    """Yield the names of a StackSet's stacks; none where there is no StackSet."""
    from botocore.exceptions import ClientError

    client = Aws(one.owner.region, one.owner.role_arn).client("cloudformation")
    try:
        pages = client.get_paginator("list_stack_instances").paginate(StackSetName=one.stack_set)
        ids = [row.get("StackId", "") for page in pages for row in page["Summaries"]]
    except ClientError as error:
        if error.response["Error"]["Code"] == "StackSetNotFoundException":
            return
        raise
    # The name follows the resource type in an ARN: arn:...:stack/<name>/<id>. A stack that failed to come has no ARN.
    yield from (stack_id.split("/")[1] for stack_id in ids if stack_id.count("/") == 2)
