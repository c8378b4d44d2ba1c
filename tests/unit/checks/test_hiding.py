"""One mistake hides no other: whatever is wrong in a config file, the rest of the project is still checked (REQ-V9)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.variances import policy_of, written
from pipelines.workspace import Workspace
from tests.unit.small_project import orders_alone
from validator.checks import CHECKS, Subject, run
from validator.findings import Finding

ROOT = "sceptre/config/config.yaml"
QUEUE = "sceptre/stacks/orders/queue.yaml"
PROD = "sceptre/config/prod/orders/config.yaml"
DAY = datetime.date(2026, 6, 30)
Edit = Callable[[str, str, str], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a copy of this repository's own project with one workload, as far as checks read it."""
    return orders_alone(tmp_path / "project")


@pytest.fixture
def edit(project: Path) -> Edit:
    """Return what replaces a text in a file of the project, once."""

    def replace(file: str, old: str, new: str) -> None:
        path = project / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


def found(root: Path) -> tuple[tuple[Finding, ...], int]:
    """Return the findings of all checks but those of cfn-lint and cfn-guard, and how many stacks were read."""
    loaded = Workspace(root).survey()
    subject = Subject(
        project=loaded.project,
        problems=loaded.problems,
        hierarchy=loaded.hierarchy,
        settings=written(loaded),
        policy=policy_of(root),
        day=DAY,
        lint=lambda: (),
        guard=lambda: (),
        required_tags=loaded.required_tags,
        naming=loaded.naming,
        mended=loaded.mended,
    )
    return run(subject, list(CHECKS.values())), len(loaded.project.stacks)


def keys(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    """Return check and key of each finding."""
    return {(finding.check, finding.key) for finding in findings}


def test_mistakes_of_every_kind_are_found_at_once(project: Path, edit: Edit) -> None:
    """In the root, in an environment, in stack files: each is a finding, none follows from another."""
    _, stacks = found(project)
    edit(ROOT, "project_code:", "protcted: true\nproject_code:")
    edit(PROD, "memory_mb: 2048", "memory_mb: 20480")
    edit(PROD, "throttle_burst: 4000", "throttle_burst: 1")
    edit(QUEUE, "  Lifecycle: !setting lifecycle\n", "  Lifecycel: !setting lifecyle\n")
    edit("sceptre/stacks/orders/table.yaml", "!output keys.DataKeyArn", "!output keys.DataKeyArm")
    edit(
        "templates/table.yaml",
        "Resources:\n",
        "Resources:\n  Odd: { Type: AWS::SQS::Queue, Properties: { QueueName: odd } }\n",
    )
    seen, read = found(project)
    assert keys(seen) >= {
        ("sceptre-keys", "protcted"),
        ("settings", "settings.functions.memory_mb"),
        ("settings", "settings.api.throttle_burst"),
        ("config-files", "parameters.Lifecycel"),
        ("interfaces", "parameters.Lifecycle"),
        ("interfaces", "parameters.Lifecycel"),
        ("interfaces", "parameters.DataKeyArn"),
        ("naming", "Resources.Odd.Properties.QueueName"),
    }
    assert {finding.check for finding in seen} <= {
        *("sceptre-keys", "settings", "config-files", "interfaces", "naming", "template-style", "variances")
    }
    assert read == stacks


@pytest.mark.parametrize(
    ("file", "old", "new", "key"),
    [
        (ROOT, "project_code:", "protcted: true\nproject_code:", ("sceptre-keys", "protcted")),
        (PROD, "settings:", "setings:", ("sceptre-keys", "setings")),
        (PROD, "nat: per_az", "nta: per_az", ("settings", "settings.network.nta")),
        (PROD, "settings:", "protect: maybe\nsettings:", ("config-files", "protect")),
        (QUEUE, "parameters:", "parmeters:", ("sceptre-keys", "parmeters")),
        (QUEUE, "!setting queue.max_receive_count", "[{}]", ("config-files", "parameters.MaxReceiveCount")),
    ],
)
def test_one_mistake_is_found_alone_and_hides_no_stack(
    project: Path, edit: Edit, file: str, old: str, new: str, key: tuple[str, str]
) -> None:
    """What follows from it alone is not said."""
    _, stacks = found(project)
    edit(file, old, new)
    seen, read = found(project)
    assert key in keys(seen)
    assert {finding.check for finding in seen} <= {key[0], "settings", "parity"}
    assert read == stacks


def test_nothing_is_the_same_everywhere_where_a_file_was_not_read(project: Path, edit: Edit) -> None:
    """What two environments share need not be what the third has."""
    edit(PROD, "settings:", "settings: ]")
    assert {finding.check for finding in found(project)[0]} == {"config-files"}


def test_a_stack_that_overrides_what_it_inherits(project: Path, edit: Edit) -> None:
    """Both blocks are named, and all tags that it lacks are one finding in the file that drops them."""
    own = (
        "parameters_inheritance: override\nstack_tags_inheritance: override\nstack_tags: { Team: trading }\n"
    )
    edit(QUEUE, "parameters:\n", f"{own}parameters:\n")
    seen, _ = found(project)
    dropped = [finding for finding in seen if finding.check == "dropped-inheritance"]
    assert {(one.file, one.key) for one in dropped} == {(QUEUE, "parameters"), (QUEUE, "stack_tags")}
    (tags,) = [finding for finding in seen if finding.check == "tags"]
    assert (tags.file, tags.key, tags.environments) == (QUEUE, "stack_tags", ("dev", "staging", "prod"))
    assert "Environment" in tags.message
    assert "ManagedBy" in tags.message
    assert {finding.check for finding in seen} == {"dropped-inheritance", "tags", "interfaces"}
