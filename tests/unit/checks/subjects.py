"""Subjects made by hand, for what would be clumsy as a project on disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from validator.checks import Subject
from validator.model import REQUIRED_TAGS, Project, Stack
from validator.parity import Policy

from .corpus import DAY

ACCOUNTS = {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}


@dataclass(frozen=True, slots=True)
class NowhereWritten:
    """A hierarchy in which nothing has a place; `groups` are the levels of every stack."""

    groups: tuple[tuple[str, Mapping[str, Any]], ...] = ()

    def written(self, stack: str, file: str, path: tuple[str, ...]) -> tuple[str, int | None]:
        """Return the stack's own file, and no line."""
        return file, None

    def levels(self, stack: str, file: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return the groups."""
        return list(self.groups)

    def setting(self, environment: str, group: str, path: tuple[str, ...]) -> tuple[str, str, int | None]:
        """Return no place."""
        return "", ".".join(path), None


def stack(body: str, name: str = "dev/orders/queue", **changes: Any) -> Stack:
    """Return a stack of a template's text, with the required tags."""
    environment, workload = name.split("/")[:2]
    values: dict[str, Any] = {
        "name": name,
        "environment": environment,
        "workload": workload,
        "account": ACCOUNTS[environment],
        "region": "us-east-1",
        "role_arn": "",
        "external_name": name.replace("/", "-"),
        "file": f"{name}.yaml",
        "template": f"templates/{name.rpartition('/')[2]}.yaml",
        "body": body,
        "parameters": {},
        "tags": {**dict.fromkeys(REQUIRED_TAGS, "x"), "Environment": environment, "Workload": workload},
        "dependencies": (),
    }
    return Stack(**{**values, **changes})


def subject_of(
    *stacks: Stack,
    house: bool = True,
    naming: Callable[[Stack], str] = lambda stack: "",
    groups: tuple[tuple[str, Mapping[str, Any]], ...] = (),
) -> Subject:
    """Return the subject of some stacks, in which cfn-lint and cfn-guard find nothing."""
    environments = tuple(dict.fromkeys(one.environment for one in stacks))
    return Subject(
        project=Project(environments, stacks),
        problems=(),
        hierarchy=NowhereWritten(groups),
        settings={},
        policy=Policy("variance.yaml"),
        day=DAY,
        lint=lambda: (),
        guard=lambda: (),
        house=house,
        naming=naming,
    )
