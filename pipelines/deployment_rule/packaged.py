"""The policy and the workloads that the function's package holds: what `reference` made of the project. I/O (REQ-G9).

A changed policy counts here once the function is deployed again; `lockstep deploy` reads that of the release itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.promotion.plain import from_plain
from pipelines.promotion.policy import Policy

FILE = Path(__file__).with_name("policy.json")


@dataclass(frozen=True, slots=True)
class Packaged:
    """The policy, and the workloads of each environment that a release comes to from another."""

    policy: Policy
    workloads: Mapping[str, tuple[str, ...]]

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that the rule stands before: into the first a release comes from nowhere."""
        return tuple(rule.environment for rule in self.policy.rules if rule.source is not None)


def packaged(text: str | None = None) -> Packaged:
    """Return what the package holds. Raises ValueError where an environment has no workload, KeyError for a hole."""
    values = json.loads(FILE.read_text(encoding="utf-8") if text is None else text)
    found = Packaged(
        from_plain(values["rules"]),
        {name: tuple(workloads) for name, workloads in values["workloads"].items()},
    )
    if not all(found.workloads.get(name) for name in found.environments):
        raise ValueError("an environment that a release comes to has no workload")
    return found
