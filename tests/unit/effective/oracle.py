"""cloud-radar 0.17 as an oracle: another program's opinion of what a template comes to.

It knows no symbols, so it is given made-up values (`meaning`) for all that exists only once deployed: for `Ref` and
`Fn::GetAtt` through the resources' metadata, the others as it provides for. Its regions come from the network
otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml
from cloud_radar.cf.unit import Template as Oracle
from cloud_radar.cf.unit import functions

from validator.effective import Context

from .meaning import deployed, exported, zones

NOTHING = "<AWS::NoValue>"
"""What the oracle puts where a value is `AWS::NoValue`; its own is the empty text, which is a value too."""
STACK_ID = "arn:aws:cloudformation:us-east-1:111111111111:stack/name/id"
_REGIONS = ("us-east-1", "us-west-2", "eu-west-1", "eu-central-1")
_ATTRIBUTE = re.compile(r"\$\{[^}.!]+\.([A-Za-z0-9.]+)\}")
ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "Metadata", "CreationPolicy", "UpdatePolicy")


class _Everything(dict[str, Any]):
    """A mapping that has a value for every key."""

    def __init__(self, kind: str = "") -> None:
        super().__init__()
        self.kind = kind

    def __contains__(self, key: object) -> bool:
        return True

    def __len__(self) -> int:
        return 1

    def __getitem__(self, key: str) -> Any:
        if self.kind == "import":
            return exported(key)
        return deployed("resolve", f"{self.kind}:{key}") if self.kind else _Everything(key)


def read(path: Path) -> dict[str, Any]:
    """Return a template as the oracle reads it from its file."""
    with _sooner():
        return Oracle.from_yaml(path).template


def rendered(
    template: dict[str, Any], parameters: Mapping[str, str | list[str]], context: Context
) -> dict[str, Any]:
    """Return what the oracle makes of a template; raises what it raises. It takes a list as text, as the API does."""
    body = deepcopy(template)
    attributes = _attributes(body)
    for name, resource in [*_resources(body)]:
        made_up = {"ref": deployed("ref", name), "attribute-values": _made_up(name, attributes)}
        resource["Metadata"] = {**resource.get("Metadata", {}), "Cloud-Radar": made_up}
    given = {
        name: ",".join(value) if isinstance(value, list) else value for name, value in parameters.items()
    }
    with _identity(context), _sooner():
        expanded = Oracle(body, _Everything("import"), _Everything()).transform(given)
        return _tidied(expanded.render(given, region=str(context.region)))


def _resources(body: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield every resource, those inside loops with the name that the loop fills in."""
    queue = [*body["Resources"].items()]
    while queue:
        name, resource = queue.pop()
        if name.startswith("Fn::ForEach::"):
            queue += resource[2].items()
        else:
            yield name, resource


def _made_up(name: str, attributes: Iterable[str]) -> dict[str, str]:
    return {attribute: deployed("att", f"{name}.{attribute}") for attribute in attributes}


def _attributes(body: Any) -> set[str]:
    """Return each attribute that is asked of a resource, anywhere in the template."""
    found: set[str] = set()
    queue = [body]
    while queue:
        node = queue.pop()
        if isinstance(node, dict):
            argument = node.get("Fn::GetAtt")
            if isinstance(argument, list):
                found |= {part for part in argument[1:] if isinstance(part, str)}
            queue += node.values()
        elif isinstance(node, list):
            queue += node
        elif isinstance(node, str):
            found.update(_ATTRIBUTE.findall(node))
    return found


@contextmanager
def _identity(context: Context) -> Iterator[None]:
    """Give the oracle the stack's identity, and take it back after: it keeps such things in its classes."""
    given = {
        "AccountId": context.account,
        "StackName": context.stack_name,
        "StackId": context.stack_id,
        "NoValue": NOTHING,
    }
    regions = [{"code": region, "zones": zones(region)} for region in _REGIONS]
    with ExitStack() as stack:
        stack.enter_context(patch.object(functions, "REGION_DATA", regions))
        for key, value in given.items():
            stack.enter_context(patch.object(Oracle, key, value))
        yield


@contextmanager
def _sooner() -> Iterator[None]:
    """Let the oracle read and write YAML with the faster half of the same library, and without sorting keys.

    It copies a template by writing and reading it; that its keys come out sorted shows in `Fn::ToJsonString` alone.
    """
    dump = partial(yaml.dump, Dumper=yaml.CDumper, sort_keys=False)
    with patch.object(yaml, "FullLoader", yaml.CFullLoader), patch.object(yaml, "dump", dump):
        yield


def _tidied(template: dict[str, Any]) -> dict[str, Any]:
    """Return the result in the form that is compared, without what `rendered` put in."""
    resources: dict[str, Any] = {}
    for name, resource in template["Resources"].items():
        del resource["Metadata"]["Cloud-Radar"]
        depends = resource.get("DependsOn", [])
        resources[name] = {
            "Type": resource["Type"],
            "Properties": resource["Properties"],
            "DependsOn": depends if isinstance(depends, list) else [depends],
            **{key: resource[key] for key in ATTRIBUTES if resource.get(key)},
        }
    return {
        "Resources": resources,
        "Outputs": template.get("Outputs", {}),
        "Conditions": template.get("Conditions", {}),
    }
