"""What config files may hold, beside the corpus of bad projects (REQ-P1, P2, V1)."""

from __future__ import annotations

import inspect
import shutil
from pathlib import Path

import pytest
from sceptre.config.reader import CONFIG_MERGE_STRATEGIES, STACK_GROUP_CONFIG_ATTRIBUTES
from sceptre.plan.actions import StackActions

from tests.unit.test_bad_projects import PROJECTS
from validator.config_reader import refused_resolvers
from validator.config_shapes import GroupFile, HookPoints, StackFile
from validator.errors import ConfigurationError
from validator.layout import Layout
from validator.loader import load
from validator.settings import OrdersSettings
from validator.settings.rules import sharing_an_account
from validator.strict_yaml import parse


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PROJECTS / "good" / "base", tmp_path / "project", symlinks=True))


def test_the_shapes_know_the_keys_that_sceptre_knows() -> None:
    """No key more, no key less: a new version of Sceptre shows here."""
    group = set(CONFIG_MERGE_STRATEGIES) | set().union(*STACK_GROUP_CONFIG_ATTRIBUTES)
    assert set(GroupFile.model_fields) == group | {"account", "settings", "workloads"}
    only_groups = {"project_code", "region", "required_version", "j2_environment"}
    assert set(StackFile.model_fields) == set(CONFIG_MERGE_STRATEGIES) - only_groups | {"template_key_prefix"}


def test_the_hook_points_are_those_at_which_sceptre_runs_hooks() -> None:
    actions = {
        name for name, method in inspect.getmembers(StackActions) if "add_stack_hooks" in source_of(method)
    }
    assert "create" in actions
    assert set(HookPoints.model_fields) == {
        f"{when}_{name}" for when in ("before", "after") for name in actions
    }


def source_of(method: object) -> str:
    """Return the decorators and the text of a method; nothing for what has none."""
    return inspect.getsource(method) if inspect.isfunction(method) else ""


def test_every_resolver_that_reads_the_outside_is_refused() -> None:
    outside = {
        "!environment_variable",
        "!file_contents",
        "!stack_output",
        "!stack_output_external",
        "!stack_attr",
    }
    refused = set(refused_resolvers())
    assert outside - {"!stack_attr"} <= refused
    assert not refused & {"!setting", "!output", "!join", "!no_value"}


def test_a_copy_with_the_same_content_is_the_same_stack(project: Path) -> None:
    link = project / "sceptre/config/prod/orders/queue.yaml"
    text = link.read_bytes()
    link.unlink()
    link.write_bytes(text)
    assert list(Layout(project).problems()) == []
    link.write_bytes(text + b"# prod\n")
    (problem,) = Layout(project).problems()
    assert (problem.file, problem.check) == ("sceptre/config/prod/orders/queue.yaml", "stack-files")


def test_copies_without_a_shared_file_are_compared_with_the_first_environment(project: Path) -> None:
    shared = project / "sceptre/stacks/orders/queue.yaml"
    text = shared.read_text(encoding="utf-8")
    shared.unlink()
    for environment in ("dev", "staging", "prod"):
        path = project / f"sceptre/config/{environment}/orders/queue.yaml"
        path.unlink()
        path.write_text(text + ("# other\n" if environment == "staging" else ""), encoding="utf-8")
    (problem,) = Layout(project).problems()
    assert (problem.file, "dev" in problem.message) == ("sceptre/config/staging/orders/queue.yaml", True)


def test_a_template_that_is_a_link_out_of_the_project_is_refused(project: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    template = project / "templates/queue.yaml"
    shutil.move(template, outside)
    template.symlink_to(outside)
    with pytest.raises(ConfigurationError) as caught:
        load(project)
    (problem,) = caught.value.problems
    assert (problem.file, problem.key) == ("sceptre/stacks/orders/queue.yaml", "template.path")
    assert "outside" in problem.message


def test_a_workload_may_share_an_account(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """REQ-P3: trading does; it is a property of the workload's model."""
    (project / "sceptre/config/prod/config.yaml").write_text('account: "222222222222"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError):
        load(project)
    monkeypatch.setattr(OrdersSettings, "ONE_ACCOUNT_AN_ENVIRONMENT", False)
    assert list(sharing_an_account(load(project).settings)) == []


def test_an_anchor_used_twice_is_no_circle() -> None:
    document = parse("a: &a [1, {b: 2}]\nc: *a\nd: {<<: {e: 1}, f: *a}\n", "x.yaml")
    assert document.value == {"a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": {"e": 1, "f": [1, {"b": 2}]}}
