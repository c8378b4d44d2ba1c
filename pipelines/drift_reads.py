"""What drift detection has to be allowed to read: made from the templates' resource types and their schemas (REQ-C4).

`python -m pipelines.drift_reads` writes the list into the two templates that carry it; a test fails when it differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

TYPE = re.compile(r"^ +Type: (AWS::\w+::\w+)$", re.MULTILINE)
PLACE = re.compile(r"( +)Action: # drift reads: made by pipelines\.drift_reads\n(?: +- [\w-]+:\w+\n)*")
CARRIERS = ("agent-boundary", "drift-reads")
"""Templates that hold the list: the policy, and the boundary that must not cut it."""

EXCEPTIONS = frozenset(
    {
        "iam:PassRole",
        "kms:Decrypt",
        "secretsmanager:GetSecretValue",
        "vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation",
    }
)
"""What schemas name and the policy does not: reading passes no role; a key is opened for the environment of a function
alone, in a statement of its own; a secret's value is no property that drift compares; and the last is no action that
IAM knows, nor one that an endpoint asks for."""


def resource_types(templates: Iterable[str]) -> list[str]:
    """Return the resource types that the texts of templates declare, sorted."""
    return sorted({found for text in templates for found in TYPE.findall(text)})


def read_actions(types: Iterable[str]) -> list[str]:
    """Return the IAM actions with which CloudFormation reads resources of the types, by their schemas.

    A type without a read handler adds none: drift detection does not cover it (aws-facts.md).
    """
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    found: set[str] = set()
    for name in types:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
        found |= set(schema.get("handlers", {}).get("read", {}).get("permissions", ()))
    return sorted(found - EXCEPTIONS)


def with_actions(text: str, actions: Iterable[str]) -> str:
    """Return a template's text with the list in its place; a text without the place stays."""
    lines = list(actions)

    def block(match: re.Match[str]) -> str:
        indent = match[1]
        head = f"{indent}Action: # drift reads: made by pipelines.drift_reads\n"
        return head + "".join(f"{indent}  - {action}\n" for action in lines)

    return PLACE.sub(block, text)


def renewed(folder: Path) -> dict[Path, str]:
    """Return what the carriers in a folder of templates should hold."""
    actions = read_actions(
        resource_types(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml")))
    )
    paths = [folder / f"{name}.yaml" for name in CARRIERS]
    return {path: with_actions(path.read_text(encoding="utf-8"), actions) for path in paths}


def main() -> None:
    """Write the lists into the templates."""
    for path, text in renewed(Path(__file__).parents[1] / "templates").items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
