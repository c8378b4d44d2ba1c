"""HTTP with GitHub: what is tried again, for how long, and what is said when it is no use."""

from __future__ import annotations

import pytest

from pipelines.github.client import GitHub, path_of
from pipelines.github.connection import Connection
from pipelines.github.refusals import RefusedError, UnsureError
from tests.github_double import ADMIN, Double, Fault
from validator.errors import ConfigurationError, TechnicalError

from .conftest import Client

USER = "/users/alice"
RULESET = {"name": "x", "target": "branch", "enforcement": "active", "rules": []}


@pytest.mark.parametrize(
    ("fault", "waits"),
    [
        (Fault("GET", USER, 429, {"Retry-After": "7"}), [7]),
        (Fault("GET", USER, 403, {"Retry-After": "3"}), [3]),
        (Fault("GET", USER, 403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1042"}), [42]),
        (Fault("GET", USER, 403, message="You have exceeded a secondary rate limit."), [60]),
        (Fault("GET", USER, 429), [60]),
        (Fault("GET", USER, 500, times=3), [2, 4, 8]),
        (Fault("GET", USER, 503, {"Retry-After": "1"}, times=2), [1, 1]),
        (Fault("GET", USER, fate="drop before", times=2), [2, 4]),
        (Fault("GET", USER, fate="drop after"), [2]),
        (Fault("GET", USER, 429, {"Retry-After": "-5"}), [60]),
        (Fault("GET", USER, 429, {"Retry-After": "soon"}), [60]),
        (Fault("GET", USER, 429, {"Retry-After": "0"}), [1]),
        (Fault("GET", USER, 429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}), [60]),
    ],
)
def test_what_passes_is_waited_for(
    fault: Fault, waits: list[float], double: Double, client: Client, slept: list[float]
) -> None:
    """As long as GitHub says, else a minute for a limit, and longer each time for a fault."""
    double.faults.append(fault)
    assert client().get(USER)["id"] == 101
    assert slept == waits


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault("GET", USER, 500, times=9), "500 Server Error"),
        (Fault("GET", USER, fate="drop before", times=9), "no answer (ConnectionError)"),
        (Fault("GET", USER, 429, {"Retry-After": "3600"}, times=9), "asked again in 3600 seconds"),
        (Fault("GET", USER, 429, {"Retry-After": "99999999999999"}, times=9), "429"),
        (Fault("GET", USER, 429, {"Retry-After": "61"}, times=9), "429"),
    ],
)
def test_patience_has_an_end(
    fault: Fault, words: str, double: Double, client: Client, slept: list[float]
) -> None:
    """Two minutes of waiting for a call, and five tries."""
    double.faults.append(fault)
    with pytest.raises(TechnicalError) as caught:
        client().get(USER)
    assert words in str(caught.value)
    assert "mend: run the same command again" in str(caught.value)
    assert sum(slept) <= 120
    assert len(double.asked) <= 5


@pytest.mark.parametrize(
    ("status", "message", "mend"),
    [
        (403, "Resource not accessible by integration", "`administration: write`"),
        (404, "Not Found", "check the name of the repository"),
        (422, "Please ensure the billing plan supports it", "Enterprise"),
        (422, '"can_admins_bypass" is not a permitted key.', "switch it off in Settings"),
        (400, "not a supported version", "GITHUB_API_URL"),
        (301, "Moved Permanently", "renamed or moved"),
        (409, "Conflict", "again later"),
    ],
)
def test_a_refusal_has_a_mend(status: int, message: str, mend: str, double: Double, client: Client) -> None:
    """And is not tried again."""
    double.faults.append(Fault("GET", USER, status, {"Location": "http://127.0.0.1:1/"}, message, times=9))
    with pytest.raises(RefusedError) as caught:
        client().get(USER)
    assert f"GET {USER}: {status}" in str(caught.value)
    assert mend in str(caught.value)
    assert len(double.asked) == 1


def test_a_wrong_token_is_a_matter_of_configuration(double: Double, client: Client) -> None:
    with pytest.raises(ConfigurationError) as caught:
        client("ghp_wrong").get(USER)
    assert "renew the token" in str(caught.value)
    assert "ghp_wrong" not in str(caught.value)
    assert len(double.asked) == 1


@pytest.mark.parametrize(
    "fault", [Fault("POST", "rulesets", 502), Fault("POST", "rulesets", fate="drop after")]
)
def test_a_post_is_not_tried_blindly_again(
    fault: Fault, double: Double, client: Client, slept: list[float]
) -> None:
    """It may have been done: whoever asks has to look."""
    double.faults.append(fault)
    with pytest.raises(UnsureError):
        client().write("POST", "/repos/example/lockstep/rulesets", RULESET)
    assert slept == []
    assert len(double.rulesets) == (1 if fault.fate == "drop after" else 0)


def test_a_post_that_a_limit_stopped_is_tried_again(double: Double, client: Client) -> None:
    """It was not done."""
    double.faults.append(Fault("POST", "rulesets", 429, {"Retry-After": "1"}))
    client().write("POST", "/repos/example/lockstep/rulesets", RULESET)
    assert len(double.rulesets) == 1


def test_what_is_deleted_already_is_right(double: Double, client: Client) -> None:
    """Where the first answer was lost; else somebody else did it, and that is told."""
    github = client()
    place = "/repos/example/lockstep/environments/dev"
    body = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    github.write("PUT", place, body)
    github.write("POST", f"{place}/deployment-branch-policies", {"name": "x"})
    number = double.patterns["dev"][0]["id"]
    double.faults.append(Fault("DELETE", "", fate="drop after"))
    github.write("DELETE", f"{place}/deployment-branch-policies/{number}")
    assert double.patterns["dev"] == []
    with pytest.raises(RefusedError):
        github.write("DELETE", f"{place}/deployment-branch-policies/{number}")


def test_a_pattern_that_is_there_is_right(double: Double, client: Client) -> None:
    """GitHub answers 303."""
    github = client()
    place = "/repos/example/lockstep/environments/dev"
    body = {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}}
    github.write("PUT", place, body)
    for _ in range(2):
        github.write("POST", f"{place}/deployment-branch-policies", {"name": "x", "type": "branch"})
    assert len(double.patterns["dev"]) == 1


def test_the_token_follows_no_link_to_another_server(double: Double, client: Client) -> None:
    double.faults.append(
        Fault("GET", "rulesets", 200, {"Link": '<http://127.0.0.1:1/repos>; rel="next"'}, times=9)
    )
    pages = client().pages("/repos/example/lockstep/rulesets")
    next(pages)
    with pytest.raises(TechnicalError, match="another server"):
        next(pages)


def test_a_list_without_end_ends(double: Double, client: Client) -> None:
    link = {"Link": f'<{double.url}/repos/example/lockstep/rulesets?page=2>; rel="next"'}
    double.faults.append(Fault("GET", "rulesets", 200, link, times=999))
    with pytest.raises(TechnicalError, match="more than 100 pages"):
        list(client().pages("/repos/example/lockstep/rulesets"))


def test_the_token_is_in_no_words(double: Double, client: Client) -> None:
    """Not even where GitHub, or what stands in its place, says it back."""
    for status in (403, 422, 500):
        double.faults = [Fault("GET", USER, status, message=f"no {ADMIN} here", times=9)]
        with pytest.raises(TechnicalError) as caught:
            client().get(USER)
        assert ADMIN not in str(caught.value)
        assert "no *** here" in str(caught.value)


def test_nobody_answers(slept: list[float]) -> None:
    github = GitHub(Connection("http://127.0.0.1:9", "example", "lockstep", ADMIN), sleep=slept.append)
    with pytest.raises(TechnicalError) as caught:
        github.get(USER)
    assert ADMIN not in str(caught.value)


def test_netrc_is_not_read(
    double: Double, client: Client, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """requests would send what it finds there in place of the token."""
    from pathlib import Path

    netrc = Path(str(tmp_path)) / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    assert client().get(USER)["id"] == 101


@pytest.mark.parametrize("name", ["..", ".", ""])
def test_dots_are_no_segment(name: str) -> None:
    with pytest.raises(ValueError, match="no segment"):
        path_of("users", name)


def test_a_segment_leads_nowhere_else() -> None:
    assert path_of("users", "../orgs?a=b#c", 5) == "/users/..%2Forgs%3Fa%3Db%23c/5"
