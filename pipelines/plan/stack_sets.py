"""What a stack's StackSets change in the stacks that they make: computed, since no change set tells of it (REQ-R3).

One that holds data would be lost there as anywhere; so each change counts for the stack that has the StackSet, under
`{StackSet}.{account}.{region}.{logical id}`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.stack_sets import TYPE
from validator.effective import Context, EffectiveResource, Symbol, evaluate, parse

from .computed import Recreation, Resources, computed
from .model import Change

if TYPE_CHECKING:
    from pipelines.aws import Aws

Body = Callable[[EffectiveResource], str | None]
"""Returns the template of a StackSet; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Unknown(Exception):  # noqa: N818 - an answer, not an error of the program
    """Nobody can tell what changes in the stacks of a StackSet, and why."""

    stack_set: str
    why: str

    def __str__(self) -> str:
        return f"what changes in the stacks of {self.stack_set} is not known: {self.why}"


def within(
    stack: str, before: tuple[Resources, Body], after: tuple[Resources, Body], recreation: Recreation
) -> tuple[Change, ...]:
    """Return what changes in the stacks of all StackSets of a stack, in a stable order; raises Unknown.

    `before` and `after` are the stack's effective resources, each with what gives the templates of its StackSets.
    """
    found = list[Change]()
    names = {name for side, _ in (before, after) for name, one in side.items() if one.type == TYPE}
    for name in sorted(names):
        old, new = (dict(_stacks(name, side.get(name), body)) for side, body in (before, after))
        for place in sorted(old.keys() | new.keys()):
            changes = computed(stack, old.get(place, {}), new.get(place, {}), recreation)
            found += [
                replace(one, logical_id=f"{name}.{'.'.join(place)}.{one.logical_id}") for one in changes
            ]
    return tuple(found)


def rendered_body(templates: Path) -> Body:
    """Return what finds a StackSet's template in the project's folder, by the key that names it. Reads files."""
    from pipelines.sceptre_plugins.file_resolvers import template_key

    bodies = [path.read_bytes() for path in sorted(templates.glob("*.yaml"))]
    keys = {template_key(body): body.decode() for body in bodies}

    def find(stack_set: EffectiveResource) -> str | None:
        url = str(stack_set.properties.get("TemplateURL", ""))
        return next((body for key, body in keys.items() if url.endswith(f"/{key}")), None)

    return find


def live_body(aws: Aws) -> Body:
    """Return what asks CloudFormation for a StackSet's template; errors are botocore's."""
    from botocore.exceptions import ClientError

    def find(stack_set: EffectiveResource) -> str | None:
        name = stack_set.properties.get("StackSetName")
        if not isinstance(name, str):
            return None
        try:
            found = aws.client("cloudformation").describe_stack_set(StackSetName=name)["StackSet"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "StackSetNotFoundException":
                return None
            raise
        body: str | None = found.get("TemplateBody")
        return body

    return find


def _stacks(
    name: str, stack_set: EffectiveResource | None, body: Body
) -> Iterator[tuple[tuple[str, str], Resources]]:
    """Yield the effective resources of each stack of a StackSet, with its account and region."""
    if stack_set is None:
        return
    text = body(stack_set)
    if text is None:
        raise Unknown(name, "its template is not at hand")
    template = parse(text, name)
    shared = _parameters(stack_set.properties.get("Parameters"))
    for group in stack_set.properties.get("StackInstancesGroup") or ():
        parameters = {**shared, **_parameters(group.get("ParameterOverrides"))}
        accounts, regions = group.get("DeploymentTargets", {}).get("Accounts"), group.get("Regions")
        if not isinstance(accounts, list) or not isinstance(regions, list):
            raise Unknown(name, "its accounts and regions are known only once deployed")
        for account, region in itertools.product(accounts, regions):
            context = Context(account=account, region=region, stack_name=f"StackSet-{name}")
            yield (str(account), str(region)), evaluate(template, parameters, context).resources


def _parameters(rows: Any) -> Mapping[str, Any]:
    return {row["ParameterKey"]: _text(row["ParameterValue"]) for row in rows or ()}


def _text(value: Any) -> Any:
    """Return a value as CloudFormation passes it on; what only a deployment knows stays a symbol."""
    if isinstance(value, Symbol | str | list):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
