"""From where on authors are counted, and whose list of people counts: of what entered the environment last (REQ-G2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.gathering.made import made
from pipelines.gathering.standing import entered, people_of
from pipelines.promotion.evidence import Missing, Tag
from pipelines.promotion.people import FILE, People
from pipelines.state.records import EnvironmentRelease, Release
from tests.unit.delivery.repositories import Repository
from tests.unit.gathering.test_authors import by
from tests.unit.gathering.test_signatures import Signing
from tests.unit.promotion.good import NOW, PROD, deployment, release
from validator.errors import ConfigurationError, TechnicalError


@dataclass
class Records:
    """Deployments into prod, the newest first, and the commit of each release, as the state table gives them."""

    commits: dict[str, str]
    deployments: dict[str, list[EnvironmentRelease]] = field(default_factory=dict)

    def ran(self, tag: str, workload: str = "orders", **given: Any) -> Records:
        """Record one more deployment."""
        those = self.deployments.setdefault(workload, [])
        at = NOW + timedelta(minutes=len(those))
        those.insert(0, deployment("prod", workload, number=len(those) + 1, tag=tag, ended_at=at, **given))
        return self

    def environment_releases(self, workload: str, environment: str) -> Iterator[EnvironmentRelease]:
        assert environment == "prod"
        return iter(self.deployments.get(workload, []))

    def release(self, workload: str, tag: str, environment: str) -> Release | None:
        return (
            release(environment, workload, tag=tag, commit=self.commits[tag]) if tag in self.commits else None
        )

    def table(self) -> Any:
        return self


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    work = Repository.made(tmp_path / "work")
    by(work, "mallory", "three", tag="v3")
    by(work, "sam", "four", tag="v4")
    return work


@pytest.fixture
def home(work: Repository) -> Records:
    return Records({tag: work.git("rev-parse", tag) for tag in ("v1", "v2", "v3", "v4")})


def since(work: Repository, home: Records, tag: str = "v4", *workloads: str) -> list[str]:
    commit = work.git("rev-parse", tag)
    table: Any = home
    found = entered(work.root, table, workloads or ("orders",), "prod", without=commit)
    tags = {commit: tag for tag, commit in home.commits.items()}
    return [tags[one] for one in found]


def test_it_is_the_last_that_gates_let_in_and_that_succeeded(work: Repository, home: Records) -> None:
    assert since(work, home) == [], "nothing did: all that ever wrote are authors"
    home.ran("v1").ran("v2")
    assert since(work, home) == ["v2"]
    for given in ({"state": "failed"}, {"state": "deploying"}, {"state": "rolled_back"}, {"decision": ""}):
        home.ran("v3", **given)
        assert since(work, home) == ["v2"], given


def test_a_tag_that_somebody_pushed_never_ran_there(work: Repository, home: Records) -> None:
    home.ran("v2")
    found, _ = made(work.root, "v4", PROD, ["orders"], home, lambda tag, *_: tag)  # type: ignore[arg-type]
    assert isinstance(found, Tag)
    assert found.authors == {"mallory@example.com", "sam@example.com"}
    assert found.since == (home.commits["v2"],)


def test_the_same_or_an_older_release_again_has_its_authors_still(work: Repository, home: Records) -> None:
    """Else nobody would have made it, and everybody could approve."""
    home.ran("v2").ran("v4")
    assert since(work, home, "v4") == ["v2"]
    assert since(work, home, "v3") == ["v2"]


def test_the_list_and_the_keys_are_of_what_runs_also_for_an_older_commit(work: Repository) -> None:
    """REQ-G2: a tag on a commit before who is two was told, or before a key was lost, does not bring that back."""
    signing = Signing(work.root)
    old = listed(work, "v5", ANN)
    signing.allow("kim", "sam", tag="v6")
    signed = signing.signed("sam", "seven")
    work.git("tag", "v7")
    signing.allow("kim", tag="v8")
    last = listed(work, "v9", ANN.replace("github: ann", "github: ann, sessions: [two]"))
    home = Records({"v6": work.git("rev-parse", "v6"), "v9": last}).ran("v6").ran("v9")
    rule = replace(PROD, signed_commits=True)
    found, people = made(work.root, "v7", rule, ["orders"], home, lambda tag, *_: tag)  # type: ignore[arg-type]
    assert isinstance(people, People) and people.since == last != old
    assert isinstance(found, Tag) and found.unsigned == (signed,)
    assert found.since == (home.commits["v6"],)


def test_each_workload_has_its_own_last_one(work: Repository, home: Records) -> None:
    """One that is new with the release came with what was let in of the others."""
    home.ran("v2", "ledger").ran("v1").ran("v3")
    assert since(work, home, "v4", "orders", "ledger", "new") == ["v3", "v2"]


def test_a_release_that_git_does_not_have_is_an_error(work: Repository, home: Records) -> None:
    """Not a reason to count from another."""
    home.ran("v2").ran("v3")
    home.commits["v3"] = "0" * 40
    with pytest.raises(TechnicalError, match="git has no commit 000000000000, which prod runs as v3"):
        since(work, home)
    del home.commits["v3"]
    with pytest.raises(TechnicalError, match="prod has no record of orders v3"):
        since(work, home)
    found, people = made(work.root, "v4", PROD, ["orders"], home, lambda tag, *_: tag)  # type: ignore[arg-type]
    assert isinstance(found, Tag) and isinstance(found.authors, Missing) and isinstance(people, Missing)


def listed(work: Repository, tag: str, text: str) -> str:
    """Commit a list of people, with a tag, and return the commit."""
    (work.root / FILE).parent.mkdir(exist_ok=True)
    (work.root / FILE).write_text(text, encoding="utf-8")
    return work.commit(tag, tag)


ANN = "people: [{name: Ann Example, emails: [ann@example.com], github: ann}]"


def test_the_list_is_that_of_what_runs_and_not_of_the_release_that_asks(work: Repository) -> None:
    """Who makes a release could say in it that they are two."""
    first = listed(work, "v5", ANN)
    listed(work, "v6", "people: [{name: Two, emails: [two@example.com]}]")
    found = people_of(work.root, (first,))
    assert found is not None and found.since == first
    assert [one.name for one in found.members] == ["Ann Example"]


def test_without_what_ran_or_without_a_list_there_is_none(work: Repository) -> None:
    listed(work, "v5", ANN)
    assert people_of(work.root, ()) is None
    assert people_of(work.root, (work.git("rev-parse", "v4"),)) is None


def test_a_wrong_list_is_no_missing_one(work: Repository, home: Records) -> None:
    """Else who breaks it would have names compared again."""
    home.commits["v5"] = listed(work, "v5", "people: []")
    with pytest.raises(ConfigurationError):
        people_of(work.root, (home.commits["v5"],))
    work.commit("six", "v6")
    _, people = made(work.root, "v6", PROD, ["orders"], home.ran("v5"), lambda tag, *_: tag)  # type: ignore[arg-type]
    assert isinstance(people, Missing)


def test_a_release_whose_own_list_is_wrong_does_not_enter(work: Repository, home: Records) -> None:
    """It would keep everything out that comes after it."""
    home.commits["v5"] = listed(work, "v5", ANN)
    listed(work, "v6", "people: [{name: Ann Example}]")
    _, people = made(work.root, "v6", PROD, ["orders"], home.ran("v5"), lambda tag, *_: tag)  # type: ignore[arg-type]
    assert isinstance(people, Missing) and "people.0.emails: is missing" in people.reason


def test_signatures_are_looked_for_where_the_policy_asks(work: Repository, home: Records) -> None:
    """By the keys of what runs there: where nothing does, nobody can tell."""
    signing = Signing(work.root)
    rule = replace(PROD, signed_commits=True)

    def unsigned(rule: Any = rule) -> Any:
        found, _ = made(work.root, "v6", rule, ["orders"], home, lambda tag, *_: tag)  # type: ignore[arg-type]
        assert isinstance(found, Tag)
        return found

    home.commits["v5"] = signing.allow("kim", tag="v5")
    signing.signed("kim", "six", "--author", "Ann <ann@example.com>")
    work.git("tag", "v6")
    assert isinstance(unsigned().unsigned, Missing)
    home.ran("v5")
    assert unsigned().unsigned == ()
    assert unsigned().authors == {"ann@example.com", "alex@example.com", "kim@example.com"}
    assert isinstance(unsigned(PROD).unsigned, Missing)
    strange = signing.signed("mallory", "seven")
    work.git("tag", "-f", "v6")
    assert unsigned().unsigned == (strange,)
