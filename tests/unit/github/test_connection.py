"""Where `lockstep protect` asks, and as whom: nothing is guessed, and no token is quoted or sent in clear."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pipelines.github.connection import connection
from validator.errors import ConfigurationError

GOOD = {"GITHUB_TOKEN": "ghp_secret", "GITHUB_REPOSITORY": "example/lockstep"}


def refused(variables: dict[str, str], root: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        connection(variables, root)
    for name in ("GH_TOKEN", "GITHUB_TOKEN"):
        assert variables.get(name) is None or variables[name] not in str(caught.value)
    return str(caught.value)


def test_the_variables_of_github_actions_are_enough(tmp_path: Path) -> None:
    found = connection({**GOOD, "GITHUB_API_URL": "https://github.example/api/v3/"}, tmp_path)
    assert (found.api, found.repository) == ("https://github.example/api/v3", "example/lockstep")
    assert found.token == "ghp_secret"
    assert "ghp_secret" not in repr(found)


def test_gh_token_comes_first(tmp_path: Path) -> None:
    """As for `gh`."""
    assert connection({**GOOD, "GH_TOKEN": "other"}, tmp_path).token == "other"
    assert connection({**GOOD, "GH_TOKEN": " "}, tmp_path).token == "ghp_secret"


@pytest.mark.parametrize(
    "remote",
    [
        "https://github.com/example/lockstep.git",
        "https://github.com/example/lockstep",
        "https://x-access-token:ghp_inTheRemote@github.com/example/lockstep.git",
        "git@github.com:example/lockstep.git",
        "ssh://git@github.com:22/example/lockstep.git/",
    ],
)
def test_the_remote_names_the_repository(remote: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", remote], check=True)
    found = connection({"GITHUB_TOKEN": "x"}, tmp_path)
    assert found.repository == "example/lockstep"
    assert found.token == "x"


@pytest.mark.parametrize(
    "remote", ["/srv/git/lockstep.git", "https://user:ghp_inTheRemote@host/only-one", ""]
)
def test_another_remote_names_none_and_is_not_quoted(remote: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    if remote:
        subprocess.run(["git", "-C", str(tmp_path), "remote", "add", "origin", remote], check=True)
    said = refused({"GITHUB_TOKEN": "x1"}, tmp_path)
    assert "GITHUB_REPOSITORY" in said
    assert "ghp_inTheRemote" not in said


@pytest.mark.parametrize(
    "name",
    ["lockstep", "a/b/c", "example/..", "example/.", "../x", "a b/c", "example/x\n", "example/%2e%2e", "/x"],
)
def test_a_hostile_repository_is_refused(name: str, tmp_path: Path) -> None:
    assert "is no repository" in refused({**GOOD, "GITHUB_REPOSITORY": name}, tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "http://github.example/api/v3",
        "http://127.0.0.1.github.example",
        "http://localhost.example",
        "ftp://github.example",
        "github.example",
        "https://",
        "https://user:ghp_x@github.example",
        "https://github.example/?a=b",
        "https://github.example/#a",
        "https://github.example:port",
        "https://[::1",
        "https://github.example/a\nb",
    ],
)
def test_another_address_than_https_is_refused(url: str, tmp_path: Path) -> None:
    said = refused({**GOOD, "GITHUB_API_URL": url}, tmp_path)
    assert "GITHUB_API_URL" in said
    assert "ghp_x" not in said


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:8080"])
def test_loopback_needs_no_https(url: str, tmp_path: Path) -> None:
    assert connection({**GOOD, "GITHUB_API_URL": url}, tmp_path).api == url


@pytest.mark.parametrize("token", ["ghp_a b", "ghp_a\nX-Header: b", "ghp_é", "ghp_" + "a" * 5000])
def test_what_is_no_token_is_refused_unquoted(token: str, tmp_path: Path) -> None:
    assert "GITHUB_TOKEN: holds what is no token" in refused({**GOOD, "GITHUB_TOKEN": token}, tmp_path)


def test_all_that_is_missing_comes_at_once(tmp_path: Path) -> None:
    said = refused({"GITHUB_API_URL": "http://x"}, tmp_path)
    for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GH_TOKEN or GITHUB_TOKEN"):
        assert name in said
