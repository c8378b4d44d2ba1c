"""A promotion is proposed once the gates wait for no more than time and people; a release is named by its files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

from pipelines.commands import promote as command
from pipelines.delivery import branches
from pipelines.delivery.merging import merge
from pipelines.delivery.named import named, release_of
from pipelines.delivery.promoting import Ask, Proposal, body, proposal
from pipelines.github.pulls import Pull
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Missing
from tests.unit.promotion import good
from validator.errors import ConfigurationError, FailureError, PendingError, TechnicalError

from .repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Return a repository whose dev has a release by a merge, and whose staging and prod have the one before."""
    made = Repository.made(tmp_path / "repository")
    made.git("branch", "-D", "env/dev")
    made.git("checkout", "-q", "v1")
    for name in ("dev", "staging", "prod"):
        made.git("branch", f"env/{name}", "v1")
    merged = made.git("commit-tree", "v2^{tree}", "-p", "env/dev", "-p", "v2", "-m", "merged")
    made.git("branch", "-f", "env/dev", merged)
    return made


def asking(environment: str = "staging", **given: Any) -> Ask:
    """Return what gathers evidence in which all is well but for what is given; no branch is merged yet."""
    found = good.evidence(environment, **{"branch": "main", **given})
    return lambda name, tag: (found, decide(found, good.POLICY.of(name)), good.POLICY.of(name))


def proposed(repository: Repository, ask: Ask, environment: str = "staging") -> Proposal | None:
    return proposal(repository.root, good.POLICY, environment, ask)


def test_a_release_is_named_by_the_files_that_are_checked_out(repository: Repository) -> None:
    """REQ-G1: whatever the commit; none for other files."""
    repository.git("checkout", "-q", "env/dev")
    assert named(repository.root, "@", "dev") == "v2"
    assert named(repository.root, "v1", "dev") == "v1"
    repository.commit("three")
    with pytest.raises(ConfigurationError, match="the files of no release"):
        named(repository.root, "@", "dev")


@pytest.mark.parametrize("further", ["v2-rc1", "v99"])
def test_of_several_it_is_the_one_that_succeeded_before(repository: Repository, further: str) -> None:
    """REQ-G1: a version says nothing of which was deployed; where nobody says it, it is not guessed."""
    repository.git("tag", further, "v2")
    root, branch = repository.root, "refs/heads/env/dev"
    with pytest.raises(ConfigurationError, match="have the very same files") as raised:
        release_of(root, branch, ("dev",))
    assert further in str(raised.value) and "v2" in str(raised.value) and "--release TAG" in str(raised.value)
    with pytest.raises(ConfigurationError, match="have the very same files"):
        proposed(repository, asking())
    commit = repository.git("rev-parse", "v2^{commit}")
    branches.mark(root, "deployed/staging/20", commit, f"{further} succeeded in staging")
    branches.mark(root, "deployed/dev/9", commit, f"{further} succeeded in dev")
    branches.mark(root, "deployed/dev/10", commit, "v2 succeeded in dev")
    branches.mark(root, "deployed/dev/11", repository.git("rev-parse", "v1"), "v1 succeeded in dev")
    repository.git("tag", "deployed/dev/12", "v2")
    assert release_of(root, branch, ("dev",)) == "v2"
    assert release_of(root, branch, ("staging",)) == further
    found = proposed(repository, asking())
    assert found is not None and found.tag == "v2"
    repository.git("tag", "v1-rc1", "v1")
    assert proposed(repository, asking("prod"), "prod") is None, (
        "there is nothing to promote, whatever it is called"
    )


@pytest.mark.parametrize(("environment", "expected"), [("dev", "v2"), ("staging", "v2"), ("prod", "v2-rc1")])
def test_what_is_checked_out_comes_from_the_environment_before(
    repository: Repository, environment: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.git("tag", "v2-rc1", "v2")
    commit = repository.git("rev-parse", "v2^{commit}")
    branches.mark(repository.root, "deployed/dev/1", commit, "v2 succeeded in dev")
    branches.mark(repository.root, "deployed/staging/1", commit, "v2-rc1 succeeded in staging")
    repository.git("checkout", "-q", "env/dev")
    project: Any = SimpleNamespace(environments=good.POLICY.order)
    monkeypatch.setattr("pipelines.workspace.Workspace.project", lambda _self: project)
    monkeypatch.setattr("pipelines.delivery.named.policy_of", lambda *_: good.POLICY)
    assert named(repository.root, "@", environment) == expected


def test_what_only_waits_may_be_proposed(repository: Repository) -> None:
    """REQ-G1: the branch is judged as the merge makes it; nobody has to have approved."""
    found = proposed(repository, asking(approvals=()))
    assert found is not None
    assert (found.tag, found.source, found.target) == ("v2", "env/dev", "env/staging")
    assert found.decision.state == "pending"
    assert found.evidence.branch == "env/staging"


def test_the_rule_that_counts_is_the_release_s(repository: Repository) -> None:
    """REQ-G5: once more where the branch is judged as if it were merged, whatever lies in the folder."""
    strict = replace(good.POLICY.of("staging"), approvals=2)
    found = good.evidence("staging", branch="main")
    proposal = proposed(repository, lambda _name, _tag: (found, decide(found, strict), strict))
    assert proposal is not None
    assert proposal.decision.state == "pending"


@pytest.mark.parametrize(
    ("spoilt", "error"),
    [
        ({"parity": 1}, FailureError),
        ({"checked": Missing("gone")}, TechnicalError),
        ({"approvals": Missing("gone")}, TechnicalError),
        (
            {"targets": {"orders": good.target("staging", lock=good.lock(environment="staging"))}},
            PendingError,
        ),
    ],
)
def test_what_a_gate_refuses_is_not_proposed(
    repository: Repository, spoilt: dict[str, Any], error: type[Exception]
) -> None:
    """REQ-G6: a "no", what nobody can tell, and a wait for something else than time or people."""
    with pytest.raises(error, match="may not enter staging"):
        proposed(repository, asking(**spoilt))


def test_nothing_is_proposed_where_there_is_nothing(repository: Repository) -> None:
    assert proposed(repository, asking("prod"), "prod") is None, "prod has what staging has"
    with pytest.raises(ConfigurationError, match="a release enters dev by its name") as raised:
        proposed(repository, asking("dev"), "dev")
    assert "`lockstep promote dev --release TAG`" in str(raised.value)
    repository.git("checkout", "-q", "env/dev")
    repository.commit("between releases")
    with pytest.raises(PendingError, match="env/dev has the files of no release"):
        proposed(repository, asking())


def test_a_release_enters_the_first_environment_by_its_name(repository: Repository) -> None:
    """REQ-G1: by a merge that gives its files; nothing where they are there; no other environment takes a name."""
    repository.git("checkout", "-q", "main")
    repository.commit("three", "v3")
    root, ask = repository.root, asking("dev")
    found = proposal(root, good.POLICY, "dev", ask, "v3")
    assert found is not None
    assert (found.tag, found.source, found.target, found.branch) == ("v3", "v3", "env/dev", "promote/dev")
    assert command._propose(root, found, {})[1] == "merged"
    assert repository.text("env/dev") == "three"
    assert repository.git("rev-parse", "env/dev^2") == repository.git("rev-parse", "v3")
    assert proposal(root, good.POLICY, "dev", ask, "v3") is None
    with pytest.raises(ConfigurationError, match="v9 is no tag"):
        proposal(root, good.POLICY, "dev", ask, "v9")
    with pytest.raises(ConfigurationError, match="staging takes no other release"):
        proposal(root, good.POLICY, "staging", asking(), "v3")


def test_a_tag_that_nobody_else_has_is_not_proposed(repository: Repository, tmp_path: Path) -> None:
    """REQ-G1: who deploys finds no such release."""
    repository.with_remote(tmp_path / "remote")
    repository.git("push", "-q", "origin", "env/staging")
    assert proposed(repository, asking()) is not None
    repository.git("push", "-q", "origin", "--delete", "v2")
    with pytest.raises(FailureError, match="origin has no tag v2"):
        proposed(repository, asking())


def test_with_github_the_pull_request_is_of_a_branch_that_gives_the_release(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQ-G1, REQ-R1: the branch is there before the pull request is."""
    remote = repository.with_remote(tmp_path / "remote")
    repository.git("push", "-q", "origin", "env/staging")
    found = proposed(repository, asking())
    assert found is not None
    asked: list[tuple[str, ...]] = []

    def pull(_github: object, head: str, base: str, *_text: str) -> Pull:
        asked.append((head, base, remote.git("rev-parse", f"{head}^{{tree}}")))
        return Pull(1, "https://github.example/1", "opened")

    monkeypatch.setattr("pipelines.github.pulls.propose", pull)
    variables = {"GH_TOKEN": "t", "GITHUB_REPOSITORY": "acme/platform"}
    assert command._propose(repository.root, found, variables) == ("https://github.example/1", "opened")
    assert asked == [("promote/staging", "env/staging", repository.git("rev-parse", "v2^{tree}"))]
    assert remote.git("rev-parse", "env/staging") == repository.git("rev-parse", "v1")


def test_the_pull_request_says_what_every_gate_says(repository: Repository) -> None:
    """What is quoted is text alone; the run that asked is linked."""
    found = proposed(repository, asking(approvals=()))
    assert found is not None
    text = body(found, "https://github.example/run")
    assert all(f"| {one.gate} | " in text for one in found.decision.judged)
    assert "| approval | ⏳ pending | 0 of 1 approvals for staging |" in text
    assert "[this run](https://github.example/run)" in text


def test_a_merge_gives_a_branch_the_files_and_keeps_both_histories(repository: Repository) -> None:
    """REQ-R1: only forward; again, it does nothing."""
    before = repository.git("rev-parse", "env/staging")
    moved = merge(repository.root, "env/staging", "env/dev", "Promote v2 to staging")
    assert moved.was_moved
    assert repository.text("env/staging") == "two"
    parents = repository.git("rev-parse", "env/staging^1", "env/staging^2").split()
    assert parents == [before, repository.git("rev-parse", "env/dev")]
    assert not merge(repository.root, "env/staging", "env/dev", "again").was_moved
    with pytest.raises(FailureError, match="there is no branch env/none"):
        merge(repository.root, "env/none", "env/dev", "x")


def test_without_github_the_branches_are_merged_here(repository: Repository, tmp_path: Path) -> None:
    """And pushed, where there is a remote."""
    found = proposed(repository, asking())
    assert found is not None
    where, what = command._propose(repository.root, found, {})
    assert (where.split()[0], what) == ("env/staging", "merged")
    remote = repository.with_remote(tmp_path / "remote")
    assert command._propose(repository.root, found, {})[1] == "merged and pushed"
    assert remote.git("rev-parse", "env/staging") == repository.git("rev-parse", "env/staging")


def test_the_document_has_its_schema(repository: Repository) -> None:
    path = Path(__file__).parents[2] / "schemas" / "promote.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    for found in (proposed(repository, asking(approvals=())), None):
        content = command._document(
            "staging", found, "x" if found else "", "merged" if found else "there already"
        )
        jsonschema.validate({"schema": "lockstep/promote/v1", **content}, schema)
