"""What belongs to no environment: it is listed and deployed like one, and compared with none (REQ-P1, REQ-C2)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.sceptre_plugins.elsewhere import accounts_of, home_of
from pipelines.variances import written
from pipelines.workspace import Workspace
from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError
from validator.loader import Loaded, survey
from validator.parity import pairs_of

HOME = Path(__file__).parents[2] / "corpus" / "projects" / "good" / "home"
OWN = "sceptre/config/shared/control/config.yaml"
Edit = Callable[[str, str, str], None]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return shutil.copytree(HOME, tmp_path / "project", symlinks=True)


@pytest.fixture
def edit(project: Path) -> Edit:
    def change(file: str, old: str, new: str) -> None:
        text = (project / file).read_text(encoding="utf-8")
        assert old in text
        (project / file).write_text(text.replace(old, new), encoding="utf-8")

    return change


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return survey(HOME)


def test_it_is_a_place_and_no_environment(loaded: Loaded) -> None:
    assert loaded.problems == ()
    assert loaded.project.environments == ENVIRONMENTS
    assert loaded.project.places == ("shared", *ENVIRONMENTS)
    assert [stack.path for stack in loaded.project.of("shared")] == ["control/bus", "control/queue"]


def test_it_is_deployed_in_the_order_of_its_outputs(loaded: Loaded) -> None:
    batches = loaded.project.batches("shared")
    assert [[stack.short_name for stack in batch] for batch in batches] == [["queue"], ["bus"]]
    assert {stack.role_arn for batch in batches for stack in batch} == {
        "arn:aws:iam::333333333333:role/shared-lockstep-deploy"
    }


def test_it_is_compared_with_none(loaded: Loaded) -> None:
    """REQ-V3: neither its stacks nor its settings are a side of a comparison."""
    labels = {half.label for pair in pairs_of(loaded.project) for half in (pair.left, pair.right)}
    assert labels == set(ENVIRONMENTS)
    assert all(set(values) == set(ENVIRONMENTS) for values in written(loaded).values())
    assert ("control", "tracker.memory_mb") not in written(loaded)


def test_it_is_rendered_by_name(project: Path) -> None:
    stacks = Workspace(project).rendered("shared")
    assert {stack["environment"] for stack in stacks} == {"shared"}
    (bus,) = (stack for stack in stacks if stack["name"] == "shared/control/bus")
    assert bus["parameters"]["DevAccounts"] == ["111111111111"]


def test_environments_name_the_home_and_stay_alike(loaded: Loaded) -> None:
    """REQ-P8: the home is for all of them, though its account is prod's too."""
    for environment in ENVIRONMENTS:
        stack = loaded.project[f"{environment}/control/forwarder"]
        assert stack.parameters["HomeAccount"] == "333333333333"
        assert stack.parameters["HomeRegion"] == "us-west-2"
        assert str(stack.parameters["TemplateKey"]).startswith("templates/")


def test_a_value_of_the_root_is_not_written_again(project: Path, edit: Edit) -> None:
    """REQ-P1: the home has what all environments share."""
    assert survey(project).project.warnings == ()
    edit(OWN, "  archive:\n", "  schedules:\n    reconcile_minutes: 15\n  archive:\n")
    (warning,) = survey(project).project.warnings
    assert (warning.file, warning.key) == (OWN, "settings.schedules.reconcile_minutes")


def test_an_address_with_a_secret_is_refused_where_it_stands(project: Path, edit: Edit) -> None:
    """REQ-P7: by file and key, with what to do, and without the address."""
    entry = "{protocol: https, endpoint: 'https://hooks.example.com/a?token=s3cr3t'}"
    edit(OWN, "subscriptions: []", f"subscriptions: [{entry}]")
    (problem,) = survey(project).problems
    assert (problem.file, problem.key) == (OWN, "settings.notifications.subscriptions.0.endpoint")
    assert "subscribe this one by hand from Secrets Manager" in str(problem)
    assert "s3cr3t" not in str(problem)


def test_a_template_that_changes_is_another_object(project: Path, edit: Edit) -> None:
    """REQ-C10: so a StackSet is brought to it."""
    before = survey(project).project["dev/control/forwarder"].parameters["TemplateKey"]
    edit("templates/queue.yaml", "as small as", "nearly as small as")
    assert survey(project).project["dev/control/forwarder"].parameters["TemplateKey"] != before


def test_accounts_of_an_environment_are_those_of_its_workloads(project: Path, edit: Edit) -> None:
    edit("sceptre/config/dev/control/config.yaml", "region:", 'account: "444444444444"\nregion:')
    assert accounts_of(project, "dev") == ["111111111111", "444444444444"]
    assert accounts_of(project, "prod") == ["333333333333"]
    assert accounts_of(project, "prod dev") == ["333333333333", "111111111111", "444444444444"]


def test_an_environment_without_accounts_is_an_error(project: Path) -> None:
    (project / "sceptre/config/dev/config.yaml").write_text("settings: {}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is missing"):
        accounts_of(project, "dev")


def test_a_workload_without_a_home_has_none() -> None:
    with pytest.raises(ConfigurationError, match="orders has nothing in sceptre/config/shared"):
        home_of(HOME, "orders", {})
