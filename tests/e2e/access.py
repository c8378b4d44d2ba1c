"""What roles are granted against what they used: nothing denied, nothing granted that nobody needs (REQ-P8).

Granted are the Allow statements of a role's own and attached policies, as IAM shows them; used is what the sandbox's
log of decisions has. `granted.yaml`, and of `orders` `granted_orders.yaml`, list what no test uses and a role needs all
the same, each with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

REVIEWED = Path(__file__).parent / "granted.yaml"
OF_RULE = ("shared-control-answerer-*", "shared-control-receiver-*")
"""Roles of the deployment protection rule, which `test_deployment_rule.py` holds to what they use."""


@dataclass(frozen=True, slots=True, order=True)
class Access:
    """One action of one role."""

    role: str
    """ARN."""

    action: str
    """As a policy or the log has it; a policy's may hold wildcards."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What may be granted without a test that uses it."""

    role: str
    """Pattern of the role's name."""

    action: str
    """Pattern of the action."""

    reason: str

    def covers(self, access: Access) -> bool:
        """Tell whether it speaks of this role and action."""
        name = access.role.rpartition("/")[2]
        return fnmatchcase(name, self.role) and fnmatchcase(access.action.lower(), self.action.lower())


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two lists that a test expects to be empty, and the reviewed entries that no role needs any more."""

    denied: tuple[Access, ...]
    unused: tuple[Access, ...]
    stale: tuple[Reviewed, ...]

    def __str__(self) -> str:
        lists = [("denied", self.denied), ("granted and not used", self.unused)]
        lines = [f"{title}: {one.action} of {one.role}" for title, found in lists for one in found]
        lines += [f"reviewed for nothing: {one.action} of {one.role}" for one in self.stale]
        return "\n".join(lines) or "nothing denied, nothing unused"


def reviewed(path: Path = REVIEWED) -> list[Reviewed]:
    """Read the reviewed list; KeyError for an entry without role, actions or reason."""
    entries = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or ()
    return [
        Reviewed(entry["role"], action, entry["reason"]) for entry in entries for action in entry["actions"]
    ]


def granted(iam: Any, names: str = "*") -> list[Access]:
    """Return what the roles of an account whose name matches are allowed, wildcards as they stand."""
    found = set()
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            if fnmatchcase(role["RoleName"], names):
                documents = _documents(iam, role["RoleName"])
                found |= {
                    Access(role["Arn"], action) for document in documents for action in _allowed(document)
                }
    return sorted(found)


def _documents(iam: Any, name: str) -> list[Mapping[str, Any]]:
    own = iam.list_role_policies(RoleName=name)["PolicyNames"]
    found = [iam.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in own]
    for one in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=one["PolicyArn"])["Policy"]["DefaultVersionId"]
        policy = iam.get_policy_version(PolicyArn=one["PolicyArn"], VersionId=version)
        found.append(policy["PolicyVersion"]["Document"])
    return found


def _allowed(document: Mapping[str, Any]) -> list[str]:
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    found: list[str] = []
    for statement in statements:
        actions = statement.get("Action", []) if statement["Effect"] == "Allow" else []
        found += [actions] if isinstance(actions, str) else actions
    return found


def compare(
    grants: Sequence[Access], log: Iterable[Mapping[str, Any]], review: Sequence[Reviewed] = ()
) -> Comparison:
    """Compare grants with the summary of the log; only the roles of the grants are looked at."""
    roles = {grant.role for grant in grants}
    asked = [one for one in log if one["principal"] in roles]
    used = {(one["principal"], one["action"].lower()) for one in asked if one["decision"] == "Allow"}
    denied = {Access(one["principal"], one["action"]) for one in asked if one["decision"] != "Allow"}
    idle = [
        grant
        for grant in grants
        if not any(role == grant.role and fnmatchcase(action, grant.action.lower()) for role, action in used)
    ]
    stale = [entry for entry in review if not any(entry.covers(grant) for grant in idle)]
    unused = [grant for grant in idle if not any(entry.covers(grant) for entry in review)]
    return Comparison(tuple(sorted(denied)), tuple(sorted(unused)), tuple(stale))
