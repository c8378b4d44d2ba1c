"""What the checks are told of the policy of promotions and of GitHub's protection (REQ-G3, REQ-G8)."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.check import check
from pipelines.policies import problems_of, text_of
from tests.unit.checks.corpus import CORPUS, assemble
from tests.unit.small_project import ROOT, repository
from validator.errors import ConfigurationError

POLICY, PROTECTION = "pipelines/promotion.yaml", ".github/environments.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with this repository's own two files."""
    for file in (POLICY, PROTECTION):
        (tmp_path / file).parent.mkdir()
        (tmp_path / file).write_text((ROOT / file).read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def found(root: Path, *, unread: bool = False) -> list[tuple[str, str, str]]:
    """Return check, file and message of each mistake, for the stacks of this repository."""
    project = repository().project
    project = replace(project, unread=frozenset({"dev/orders/api"})) if unread else project
    return [(one.check, one.file, one.message) for one in problems_of(root, project)]


def test_what_this_repository_asks_for_is_right(root: Path) -> None:
    assert found(root) == []


@pytest.mark.parametrize("leads", [True, False])
def test_a_policy_that_is_a_link_is_found(root: Path, leads: bool) -> None:
    """git keeps where it leads, and no policy; also where it leads nowhere."""
    (root / POLICY).rename(root / "elsewhere")
    (root / POLICY).symlink_to("../elsewhere" if leads else "nowhere")
    (root / PROTECTION).unlink()
    assert found(root) == [("promotion-policy", POLICY, "is a link")]


def test_a_file_that_cannot_be_read_is_found_without_the_path_of_a_machine(root: Path) -> None:
    for file in (POLICY, PROTECTION):
        (root / file).write_bytes(b"\xff")
    reason = "cannot be read: it is no UTF-8 text"
    assert found(root) == [("promotion-policy", POLICY, reason), ("protection", PROTECTION, reason)]
    (root / PROTECTION).unlink()
    (root / PROTECTION).symlink_to("nowhere")
    assert found(root)[1] == ("protection", PROTECTION, "cannot be read: No such file or directory")
    with pytest.raises(
        ConfigurationError, match=r"^\.github/environments\.yaml: cannot be read: No such file"
    ):
        text_of(root, PROTECTION)


def test_a_workload_that_nobody_could_read_is_no_mistake_of_the_policy(root: Path) -> None:
    text = (root / POLICY).read_text(encoding="utf-8")
    drills = text.replace("recovery_drill_days: {}", "recovery_drill_days: {unread: 30}")
    (root / POLICY).write_text(drills, encoding="utf-8")
    assert found(root) == [("promotion-policy", POLICY, "is no workload of the project")]
    assert found(root, unread=True) == []


def test_another_protection_is_another_run(tmp_path: Path) -> None:
    """What a run found is kept for as long as nothing of the project changes."""
    root, day = (
        assemble(CORPUS / "protection/good/more-than-the-policy", tmp_path / "p"),
        datetime.date(2026, 6, 30),
    )
    assert check(root, day, own=True).findings == ()
    text = (root / PROTECTION).read_text(encoding="utf-8")
    (root / PROTECTION).write_text(text.replace("wait_minutes: 90", "wait_minutes: 1"), encoding="utf-8")
    (one,) = check(root, day, own=True).findings
    assert (one.check, one.file, one.key) == ("protection", PROTECTION, "environments.prod.wait_minutes")
    assert one.line
