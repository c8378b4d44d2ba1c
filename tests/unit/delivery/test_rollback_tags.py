"""A tag that another machine made is the same tag here: it is fetched, not made again (REQ-R1)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipelines.delivery import branches
from tests.unit.delivery.repositories import Repository

NAME = "deployed/dev/3"


@pytest.fixture
def machines(tmp_path: Path) -> tuple[Repository, Repository]:
    """Return two clones of one remote."""
    first = Repository.made(tmp_path / "first")
    remote = first.with_remote(tmp_path / "remote")
    subprocess.run(["git", "clone", "-q", str(remote.root), str(tmp_path / "second")], check=True)
    second = Repository(tmp_path / "second")
    for name, value in (("user.name", "sam"), ("user.email", "sam@example.com")):
        second.git("config", name, value)
    return first, second


def marked(one: Repository) -> str:
    """Mark the second release as another run of the same command would; return the object of the tag."""
    branches.refresh_tag(one.root, NAME)
    branches.mark(one.root, NAME, one.git("rev-parse", "v2^{commit}"), "v2 succeeded in dev")
    assert branches.push(one.root, f"refs/tags/{NAME}")
    return one.git("rev-parse", NAME)


def test_the_second_machine_has_the_tag_of_the_first(machines: tuple[Repository, Repository]) -> None:
    first, second = machines
    made = marked(first)
    assert marked(first) == made
    assert marked(second) == made


def test_without_a_remote_there_is_nothing_to_fetch(tmp_path: Path) -> None:
    alone = Repository.made(tmp_path / "alone")
    branches.refresh_tag(alone.root, NAME)
    assert alone.git("tag", "--list", "deployed/*") == ""


def test_a_tag_that_no_machine_made_is_not_there(machines: tuple[Repository, Repository]) -> None:
    branches.refresh_tag(machines[1].root, NAME)
    assert machines[1].git("tag", "--list", "deployed/*") == ""
