"""`lockstep.yaml`: typed, with the place and the mend of each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from validator.errors import ConfigurationError, Problem
from validator.foreign.description import read_description, schema
from validator.foreign.survey import pattern_of, survey

from .projects import STACK, write

PIPELINES = Path(__file__).parents[3] / "pipelines"
CHECKS = ("cfn-guard", "cfn-lint", "parity")
WRONG = {
    "an unknown key": ("enviroments: [dev]\n", "enviroments", 1, "did you mean `environments`?"),
    "an unknown key below": ("checks:\n  witout: []\n", "checks.witout", 2, "did you mean `without`?"),
    "an unknown check": (
        "checks:\n  without:\n    - cfnlint\n",
        "checks.without.0",
        2,
        "did you mean `cfn-lint`?",
    ),
    "a wrong kind": ("tags: Team\n", "tags", 1, "see docs/other-projects.md"),
    "an unknown name in a pattern": ('naming: "{env}-*"\n', "naming", 1, "see docs/other-projects.md"),
    "an open brace": ('naming: "{environment-*"\n', "naming", 1, "see docs/other-projects.md"),
    "no folder": ("environments:\n  dev: ../dev\n", "environments", 1, "see docs/other-projects.md"),
    "a part of a name": ("environments:\n  dev: d*\n", "environments", 1, "see docs/other-projects.md"),
    "a name twice": ("environments: [a/dev, b/dev]\n", "environments", 1, "see docs/other-projects.md"),
    "a key twice": ("tags: []\ntags: []\n", "tags", 2, "keep one of the two"),
    "no mapping": ("[a]\n", "", 1, "see docs/other-projects.md"),
}


@pytest.mark.parametrize(("text", "key", "line", "mend"), WRONG.values(), ids=WRONG)
def test_a_mistake_has_its_place_and_its_mend(text: str, key: str, line: int, mend: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_description(text, CHECKS)
    (problem,) = caught.value.problems
    assert (problem.file, problem.key, problem.line) == ("lockstep.yaml", key, line)
    assert mend in problem.hint


def test_the_schema_for_editors_is_that_of_the_types() -> None:
    """Write it anew with: python -c "from validator.foreign.description import schema; print(schema(), end='')"."""
    assert (PIPELINES / "lockstep.schema.json").read_text(encoding="utf-8") == schema()


def test_everything_in_it_is_followed(tmp_path: Path) -> None:
    text = """\
        sceptre: infra
        environments: {blue: "*/one", green: "*/two"}
        variables: {size: big}
        tags: [Team]
        naming: "{environment}-{workload}-*"
        identity: {parameters: [Stage]}
        checks: {without: [cfn-lint]}
        """
    stack = 'template: {path: topic.yaml}\nparameters: {Name: "{{ var.size }}", Stage: b}\n'
    files = {"lockstep.yaml": text, "infra/config/config.yaml": "project_code: acme\nregion: eu-west-1\n"}
    files |= {f"infra/config/app/{name}/web/topic.yaml": stack for name in ("one", "two", "three")}
    root = write(tmp_path, {**files, "infra/templates/topic.yaml": "Resources: {}\n"})
    loaded = survey(root)
    assert loaded.project.environments == ("blue", "green")
    places = [(one.environment, one.path, one.workload, one.name) for one in loaded.project.stacks]
    assert places == [
        ("blue", "app/web/topic", "app", "app/one/web/topic"),
        ("green", "app/web/topic", "app", "app/two/web/topic"),
        ("", "app/three/web/topic", "app", "app/three/web/topic"),
    ]
    blue = loaded.project["app/one/web/topic"]
    assert blue.parameters["Name"] == "big"
    assert str(blue.identity["parameters.Stage"]) == "identity:Stage"
    assert (loaded.house, loaded.required_tags, loaded.without) == (False, ("Team",), {"cfn-lint"})
    assert loaded.naming(blue) == "blue-app-*"
    assert loaded.naming(loaded.project["app/three/web/topic"]) == ""
    assert pattern_of("", blue) == ""


def test_an_environment_without_a_folder_is_refused(tmp_path: Path) -> None:
    root = write(tmp_path, {"lockstep.yaml": "environments:\n  dev: dve\n", "config/dev/topic.yaml": STACK})
    with pytest.raises(ConfigurationError) as caught:
        survey(root)
    message, hint = "the environment dev has no folder dve below config", "did you mean `dev`?"
    assert caught.value.problems == (Problem("lockstep.yaml", "environments.dev", message, hint, 2),)


def test_no_project_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no Sceptre config hierarchy"):
        survey(tmp_path)
    (tmp_path / "lockstep.yaml").write_text("sceptre: ../elsewhere\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="is no folder of this project"):
        survey(tmp_path)
