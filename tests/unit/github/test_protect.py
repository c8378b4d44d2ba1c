"""`lockstep protect` on a repository with state: applied once, found again, mended, and carried on (REQ-G8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from pipelines.github import protection_file
from pipelines.github.applying import apply, look
from pipelines.github.protection import Named, Protection
from pipelines.github.refusals import RefusedError, UnsureError
from pipelines.promotion import policy_file
from tests.github_answers import gate
from tests.github_double import READER, Double, Fault
from validator.errors import ConfigurationError, TechnicalError

from .conftest import ROOT, Client


def silent(text: str) -> None:
    """Say nothing."""


def state(double: Double) -> Any:
    """Return what counts of a repository: everything but the numbers that GitHub gives away."""

    def without_numbers(value: Any) -> Any:
        if isinstance(value, list):
            return [without_numbers(one) for one in value]
        if not isinstance(value, dict):
            return value
        return {key: without_numbers(one) for key, one in value.items() if key != "id"}

    rulesets = sorted(double.rulesets, key=lambda one: str(one["name"]))
    return without_numbers([double.environments, double.patterns, double.gates, rulesets])


def prod_with(wanted: Protection, *reviewers: Named) -> Protection:
    environments = (
        replace(one, reviewers=reviewers) if one.name == "prod" else one for one in wanted.environments
    )
    return Protection(tuple(environments), wanted.rulesets)


@pytest.fixture
def prod(wanted: Protection) -> Protection:
    """Of the environments prod alone: the others go the same way."""
    return Protection(tuple(one for one in wanted.environments if one.name == "prod"), wanted.rulesets)


# --- Applied ---


def test_an_empty_repository_is_protected(double: Double, client: Client, wanted: Protection) -> None:
    """REQ-G8: reviewers, no self-review, wait timer, branch, bypass; rulesets for branches and tags."""
    outcome = apply(client(), wanted, silent)
    assert outcome.left == ()
    prod = double.environments["prod"]
    rules = {one["type"]: one for one in prod["protection_rules"]}
    assert rules["wait_timer"]["wait_timer"] == 60
    assert rules["required_reviewers"]["prevent_self_review"] is True
    assert [one["reviewer"]["slug"] for one in rules["required_reviewers"]["reviewers"]] == [
        "platform",
        "security",
    ]
    assert prod["can_admins_bypass"] is False
    assert [(one["name"], one["type"]) for one in double.patterns["prod"]] == [("env/prod", "branch")]
    back = double.environments["prod-rollback"]
    assert [one["type"] for one in back["protection_rules"]].count("wait_timer") == 0
    assert double.patterns["prod-rollback"][0]["name"] == "env/prod"
    assert back["can_admins_bypass"] is False
    protecting = double.environments["protection"]
    (reviewing,) = [one for one in protecting["protection_rules"] if one["type"] == "required_reviewers"]
    assert [one["reviewer"]["slug"] for one in reviewing["reviewers"]] == ["security"]
    assert [one["name"] for one in double.patterns["protection"]] == ["main"]
    assert protecting["can_admins_bypass"] is False
    branches, tags, main = double.rulesets
    assert (main["enforcement"], main["bypass_actors"]) == ("active", [])
    assert main["conditions"]["ref_name"]["include"] == ["refs/heads/main"]
    assert {"pull_request", "non_fast_forward", "deletion"} <= {one["type"] for one in main["rules"]}
    assert branches["enforcement"] == tags["enforcement"] == "active"
    assert branches["bypass_actors"] == tags["bypass_actors"] == []
    assert tags["conditions"]["ref_name"]["include"] == ["refs/tags/v*", "refs/tags/deployed/**/*"]
    checks = next(one for one in branches["rules"] if one["type"] == "required_status_checks")
    assert checks["parameters"]["required_status_checks"] == [
        {"context": "Check", "integration_id": 15368},
        {"context": "Test", "integration_id": 15368},
    ]


def test_applied_twice_nothing_is_written(double: Double, client: Client, wanted: Protection) -> None:
    apply(client(), wanted, silent)
    written = len(double.writes)
    assert written == 20
    outcome = apply(client(), wanted, silent)
    assert (outcome.calls, outcome.left) == ((), ())
    assert len(double.writes) == written


def test_looking_writes_nothing(double: Double, client: Client, wanted: Protection) -> None:
    """On an empty repository every environment and ruleset is missing."""
    found = look(client(), wanted)
    assert [one.found for one in found.differences] == ["not there"] * 10
    assert double.writes == []


def test_what_is_not_of_the_file_is_let_be(double: Double, client: Client, wanted: Protection) -> None:
    """Other environments, other rulesets, and those of the organization by the same name."""
    other = double.add_ruleset("other")
    theirs = double.add_ruleset(wanted.rulesets[0].name, source_type="Organization")
    double.rulesets.remove(theirs)  # Not one of this repository: its name may be taken here too.
    apply(client(), wanted, silent)
    double.rulesets.append(theirs)
    assert other in double.rulesets
    assert look(client(), wanted).differences == ()


@pytest.mark.parametrize("count", [31, 99, 101, 230])
def test_rulesets_are_found_on_later_pages(
    count: int, double: Double, client: Client, wanted: Protection
) -> None:
    """GitHub shows 30 at a time, or as many as are asked for up to 100."""
    for number in range(count):
        double.add_ruleset(f"other {number}")
    apply(client(), wanted, silent)
    written = len(double.writes)
    assert apply(client(), wanted, silent).left == ()
    assert len(double.writes) == written


def test_patterns_are_found_on_later_pages(double: Double, client: Client, wanted: Protection) -> None:
    """And every one that is not the environment's branch goes."""
    apply(client(), wanted, silent)
    for number in range(120):
        double.patterns["dev"].insert(
            0, {"id": 9000 + number, "node_id": "x", "name": f"x{number}", "type": "branch"}
        )
    outcome = apply(client(), wanted, silent)
    assert outcome.left == ()
    assert len(outcome.calls) == 120
    assert [one["name"] for one in double.patterns["dev"]] == ["env/dev"]


def test_an_app_may_pass_the_branches_by(double: Double, client: Client, wanted: Protection) -> None:
    """The one that the file names, by its number."""
    branches, *others = wanted.rulesets
    app = Named("App", "lockstep-rollback")
    with_app = Protection(wanted.environments, (replace(branches, bypass=(app,)), *others))
    assert apply(client(), with_app, silent).left == ()
    actors = [{"actor_id": 301, "actor_type": "Integration", "bypass_mode": "always"}]
    assert double.rulesets[0]["bypass_actors"] == actors
    assert [one.what for one in look(client(), wanted).differences] == ["may be passed by"]


def test_one_app_may_make_the_tags_of_what_was_deployed(
    double: Double, client: Client, wanted: Protection
) -> None:
    """REQ-R2: once the file names it, and nobody else."""
    line = "  # deployed_by_apps: [SLUG]"
    text = (ROOT / protection_file.FILE).read_text(encoding="utf-8")
    assert line in text
    policy = policy_file.read((ROOT / policy_file.FILE).read_text(encoding="utf-8"))
    changed = text.replace(line, "  deployed_by_apps: [lockstep-rollback] #")
    with_app = protection_file.read(changed, policy)
    assert apply(client(), with_app, silent).left == ()
    deployed = double.rulesets[-1]
    assert deployed["rules"] == [{"type": "creation"}]
    actors = [{"actor_id": 301, "actor_type": "Integration", "bypass_mode": "always"}]
    assert deployed["bypass_actors"] == actors
    assert deployed["conditions"]["ref_name"]["include"] == ["refs/tags/deployed/**/*"]
    deployed["bypass_actors"] = []
    assert [one.what for one in look(client(), with_app).differences] == ["may be passed by"]


def test_apps_are_asked_before_a_deployment(double: Double, client: Client, prod: Protection) -> None:
    """REQ-G9: the ones that the file names, switched on, and no other."""
    (environment,) = prod.environments
    asking = Protection((replace(environment, gates=(Named("App", "lockstep-gate"),)),), prod.rulesets)
    outcome = apply(client(), asking, silent)
    assert outcome.left == ()
    assert outcome.calls[2].says == "ask app lockstep-gate in environment prod"
    assert [one["app"]["id"] for one in double.gates["prod"]] == [302]
    assert apply(client(), asking, silent).calls == ()
    double.gates["prod"][0]["enabled"] = False
    (off,) = look(client(), asking).differences
    assert (off.what, off.wanted, off.found) == ("gates", "app lockstep-gate", "app lockstep-gate (off)")
    assert [call.method for call in apply(client(), asking, silent).calls] == ["DELETE", "POST"]
    assert [call.method for call in apply(client(), prod, silent).calls] == ["DELETE"]
    assert double.gates["prod"] == []


# --- Changed by hand ---

Hand = Callable[[Double], None]


def _rule(double: Double, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        one for one in double.environments["prod"]["protection_rules"] if one["type"] == kind
    )
    return found


def _parameters(double: Double, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in double.rulesets[0]["rules"] if one["type"] == kind)[
        "parameters"
    ]
    return found


def _without(double: Double, ruleset: int, kind: str) -> None:
    kept = [one for one in double.rulesets[ruleset]["rules"] if one["type"] != kind]
    double.rulesets[ruleset]["rules"] = kept


def _pattern(name: str, kind: str) -> dict[str, Any]:
    return {"id": 9999, "node_id": "x", "name": name, "type": kind}


def _gone(double: Double) -> None:
    del double.environments["prod"], double.patterns["prod"], double.gates["prod"]


BY_HAND: dict[str, tuple[Hand, str, int]] = {
    "the environment is deleted": (_gone, "the environment", 2),
    "the wait is shorter": (lambda d: _rule(d, "wait_timer").update(wait_timer=59), "wait timer", 1),
    "the wait is longer": (lambda d: _rule(d, "wait_timer").update(wait_timer=61), "wait timer", 1),
    "self-review is allowed": (
        lambda d: _rule(d, "required_reviewers").update(prevent_self_review=False),
        "self-review",
        1,
    ),
    "a reviewer is gone": (lambda d: _rule(d, "required_reviewers")["reviewers"].pop(), "reviewers", 1),
    "nobody reviews": (lambda d: d.environments["prod"].update(protection_rules=[]), "reviewers", 1),
    "administrators pass by": (
        lambda d: d.environments["prod"].update(can_admins_bypass=True),
        "administrators' bypass",
        1,
    ),
    "any branch deploys": (
        lambda d: d.environments["prod"].update(deployment_branch_policy=None),
        "deploys from",
        2,
    ),
    "protected branches deploy": (
        lambda d: d.environments["prod"].update(
            deployment_branch_policy={"protected_branches": True, "custom_branch_policies": False}
        ),
        "deploys from",
        2,
    ),
    "a tag deploys": (lambda d: d.patterns["prod"].append(_pattern("v*", "tag")), "deploys from", 1),
    "a branch deploys": (lambda d: d.patterns["prod"].append(_pattern("main", "branch")), "deploys from", 1),
    "its branch as a tag": (
        lambda d: d.patterns["prod"].append(_pattern("env/prod", "tag")),
        "deploys from",
        1,
    ),
    "no branch deploys": (lambda d: d.patterns["prod"].clear(), "deploys from", 1),
    "main may be pushed to": (lambda d: _without(d, 2, "pull_request"), "pull_request", 1),
    "a ruleset is gone": (lambda d: d.rulesets.pop(), "the ruleset", 1),
    "a ruleset is off": (lambda d: d.rulesets[0].update(enforcement="disabled"), "enforcement", 1),
    "a ruleset is tried out": (lambda d: d.rulesets[0].update(enforcement="evaluate"), "enforcement", 1),
    "a branch is left out": (
        lambda d: d.rulesets[0]["conditions"]["ref_name"].update(exclude=["refs/heads/env/prod"]),
        "leaves out",
        1,
    ),
    "a branch is not covered": (
        lambda d: d.rulesets[0]["conditions"]["ref_name"]["include"].remove("refs/heads/env/prod"),
        "covers",
        1,
    ),
    "somebody may pass by": (
        lambda d: d.rulesets[0].update(
            bypass_actors=[{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}]
        ),
        "may be passed by",
        1,
    ),
    "fewer approvals": (
        lambda d: _parameters(d, "pull_request").update(required_approving_review_count=0),
        "pull_request.required_approving_review_count",
        1,
    ),
    "stale approvals count": (
        lambda d: _parameters(d, "pull_request").update(dismiss_stale_reviews_on_push=False),
        "pull_request.dismiss_stale_reviews_on_push",
        1,
    ),
    "other merges": (
        lambda d: _parameters(d, "pull_request").update(allowed_merge_methods=["merge", "squash"]),
        "pull_request.allowed_merge_methods",
        1,
    ),
    "a check is not asked for": (
        lambda d: _parameters(d, "required_status_checks")["required_status_checks"].pop(),
        "required_status_checks.required_status_checks",
        1,
    ),
    "anybody may report a check": (
        lambda d: _parameters(d, "required_status_checks")["required_status_checks"][0].pop("integration_id"),
        "required_status_checks.required_status_checks",
        1,
    ),
    "a branch may be pushed with force": (
        lambda d: _without(d, 0, "non_fast_forward"),
        "non_fast_forward",
        1,
    ),
    "a branch may be deleted": (lambda d: _without(d, 0, "deletion"), "deletion", 1),
    "a tag may be moved": (lambda d: _without(d, 1, "update"), "update", 1),
    "a rule more": (
        lambda d: d.rulesets[1]["rules"].append({"type": "required_signatures"}),
        "required_signatures",
        1,
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_what_was_changed_by_hand_is_found_and_mended(
    name: str, double: Double, client: Client, prod: Protection
) -> None:
    """By as many calls as it needs, and no more."""
    change, what, calls = BY_HAND[name]
    apply(client(), prod, silent)
    before = state(double)
    change(double)
    written = len(double.writes)
    assert what in [one.what for one in look(client(), prod).differences]
    assert len(double.writes) == written
    outcome = apply(client(), prod, silent)
    assert outcome.left == ()
    assert len(outcome.calls) == len(double.writes) - written == calls
    assert state(double) == before


def test_the_order_in_which_github_lists_does_not_count(
    double: Double, client: Client, wanted: Protection
) -> None:
    apply(client(), wanted, silent)
    for one in double.rulesets:
        one["rules"].reverse()
        one["conditions"]["ref_name"]["include"].reverse()
    _parameters(double, "required_status_checks")["required_status_checks"].reverse()
    _rule(double, "required_reviewers")["reviewers"].reverse()
    assert look(client(), wanted).differences == ()


# --- What cannot be told is no good news ---


def test_a_reader_is_not_told_who_may_pass_by(double: Double, client: Client, wanted: Protection) -> None:
    """GitHub shows it only to those who may change it: so it differs, for all that this token knows."""
    apply(client(), wanted, silent)
    found = look(client(READER), wanted).differences
    assert {(one.what, one.found) for one in found} == {("may be passed by", "not told")}
    with pytest.raises(RefusedError, match="`administration: write`"):
        apply(client(READER), wanted, silent)


def test_a_bypass_that_is_not_told_is_not_off(double: Double, client: Client, wanted: Protection) -> None:
    apply(client(), wanted, silent)
    del double.environments["prod"]["can_admins_bypass"]
    (found,) = look(client(), wanted).differences
    assert (found.subject, found.what, found.found) == (
        "environment prod",
        "administrators' bypass",
        "not told",
    )


def test_a_server_that_sets_no_bypass_says_so(double: Double, client: Client, wanted: Protection) -> None:
    double.knows_bypass = False
    with pytest.raises(RefusedError, match="switch it off in Settings, Environments"):
        apply(client(), wanted, silent)


def test_a_plan_without_reviewers_is_named(double: Double, client: Client, wanted: Protection) -> None:
    """A private repository needs an Enterprise plan."""
    double.is_private_without_plan = True
    with pytest.raises(RefusedError, match="Enterprise"):
        apply(client(), wanted, silent)


def test_a_reviewer_whom_github_does_not_keep_is_told(
    double: Double, client: Client, wanted: Protection
) -> None:
    """One who may not read the repository. Nothing is tried without end."""
    double.blind = {202}
    outcome = apply(client(), wanted, silent)
    assert [(left.subject, left.wanted, left.found) for left in outcome.left] == [
        (f"environment {name}", "team platform, team security", "team platform")
        for name in ("prod", "prod-rollback")
    ] + [("environment protection", "team security", "none")]
    assert len(outcome.calls) == 23


def test_everybody_whom_github_does_not_know_is_named(
    double: Double, client: Client, wanted: Protection
) -> None:
    """With the file, the key and the line; nothing is written."""
    hostile = prod_with(
        wanted,
        Named("User", "nobody", "environments.prod.reviewers.users", 21),
        Named("Team", "nowhere", "environments.prod.reviewers.teams", 22),
        Named("User", "alice"),
    )
    with pytest.raises(ConfigurationError) as caught:
        apply(client(), hostile, silent)
    assert [(one.line, one.message) for one in caught.value.problems] == [
        (21, "there is no user nobody on GitHub"),
        (22, "there is no team nowhere in example"),
    ]
    assert double.writes == []


def test_a_renamed_reviewer_is_the_same_and_another_by_the_name_is_not(
    double: Double, client: Client, wanted: Protection
) -> None:
    """Numbers are compared: who takes a name that was given up approves nothing."""
    with_alice = prod_with(wanted, Named("User", "alice"))
    apply(client(), with_alice, silent)
    double.users["alice"] = 666
    (found,) = look(client(), with_alice).differences
    assert found.what == "reviewers"


@pytest.mark.parametrize(
    ("part", "answer"),
    [
        ("/environments/prod", {"protection_rules": "none"}),
        ("/environments/prod", ["prod"]),
        ("/rulesets", {"message": "hello"}),
        ("/rulesets", [{"id": "1", "name": "x"}]),
        ("/teams/platform", {"id": None}),
    ],
)
def test_an_answer_of_another_form_is_an_error(
    part: str, answer: Any, double: Double, client: Client, wanted: Protection
) -> None:
    """Never read as if all were well."""
    apply(client(), wanted, silent)
    double.faults.append(Fault("GET", part, 200, times=99, content=answer))
    with pytest.raises(TechnicalError, match="another form"):
        look(client(), wanted)


# --- Cut short ---


class Killed(BaseException):
    """The process ends here."""


class Dying(HTTPAdapter):
    """Lets a number of calls through; when the next was done, and before its answer is read, the process ends."""

    def __init__(self, calls: int) -> None:
        super().__init__()
        self.left = calls

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        answer = super().send(*arguments, **options)
        if self.left == 0:
            raise Killed
        self.left -= 1
        return answer


def begin(double: Double, *, changed: bool) -> None:
    """Make the repository an empty one, or one that needs every kind of call."""
    double.empty()
    if changed:
        policy = {"protected_branches": False, "custom_branch_policies": True}
        double.set_environment("prod", {"wait_timer": 5, "deployment_branch_policy": policy})
        double.patterns["prod"] += [_pattern("main", "branch"), _pattern("v*", "tag") | {"id": 9998}]
        double.gates["prod"].append(gate(9997, "another", 999))
        double.add_ruleset("Release tags", "tag")


@pytest.mark.parametrize("changed", [False, True], ids=["empty", "changed"])
def test_killed_between_any_two_calls_the_next_run_ends_right(
    changed: bool,
    double: Double,
    client: Client,
    prod: Protection,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every call of a whole run, in turn; what is done is not done again, and nothing is there twice."""
    begin(double, changed=changed)
    apply(client(), prod, silent)
    right, whole = state(double), len(double.asked)
    writes = sorted((one.method, one.path) for one in double.writes)
    for calls in range(whole):
        begin(double, changed=changed)
        session = requests.Session()
        session.mount("http://", Dying(calls))
        with pytest.raises(Killed):
            apply(client(session=session), prod, silent)
        assert apply(client(), prod, silent).left == ()
        assert state(double) == right
        assert sorted((one.method, one.path) for one in double.writes) == writes
    with capsys.disabled():
        print(f"\nprotect: killed at each of {whole} calls; nothing lost or doubled")  # noqa: T201


FAULTS = [
    Fault("", "", 429, {"Retry-After": "1"}),
    Fault("", "", 500),
    Fault("", "", fate="drop before"),
    Fault("", "", fate="drop after"),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda one: f"{one.status} {one.fate}")
def test_a_fault_at_any_change_is_overcome(
    fault: Fault, double: Double, client: Client, prod: Protection
) -> None:
    """In the same run: what may have been done is looked at, and not done twice."""
    begin(double, changed=True)
    apply(client(), prod, silent)
    right = state(double)
    assert {one.method for one in double.writes} == {"PUT", "POST", "DELETE"}
    for one in double.writes:
        begin(double, changed=True)
        double.faults = [Fault(one.method, one.path, fault.status, fault.headers, fate=fault.fate)]
        assert apply(client(), prod, silent).left == ()
        assert state(double) == right


def test_a_write_that_is_never_answered_ends_with_an_error(
    double: Double, client: Client, wanted: Protection
) -> None:
    """Not with success, and not never."""
    double.faults.append(Fault("POST", "rulesets", fate="drop before", times=99))
    with pytest.raises(UnsureError, match="run the same command again"):
        apply(client(), wanted, silent)
