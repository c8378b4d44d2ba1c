"""`lockstep list`: what there is, offline, here and in a project that was not born here (REQ-X2)."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines import cli, listing
from pipelines.commands import list as command
from pipelines.promotion.gates import GATES
from pipelines.promotion.policy_file import FILE
from pipelines.promotion.policy_file import read as read_policy
from tests.unit.foreign.projects import CORPUS, STACK, write
from tests.unit.pipelines.test_cli import ROOT, validate
from tests.unit.pipelines.test_hostile_values import HOSTILE
from tests.unit.small_project import rendered
from validator.checks import CHECKS
from validator.environments import PLACES

BASE = ROOT / "tests/corpus/projects/good/base"
HOME = ROOT / "tests/corpus/projects/good/home"
POLICY = read_policy((ROOT / FILE).read_text(encoding="utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a small project of our own, with the policy of this repository."""
    target = shutil.copytree(BASE, tmp_path / "project", symlinks=True)
    (target / FILE).parent.mkdir()
    shutil.copy(ROOT / FILE, target / FILE)
    return target


def listed(project: Path, capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    """Return the rows that a listing prints as JSON, which keeps its schema."""
    assert cli.run(["list", *words, "--project", str(project), "--format", "json"]) == cli.SUCCESS
    document: dict[str, Any] = validate(capsys.readouterr().out, "list")
    assert document["kind"] == (words[0] if words else "stacks")
    found: list[dict[str, Any]] = document[document["kind"]]
    return found


def test_stacks_are_what_is_listed_by_default(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed(project, capsys)
    assert rows == listed(project, capsys, "stacks")
    assert [row["name"] for row in rows][:2] == ["dev/orders/archive", "dev/orders/queue"]
    assert rows[0] == {
        "name": "dev/orders/archive",
        "environment": "dev",
        "workload": "orders",
        "account": "111111111111",
        "region": "us-east-1",
        "template": "templates/archive.yaml",
        "dependencies": ["dev/orders/queue"],
    }


def test_environments_tell_place_and_branch(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed(project, capsys, "environments")
    assert [(row["name"], row["order"], row["branch"], row["stacks"]) for row in rows] == [
        ("dev", 1, "env/dev", 2),
        ("staging", 2, "env/staging", 2),
        ("prod", 3, "env/prod", 2),
    ]
    assert rows[1]["accounts"] == ["222222222222"]
    assert rows[1]["regions"] == ["us-east-2"]


def test_workloads_span_environments(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = listed(project, capsys, "workloads")
    assert row == {
        "name": "orders",
        "environments": ["dev", "staging", "prod"],
        "accounts": ["111111111111", "222222222222", "333333333333"],
        "regions": ["us-east-1", "us-east-2"],
        "stacks": 6,
    }


def test_templates_tell_who_uses_them(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = listed(project, capsys, "templates")
    assert {row["path"]: row["used_by"] for row in rows} == {
        f"templates/{name}.yaml": [f"{place}/orders/{name}" for place in ("dev", "staging", "prod")]
        for name in ("archive", "queue")
    }


@pytest.mark.parametrize("kind", ["stacks", "environments", "templates"])
def test_environments_narrow(kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To one or to several, in the order of the project, each row once."""
    rows = str(listed(project, capsys, kind, "prod", "dev", "prod"))
    assert "staging" not in rows
    assert 0 < rows.index("dev") < rows.index("prod")
    assert len(listed(project, capsys, kind, "dev")) == (1 if kind == "environments" else 2)


def test_checks_are_those_of_the_registry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also where there is no project yet."""
    rows = listed(tmp_path, capsys, "checks")
    assert [row["id"] for row in rows] == list(CHECKS)
    assert {"error", "warning"} == {row["severity"] for row in rows}
    assert {row["id"] for row in rows if row["house"]} == {one.id for one in CHECKS.values() if one.house}


def test_gates_tell_who_asks_them(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As the policy says: the first environment has nothing to soak in, and some gates may be left out."""
    path = project / FILE
    text = path.read_text(encoding="utf-8").replace(
        "branch: env/staging\n", "branch: env/staging\n    without: [branch]\n"
    )
    path.write_text(text, encoding="utf-8")
    asked = {row["id"]: row["environments"] for row in listed(project, capsys, "gates")}
    assert list(asked) == list(GATES)
    assert asked["soak"] == ["staging", "prod"]
    assert asked["branch"] == ["dev", "prod"]
    assert asked["approval"] == ["dev", "staging", "prod"]


def test_the_home_is_in_no_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It is listed first, as what is deployed first, and may be named."""
    project = shutil.copytree(HOME, tmp_path / "project", symlinks=True)
    first, *_ = listed(project, capsys, "environments")
    assert (first["name"], first["order"], first["branch"]) == ("shared", None, None)
    assert {row["environment"] for row in listed(project, capsys, "stacks", "shared")} == {"shared"}


def test_regions_are_those_of_stack_sets_too() -> None:
    """An environment is where its StackSets reach, not only where its stacks stand (REQ-P3)."""
    rows = {row.name: row for row in listing.environments(rendered(), PLACES, POLICY)}
    assert rows["prod"].regions == ("eu-west-1", "us-east-1", "us-west-2")
    stand = {one["region"] for one in rendered() if one["environment"] == "prod"}
    assert stand == {"eu-west-1", "us-east-1"}
    assert [row.order for row in rows.values()] == [None, 1, 2, 3]


@pytest.mark.parametrize(
    "group", [None, {"$symbol": "x"}, [{"$symbol": "x"}], [{"Regions": {"$symbol": "x"}}], ["x"]]
)
def test_a_region_that_is_not_known_yet_is_left_out(group: Any) -> None:
    """What a StackSet is given only at deployment."""
    (stack,) = [copy.deepcopy(one) for one in rendered() if one["name"] == "prod/control/regional-storage"]
    for resource in stack["resources"].values():
        resource["Properties"]["StackInstancesGroup"] = group
    (row,) = listing.workloads([stack], PLACES)
    assert row.regions == (stack["region"],)


def test_accounts_are_those_of_stack_sets_too() -> None:
    """Those that a StackSet names, beside that of its stack."""
    (stack,) = [copy.deepcopy(one) for one in rendered() if one["name"] == "prod/control/regional-storage"]
    for resource in stack["resources"].values():
        resource["Properties"]["StackInstancesGroup"] = [
            {"DeploymentTargets": {"Accounts": ["111111111111"]}}
        ]
    (row,) = listing.workloads([stack], PLACES)
    assert row.accounts == ("111111111111", "333333333333")


@pytest.mark.parametrize("kind", ["environments", "gates"])
def test_without_a_policy_it_is_told(kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No order, no branch, no gate asked; on standard error why."""
    (project / FILE).unlink()
    assert cli.run(["list", kind, "--project", str(project)]) == cli.SUCCESS
    assert f"note: there is no {FILE}" in capsys.readouterr().err
    for row in listed(project, capsys, kind):
        assert not (row["environments"] if kind == "gates" else row["order"] or row["branch"])


@pytest.mark.parametrize("kind", ["environments", "gates"])
def test_a_wrong_policy_is_named(kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 with file, line and mend; what does not need it is listed all the same."""
    path = project / FILE
    path.write_text(
        path.read_text(encoding="utf-8").replace("soak_minutes: 60", "soak_minutes: 5"), encoding="utf-8"
    )
    assert cli.run(["list", kind, "--project", str(project)]) == cli.USAGE
    error = capsys.readouterr().err
    assert f"{FILE}:" in error
    assert "environments.prod.soak_minutes" in error
    assert "mend:" in error
    assert listed(project, capsys, "stacks")


def test_an_unknown_environment_is_named(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2 with the nearest, for machines too."""
    assert cli.run(["list", "stacks", "dev", "prd", "--project", str(project)]) == cli.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "prd: is no environment of this project" in captured.err
    assert "did you mean `prod`?" in captured.err
    assert cli.run(["list", "templates", "qa", "--project", str(project), "--format", "json"]) == cli.USAGE
    assert validate(capsys.readouterr().out, "error")["kind"] == "configuration"


@pytest.mark.parametrize("kind", ["workloads", "checks", "gates"])
def test_what_nothing_narrows_takes_no_environment(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["list", kind, "dev"]) == cli.USAGE
    assert f"{kind} are not narrowed by an environment; leave dev out" in capsys.readouterr().err


def test_an_environment_alone_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["list", "dev"]) == cli.USAGE
    assert "`lockstep list stacks ENV`" in capsys.readouterr().err


@pytest.mark.parametrize("kind", [kind for kind in listing.KINDS if kind != "checks"])
def test_a_folder_without_a_project_is_named(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["list", kind, "--project", str(tmp_path)]) == cli.USAGE
    captured = capsys.readouterr()
    assert "there is no Sceptre config hierarchy here" in captured.err
    assert captured.out == ""


@pytest.mark.parametrize("kind", listing.KINDS)
@pytest.mark.parametrize("name", ["typical", "flat"])
def test_another_project_is_listed(
    kind: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of ours is needed in it: no policy, no tags, no accounts, and no environment even."""
    rows = listed(shutil.copytree(CORPUS / name, tmp_path / name), capsys, kind)
    assert bool(rows) is (name == "typical" or kind not in {"environments", "workloads"})


def test_another_project_is_in_no_order_of_promotion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its environments are those that it names, or that are given; a file like our policy is its own affair."""
    project = write(
        tmp_path, {"config/a/app/queue.yaml": STACK, "config/b/queue.yaml": STACK, FILE: "steps: []\n"}
    )
    arguments = ["--environment", "prod=b", "--environment", "dev=a"]
    rows = listed(project, capsys, "environments", *arguments)
    assert [(row["name"], row["order"], row["branch"]) for row in rows] == [
        ("prod", None, None),
        ("dev", None, None),
    ]
    assert [row["name"] for row in listed(project, capsys, "stacks", "dev", *arguments)] == ["a/app/queue"]
    assert not any(row["environments"] for row in listed(project, capsys, "gates"))
    assert cli.run(["list", "environments", "--project", str(project)]) == cli.SUCCESS
    assert "note: this project was not born here" in capsys.readouterr().err


@pytest.mark.parametrize("kind", listing.KINDS)
def test_a_row_is_a_line(kind: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A table with a head, whole where no terminal reads it; it names what the JSON names, in the same order."""
    rows = listed(project, capsys, kind)
    assert cli.run(["list", kind, "--project", str(project)]) == cli.SUCCESS
    head, *lines = capsys.readouterr().out.splitlines()
    (first, *_) = rows[0]
    assert head.startswith(first)
    assert [line.split()[0] for line in lines] == [row[first] for row in rows]
    for row, line in zip(rows, lines, strict=True):
        for value in row.values():
            if isinstance(value, list):
                assert ", ".join(value) in line


def test_a_row_of_many_names_is_a_line_too(capsys: pytest.CaptureFixture[str]) -> None:
    users = tuple(f"prod/orders/queue-{number}" for number in range(100))
    command._print("templates", [{"path": "templates/queue.yaml", "used_by": users}])
    head, line = capsys.readouterr().out.splitlines()
    assert head == head.rstrip(), "it is as long as the longest row"
    assert line.split(maxsplit=1)[1] == ", ".join(users)


def test_a_narrow_screen_cuts_no_name(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is folded instead."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")
    assert cli.run(["list", "--project", str(project)]) == cli.SUCCESS
    out = capsys.readouterr().out
    assert "dev/orders/archive" not in out
    assert "\u2026" not in out


@pytest.mark.parametrize(("value", "shown"), HOSTILE)
def test_every_value_is_shown_as_it_is(value: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    command._print("templates", [{"path": value, "used_by": (value, "x")}])
    out = capsys.readouterr().out
    assert out.count(shown) == 2
    assert all(char.isprintable() or char == "\n" for char in out)


def test_the_schema_refuses_another_kind() -> None:
    """Rows are those of the kind that is named."""
    for broken in (
        '"kind": "stacks"',
        '"kind": "stacks", "gates": []',
        '"kind": "gates", "gates": [{"id": "soak"}]',
    ):
        with pytest.raises(jsonschema.ValidationError):
            validate(f'{{"schema": "lockstep/list/v1", {broken}}}', "list")


@pytest.mark.parametrize("name", ["checks", "stacks"])
def test_it_needs_no_aws(
    name: str, project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    """No client is ever made."""

    def fault(*_: object, **__: object) -> None:
        raise AssertionError("AWS was asked")

    monkeypatch.setattr("botocore.session.Session.create_client", fault)
    assert listed(project, capsys, name)
