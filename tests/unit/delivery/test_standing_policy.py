"""The policy that counts is no looser than that of what last entered (REQ-G5)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.delivery.places import Ordered, held
from pipelines.delivery.policy import policy_of, stateful_of
from pipelines.promotion.policy import Policy
from pipelines.promotion.policy_file import FILE, read
from tests.unit.delivery.repositories import Repository
from tests.unit.gathering.test_standing import Records
from tests.unit.promotion.good import TEXT
from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError, TechnicalError

SIGNED = TEXT.replace("branch: env/prod\n", "branch: env/prod\n    signed_commits: true\n")
UNSIGNED = TEXT.replace("  - AWS::S3::Bucket\n", "")
LESS = UNSIGNED.replace("  - AWS::DynamoDB::Table\n", "")


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


def test_a_tag_on_an_older_commit_asks_no_less_than_what_runs_there(work: Repository) -> None:
    """REQ-G5: anybody may tag what lies in the history. One that was taken back, or that no gate let in, has no say."""
    work.git("tag", "v6", "v2")
    rule = judged(work, "v6", "v3").of("prod")
    assert rule.signed_commits
    assert "AWS::S3::Bucket" in rule.stateful
    home: Any = Records({one: work.git("rev-parse", one) for one in ("v3", "v4")})
    home.ran("v4").ran("v3", state="rolled_back").ran("v3", decision="")
    found = held(work.root, read(UNSIGNED), home, ("orders",), Ordered("prod", "v6"), ENVIRONMENTS)
    assert not found.of("prod").signed_commits


def test_where_nothing_runs_or_has_a_policy_its_own_counts(work: Repository) -> None:
    assert judged(work, "v4") == judged(work, "v4", "v2") == read(UNSIGNED)


def test_a_policy_that_cannot_be_read_lets_nothing_in(work: Repository) -> None:
    """Nobody could tell what it asks for."""
    work.commit("six", "v6")
    with pytest.raises(TechnicalError, match=r"the policy of what runs there.*cannot be read"):
        judged(work, "v6", "v5")


@pytest.mark.parametrize("folder", [LESS, "order: [", None])
def test_what_holds_data_on_a_way_back_is_what_any_policy_says(work: Repository, folder: str | None) -> None:
    """REQ-R3: of a folder, a bad release and the one that comes back; what cannot be read stops no way back."""
    (work.root / FILE).unlink()
    if folder is not None:
        (work.root / FILE).write_text(folder, encoding="utf-8")
    told = list[str]()

    def stateful(*tags: str) -> frozenset[str]:
        return stateful_of(work.root, ENVIRONMENTS, "prod", tags, told.append)

    both = stateful("v4", "v3", "v5", "gone")
    assert {"AWS::S3::Bucket", "AWS::DynamoDB::Table"} <= both
    assert "AWS::S3::Bucket" not in stateful("v4")
    assert [one for one in told if "what v5 says holds data cannot be read" in one]
    assert any("the folder" in one for one in told) == (folder != LESS)
    if folder != LESS:
        with pytest.raises(ConfigurationError):
            stateful("gone")


def test_a_link_is_no_policy(work: Repository) -> None:
    """Git keeps where it leads: whoever reads the commit later would find no policy there."""
    (work.root / FILE).rename(work.root / "real.yaml")
    (work.root / FILE).symlink_to("../real.yaml")
    with pytest.raises(ConfigurationError, match=r"promotion.yaml: is a link\n  mend: put the policy itself"):
        policy_of(work.root, ENVIRONMENTS)
    (work.root / FILE).unlink()
    (work.root / "real.yaml").write_text(UNSIGNED, encoding="utf-8")
    folder = (work.root / FILE).parent
    folder.rename(work.root / "elsewhere")
    folder.symlink_to("elsewhere")
    (work.root / "real.yaml").rename(work.root / FILE)
    with pytest.raises(ConfigurationError, match="is a link"):
        policy_of(work.root, ENVIRONMENTS)
