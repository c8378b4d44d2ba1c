"""The policy that counts is no looser than that of what last entered (REQ-G5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.delivery.places import Ordered, held
from pipelines.promotion.policy import Policy
from pipelines.promotion.policy_file import FILE, read
from tests.unit.delivery.repositories import Repository
from tests.unit.gathering.test_standing import Records
from tests.unit.promotion.good import TEXT
from validator.environments import ENVIRONMENTS
from validator.errors import TechnicalError

SIGNED = TEXT.replace("branch: env/prod\n", "branch: env/prod\n    signed_commits: true\n")
UNSIGNED = TEXT.replace("  - AWS::S3::Bucket\n", "")


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    """A repository whose v3 asks for signatures and holds that buckets have data; v4 does neither."""
    work = Repository.made(tmp_path / "work")
    (work.root / FILE).parent.mkdir()
    for text, tag in ((SIGNED, "v3"), (UNSIGNED, "v4"), (UNSIGNED.replace("order:", "orde:"), "v5")):
        (work.root / FILE).write_text(text, encoding="utf-8")
        work.commit(tag, tag)
    return work


def judged(work: Repository, tag: str, *ran: str) -> Policy:
    """Return the policy that counts for a release, after others entered prod."""
    home: Any = Records({one: work.git("rev-parse", one) for one in ("v2", "v3", "v4", "v5")})
    for one in ran:
        home.ran(one)
    return held(work.root, read(UNSIGNED), home, ("orders",), Ordered("prod", tag), ENVIRONMENTS)


def test_a_release_asks_no_less_than_what_runs_there(work: Repository) -> None:
    """Neither of signatures nor of what holds data; once it runs there, its own counts."""
    rule = judged(work, "v4", "v3").of("prod")
    assert rule.signed_commits
    assert "AWS::S3::Bucket" in rule.stateful
    assert not judged(work, "v5", "v3", "v4").of("prod").signed_commits


def test_where_nothing_runs_or_has_a_policy_its_own_counts(work: Repository) -> None:
    assert judged(work, "v4") == judged(work, "v4", "v2") == read(UNSIGNED)


def test_a_policy_that_cannot_be_read_lets_nothing_in(work: Repository) -> None:
    """Nobody could tell what it asks for."""
    work.commit("six", "v6")
    with pytest.raises(TechnicalError, match=r"the policy of what runs there.*cannot be read"):
        judged(work, "v6", "v5")
