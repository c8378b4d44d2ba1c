"""Stacks that a release has through its StackSets, one in each account and region of their groups (REQ-C10). Pure.

CloudFormation names them `StackSet-{name of the set}-{uuid}` (User Guide, "StackSets concepts"), so that no stack file
names them. What they should be is what the StackSet says, as far as it is known before a deployment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.configuration.manifest import Manifest, ManifestStack
from pipelines.consistency.actual import Place
from validator.effective import Symbol, evaluate
from validator.rendering import context_of, parsed

TYPE = "AWS::CloudFormation::StackSet"
_KEY = re.compile(r"/templates/([0-9a-f]{32,64})\.yaml$")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class Instance:
    """One stack of a StackSet. `template` begins the hexadecimal digest of its template, empty where that is unknown.

    `parameters` has those whose values are known; `owner` is the release's stack that has the StackSet.
    """

    stack_set: str
    account: str
    region: str
    template: str
    parameters: Mapping[str, str]
    owner: ManifestStack

    @property
    def place(self) -> Place:
        """Where it is; its name as far as a release knows it."""
        return self.account, self.region, f"StackSet-{self.stack_set}"

    def has(self, place: Place) -> bool:
        """Whether a stack there is this one by its name."""
        account, region, name = place
        there = (account, region) == (self.account, self.region)
        return there and re.fullmatch(f"StackSet-{re.escape(self.stack_set)}-{_UUID}", name) is not None


def instances(manifest: Manifest, templates: Mapping[str, str]) -> Iterator[Instance]:
    """Yield the instances of a release. `templates` has texts by digest; what is not there has no StackSets."""
    for stack in manifest.stacks:
        body = templates.get(stack.template_digest, "")
        if TYPE not in body:
            continue
        rendered = manifest.stack(stack, body)
        effective = evaluate(
            parsed(rendered.body, rendered.template), rendered.parameters, context_of(rendered)
        )
        for resource in effective.resources.values():
            if resource.type == TYPE:
                yield from _of_set(stack, resource.properties)


def _of_set(owner: ManifestStack, properties: Mapping[str, Any]) -> Iterator[Instance]:
    name, url = properties.get("StackSetName"), properties.get("TemplateURL")
    if not isinstance(name, str):
        return
    found = _KEY.search(str(url))
    values = {row["ParameterKey"]: row["ParameterValue"] for row in properties.get("Parameters") or ()}
    known = {key: _text(value) for key, value in values.items() if not isinstance(value, Symbol)}
    for account, region in _places(properties.get("StackInstancesGroup") or ()):
        yield Instance(name, account, region, found.group(1) if found else "", known, owner)


def _places(groups: Any) -> Iterator[tuple[str, str]]:
    for group in groups:
        accounts = group.get("DeploymentTargets", {}).get("Accounts") or ()
        for account in accounts:
            yield from (
                (account, region)
                for region in group.get("Regions") or ()
                if isinstance(account, str) and isinstance(region, str)
            )


def _text(value: Any) -> str:
    """Return a value as CloudFormation passes it on."""
    return str(value).lower() if isinstance(value, bool) else str(value)
