"""Makes `policy.json` of the project: `python -m pipelines.deployment_rule.reference`; a test fails when it differs."""

from __future__ import annotations

import json
from pathlib import Path

from pipelines.promotion.plain import to_plain
from pipelines.promotion.policy import Policy
from validator.model import Project

from .packaged import FILE


def text(policy: Policy, project: Project) -> str:
    """Return the file."""
    workloads = {
        rule.environment: sorted({stack.workload for stack in project.of(rule.environment)})
        for rule in policy.rules
        if rule.source is not None
    }
    return json.dumps({"rules": to_plain(policy), "workloads": workloads}, indent=1) + "\n"


def made(root: Path) -> str:
    """Return the file of the project below `root`."""
    from pipelines.promotion.policy_file import FILE as POLICY
    from pipelines.promotion.policy_file import read
    from pipelines.workspace import Workspace

    return text(read((root / POLICY).read_text(encoding="utf-8")), Workspace(root).project())


if __name__ == "__main__":
    FILE.write_text(made(Path(__file__).parents[2]), encoding="utf-8")
