"""The project's cfn-lint configuration file: what is followed, what is refused, what is said not to be followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.linting import NO_SETTINGS, lint, settings_of
from validator.errors import ConfigurationError
from validator.findings import Severity

from .samples import GOOD, request

ROOT = Path(__file__).parents[3]


def write(root: Path, text: str, name: str = ".cfnlintrc.yaml") -> None:
    (root / name).write_text(text, encoding="utf-8")


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    assert settings_of(tmp_path) == NO_SETTINGS
    write(tmp_path, "# nothing\n")
    assert settings_of(tmp_path) == NO_SETTINGS


def test_the_first_file_in_the_order_of_cfn_lint_counts(tmp_path: Path) -> None:
    for name in (".cfnlintrc.yml", ".cfnlintrc.yaml", ".cfnlintrc"):
        write(tmp_path, f"ignore_checks: [{name}]\n", name)
        assert settings_of(tmp_path).values == {"ignore_checks": [name]}


def test_what_is_decided_elsewhere_is_not_read() -> None:
    """Templates, regions and parameters come from the Sceptre configuration."""
    assert settings_of(ROOT).values == {"include_checks": ["I"]}
    assert settings_of(ROOT).warnings == ()


def test_informational_findings_are_the_projects_choice(tmp_path: Path) -> None:
    write(tmp_path, "include_checks: [I]\n")
    assert not [f for f in lint([request(GOOD)], None, 1) if f.message.startswith("I")]
    assert [f for f in lint([request(GOOD)], None, 1, settings_of(tmp_path)) if f.message.startswith("I3011")]


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("include_checks: I\n", "include_checks", 1),
        ("\nignore_checks: [1]\n", "ignore_checks", 2),
        ("include_experimental: some\n", "include_experimental", 1),
        ("configure_rules: {E3012: strict}\n", "configure_rules", 1),
        ("- I\n", "", 1),
        ("a: [\n", "", 2),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, text: str, key: str, line: int) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationError) as raised:
        settings_of(tmp_path)
    (problem,) = raised.value.problems
    assert (problem.file, problem.key, problem.line) == (".cfnlintrc.yaml", key, line)
    assert problem.hint


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".cfnlintrc").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        settings_of(tmp_path)


def test_code_of_the_project_is_not_run_and_that_is_said(tmp_path: Path) -> None:
    """Neither from the configuration file nor from the template's own Metadata."""
    rules, ran = tmp_path / "rules", tmp_path / "ran"
    rules.mkdir()
    (rules / "Own.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    write(tmp_path, f"ignore_checks: []\nappend_rules: [{rules}]\n")
    text = f"Metadata: {{cfn-lint: {{config: {{append_rules: [{rules}]}}}}}}\n{GOOD}"
    (warning,) = lint([request(text)], None, 1, settings_of(tmp_path))
    assert (warning.severity, warning.file, warning.key, warning.line) == (
        Severity.WARNING,
        ".cfnlintrc.yaml",
        "append_rules",
        2,
    )
    assert not ran.exists()
