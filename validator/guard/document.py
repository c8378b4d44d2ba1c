"""What Guard rules read: one document a stack, made from the `stacks` of `lockstep/render/v1`. Pure (REQ-V7).

    Stack:      Name, Environment, Workload, Account, Region, Parameters
    Resources:  the effective resources, each with `Lockstep: {Id, Ref, Arn}`

Rules are written against three promises, so that each of them needs to know one shape only:

- A symbol is text. `{"$symbol": "ref:Queue"}` becomes `${ref:Queue}`, and a string with symbols in it stays as it
  is written. So a pattern sees through both, and two references to one thing are equal. A literal text of that form
  would be taken for the symbol; CloudFormation has no use for one.
- What belongs to a resource can be found from it: `Lockstep.Ref` and `Lockstep.Arn` are what `Ref` and
  `Fn::GetAtt Arn` of it come to in the others.
- A policy document has one shape: `Statement`, `Action`, `NotAction`, `Resource`, `NotResource` and each kind of
  principal are lists, and the principal `*` is `{AWS: ["*"]}` (IAM User Guide, "Grammar of the IAM JSON policy
  language", allows both forms).

Tags are not there: the eight tags of REQ-P6 are stack tags, which CloudFormation puts on resources itself, so that
`tags` of the stack holds them and a check in Python reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from validator.effective import Symbol, to_json

FACTS = "Lockstep"
"""The key of the facts that are added to each resource."""
_LISTS = ("Action", "NotAction", "Resource", "NotResource")
_PRINCIPALS = ("Principal", "NotPrincipal")


def document(stack: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the rules read of one of the `stacks` of `lockstep/render/v1`."""
    return {
        "Stack": {
            "Name": stack["name"],
            "Environment": stack["environment"],
            "Workload": stack["workload"],
            "Account": shaped(stack["account"]),
            "Region": shaped(stack["region"]),
            "Parameters": shaped(stack["parameters"]),
        },
        "Resources": {name: _resource(name, body) for name, body in stack["resources"].items()},
    }


def facts(name: str) -> dict[str, str]:
    """Return the facts about a resource that rules cannot learn from its body."""
    return {"Id": name, "Ref": f"${{ref:{name}}}", "Arn": f"${{att:{name}.Arn}}"}


def shaped(value: Any) -> Any:
    """Return a value in the one shape that rules are written for: symbols as text, policies as lists."""
    if isinstance(value, Symbol):
        return shaped(to_json(value))
    if isinstance(value, Mapping):
        if value.keys() == {"$symbol"}:
            text = str(value["$symbol"])
            return text if "${" in text else f"${{{text}}}"
        return {key: _policy(shaped(item)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_policy(shaped(item)) for item in value]
    return value


def _resource(name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    properties = _policy(shaped(body.get("Properties", {})))  # an event bus policy is one, with one statement
    return {**{key: shaped(item) for key, item in body.items()}, FACTS: facts(name), "Properties": properties}


def _policy(value: Any) -> Any:
    """Return a policy document with lists where IAM allows a single value; other values as they are."""
    if not isinstance(value, dict) or "Statement" not in value:
        return value
    statements = [_statement(each) for each in _listed(value["Statement"])]
    return {**value, "Statement": statements}


def _statement(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    lists = {key: _listed(item) for key, item in value.items() if key in _LISTS}
    principals = {key: _principal(item) for key, item in value.items() if key in _PRINCIPALS}
    return {**value, **lists, **principals}


def _principal(value: Any) -> Any:
    if isinstance(value, dict):
        return {kind: _listed(names) for kind, names in value.items()}
    return {"AWS": _listed(value)}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
