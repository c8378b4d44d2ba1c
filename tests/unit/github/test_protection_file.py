"""`.github/environments.yaml`: every mistake in one run, with its line, and nothing that contradicts the policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from pipelines.github import protection_file
from pipelines.github.protection import Protection
from pipelines.promotion import policy_file
from pipelines.promotion.policy import Policy
from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / protection_file.FILE).read_text(encoding="utf-8")
REVIEWERS = "    reviewers:\n      teams: [platform, security]\n"
POLICY = (ROOT / policy_file.FILE).read_text(encoding="utf-8")


def policy(*changes: tuple[str, str]) -> Policy:
    return policy_file.read(changed(POLICY, *changes))


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, "the change no longer applies"
        text = text.replace(old, new, 1)
    return text


def problems(text: str, by: Policy | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        protection_file.read(text, by or policy())
    for one in caught.value.problems:
        assert one.file == protection_file.FILE
        assert one.line, one
        assert one.hint, one
    return [f"{one.key}: {one.message}" for one in caught.value.problems]


def test_our_own_protects_as_requirements_ask(wanted: Protection) -> None:
    """REQ-G8, REQ-G2, REQ-G3: somebody else's yes and an hour before prod, from the environment's branch alone."""
    prod = {one.name: one for one in wanted.environments}["prod"]
    assert prod.branches == ("env/prod",)
    assert prod.wait_minutes >= 60
    assert prod.prevent_self_review
    assert prod.reviewers
    back = {one.name: one for one in wanted.environments}["prod-rollback"]
    assert (back.branches, back.wait_minutes, back.gates) == (("env/prod",), 0, ())
    assert back.reviewers == prod.reviewers
    branches, tags, main = wanted.rulesets
    assert branches.include == ("refs/heads/env/dev", "refs/heads/env/staging", "refs/heads/env/prod")
    assert {"deletion", "non_fast_forward", "pull_request", "required_status_checks"} <= set(branches.rules)
    assert branches.rules["pull_request"]["dismiss_stale_reviews_on_push"] is True
    assert branches.rules["pull_request"]["require_code_owner_review"] is True
    assert tags.include == ("refs/tags/v*", "refs/tags/deployed/**/*")
    assert {"update", "deletion"} <= set(tags.rules)
    assert main.include == ("refs/heads/main",)
    assert {"deletion", "non_fast_forward", "pull_request"} <= set(main.rules)
    assert main.rules["pull_request"]["required_approving_review_count"] == 1
    assert main.bypass == ()


def test_a_merge_gives_an_environment_the_files_of_a_release(wanted: Protection) -> None:
    """REQ-G1: nothing is merged that is behind, and what is keeps the commit of the release in the history."""
    rules = wanted.rulesets[0].rules
    assert rules["required_status_checks"]["strict_required_status_checks_policy"] is True
    assert rules["pull_request"]["allowed_merge_methods"] == ["merge"]


def test_the_key_that_may_change_all_this_lies_where_only_main_runs(wanted: Protection) -> None:
    """REQ-G8: after the yes of somebody who is named, and past no administrator."""
    protecting = wanted.environments[-1]
    assert (protecting.name, protecting.branches) == ("protection", ("main",))
    assert [one.name for one in protecting.reviewers] == ["security"]


def test_a_way_back_of_all_begins_on_the_last_branch(wanted: Protection) -> None:
    """REQ-R1: what is on it was let into the others before; no earlier branch gets into a later environment."""
    back = {one.name: one.branches for one in wanted.environments if one.name.endswith("-rollback")}
    assert back == {
        "dev-rollback": ("env/dev", "env/staging", "env/prod"),
        "staging-rollback": ("env/staging", "env/prod"),
        "prod-rollback": ("env/prod",),
    }


def test_an_app_may_be_the_only_one_that_says_what_was_deployed() -> None:
    """REQ-R2: a tag below deployed/ that anybody could push would be no record."""
    line = "  # deployed_by_apps: [SLUG]"
    text = changed(TEXT, (line, "  deployed_by_apps: [lockstep-rollback] #"))
    deployed = protection_file.read(text, policy()).rulesets[-1]
    assert (deployed.target, deployed.include) == ("tag", ("refs/tags/deployed/**/*",))
    assert deployed.rules == {"creation": {}}
    assert [str(one) for one in deployed.bypass] == ["app lockstep-rollback"]


def test_the_checks_are_jobs_that_run_for_the_environment_branches(wanted: Protection) -> None:
    """A check that nobody reports would block every pull request; a job's `name` is what GitHub reports it by."""
    workflow = YAML(typ="safe", pure=True).load(
        (ROOT / ".github/workflows/check.yml").read_text(encoding="utf-8")
    )
    names = {job["name"] for job in workflow["jobs"].values()}
    checked = set(workflow["on"]["pull_request"]["branches"])
    for ruleset in wanted.rulesets:
        assert set(ruleset.checks) <= names
        if ruleset.checks:
            assert {name.removeprefix("refs/heads/") for name in ruleset.include} <= checked


def test_the_teams_are_code_owners(wanted: Protection) -> None:
    """Of this repository, where nobody else has a say."""
    owners = (ROOT / ".github/CODEOWNERS").read_text(encoding="utf-8")
    for environment in wanted.environments:
        for one in environment.reviewers:
            assert one.kind == "Team"
            assert f"/{one.name}" in owners


def test_workflows_run_in_no_environment_that_nobody_declared(wanted: Protection) -> None:
    """GitHub makes it, open to every branch. `ENV-plan` is that on purpose."""
    declared = {one.name for one in wanted.environments}
    named = {
        name
        for path in (ROOT / ".github/workflows").glob("*.yml")
        for job in YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["jobs"].values()
        for name in _environments(str(job.get("environment", "")))
    }
    assert {one for one in named if not one.endswith("-plan")} == {
        one for one in declared if one not in ENVIRONMENTS
    }


def _environments(text: str) -> list[str]:
    """Return the environments that a job may enter; a deployment's is told by its plan, for the branch's."""
    if "matrix.environment" in text:
        return [text.replace("${{ matrix.environment }}", one) for one in ENVIRONMENTS]
    if "${{" not in text:
        return [text] if text else []
    after = text.rpartition("}}")[2]
    return [f"{one}{after}" for one in re.findall(r"'([a-z]+(?:-[a-z]+)?)'", text)]


def test_the_schema_for_editors_is_that_of_the_code() -> None:
    """Made by `protection_file.schema()`."""
    found = (ROOT / "pipelines/environments.schema.json").read_text(encoding="utf-8")
    assert found == protection_file.schema()
    assert TEXT.startswith("# yaml-language-server: $schema=../pipelines/environments.schema.json\n")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("    wait_minutes: 60\n", "    wait_minutes: 59\n", "prod.wait_minutes: is 59: Input should be greater"),
        ("    wait_minutes: 60\n", "", "environments.prod.wait_minutes: is missing"),
        ("    wait_minutes: 60\n", "    wait_minutes: 43201\n", "prod.wait_minutes: is 43201"),
        ("    wait_minutes: 60\n", '    wait_minutes: "60"\n', "prod.wait_minutes: is no whole number"),
        ("    wait_minutes: 60\n", "    wait_minutes: 60\n    wait: 1\n", "prod.wait: is no key of this file"),
        ("    administrators_bypass: false\n", "    administrators_bypass: true\n", "bypass: is True"),
        ("    administrators_bypass: false\n", "", "administrators_bypass: is missing"),
        ("security]\n    prevent_self_review: true", "x]\n    prevent_self_review: false", "self_review: is False"),
        ("teams: [platform]", 'teams: ["../../orgs"]', "reviewers.teams.0: is '../../orgs'"),
        ("teams: [platform]", "users: [-alice]", "reviewers.users.0: is '-alice'"),
        ("teams: [platform]", 'users: ["ali\\nce"]', "reviewers.users.0: is 'ali\\nce'"),
        ("teams: [platform]", "teams: [platform, Platform]", "reviewers.teams: has platform twice"),
        ("teams: [platform]", "users: [a, b, c, d]\n      teams: [e, f, g]", "reviewers: are 7, and GitHub takes 6"),
        ("    wait_minutes: 60\n", "    wait_minutes: 60\n    gate_apps: [a, b, c, d]\n", "gate_apps: come to 7 prot"),
        ("    wait_minutes: 60\n", "    wait_minutes: 60\n    gate_apps: [a, a]\n", "prod.gate_apps: has a twice"),
        ("  staging:\n", "  stagin:\n", "environments: has no staging"),
        ("  prod-rollback:\n", "  prod-back:\n", "environments: has no prod-rollback"),
        ("  prod-rollback:\n", "  prod-back:\n", "environments.prod-back: is no environment of the policy"),
        ("  prod-rollback:\n", "  prod-rollback:\n    wait_minutes: 5\n", "prod-rollback.wait_minutes: is 5, and"),
        ("  prod-rollback:\n", "  prod-rollback:\n    gate_apps: [a]\n", "prod-rollback.gate_apps: are asked"),
        (f"  prod-rollback:\n{REVIEWERS}", "  prod-rollback:\n", "prod-rollback.reviewers: are none, and prod"),
        ("  staging:\n", "  stagin:\n", "environments.stagin: is no environment of the policy"),
        ("  approvals: 1\n", "  approvals: 11\n", "branches.approvals: is 11"),
        ("merge_methods: [merge]", "merge_methods: [rebse]", "branches.merge_methods.0: is 'rebse'"),
        ("linear_history: false", "linear_history: true", "branches.linear_history: is true, and nothing but"),
        ("checks: [Check, Test]", "checks: []", "branches.checks: "),
        ("checks: [Check, Test]", "checks: [Check, Check]", "branches.checks: has check twice"),
        ("bypass_apps: []", "bypass_apps: [github-actions]", "bypass_apps: github-actions is every workflow"),
        ('"deployed/**/*"', '"deployed/**"', "tags.fixed: deployed/** stops at the next slash"),
        ('"deployed/**/*"', '"refs tags"', "tags.fixed.1: is 'refs tags'"),
        ("tags:\n", "tag:\n", "tags: is missing"),
        ("protection:\n", "protectio:\n", "protection: is missing"),
        ("main:\n  approvals: 1\n", "main:\n  approvals: 0\n", "main.approvals: is 0"),
        ("main:\n", "main:\n  bypass_apps: [a]\n", "main.bypass_apps: is no key of this file"),
        ("teams: [security]", "teams: [a, b, c, d, e, f, g]", "protection.reviewers: are 7, and GitHub takes 6"),
        ("  # deployed_by_apps: [SLUG]", "  deployed_by_apps: [github-actions] #", "is every workflow"),
        ("  # deployed_by_apps: [SLUG]", "  deployed_by_apps: [a, a] #", "tags.deployed_by_apps: has a twice"),
        ("branches:\n", "branches: 1\nbranche:\n", "branches: is no mapping"),
        ("dismiss_stale_approvals: true", "dismiss_stale_approvals: 1", "is neither true nor false"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(old: str, new: str, problem: str) -> None:
    """By its key and its line."""
    assert any(problem in one for one in problems(changed(TEXT, (old, new))))


@pytest.mark.parametrize(
    ("in_policy", "in_file", "problem"),
    [
        (("soak_minutes: 60", "soak_minutes: 90"), ("", ""), "prod.wait_minutes: is 60, and the soak of"),
        (("env/staging\n", "env/staging\n    soak_minutes: 5\n"), ("", ""), "staging.wait_minutes: is 0, and"),
        (("60\n    approvals: 1", "60\n    approvals: 2"), ("", ""), "branches.approvals: is 1, and pipelines/"),
        (("", ""), ("    reviewers:\n      teams: [platform]\n", ""), "staging.reviewers: are 0 people"),
        (("approvals: 1", "approvals: 2"), ("teams: [platform]", "users: [alice]"), "staging.reviewers: are 1 "),
        (("branch: env/dev\n", "branch: env/dev\n    approvals: 1\n"), ("", ""), "dev.prevent_self_review: is false"),
    ],
)  # fmt: skip
def test_what_contradicts_the_policy_is_refused(
    in_policy: tuple[str, str], in_file: tuple[str, str], problem: str
) -> None:
    """GitHub would let pass what the gates then stop, or stop for ever what they let pass."""
    assert any(problem in one for one in problems(changed(TEXT, in_file), policy(in_policy)))


def test_all_mistakes_come_in_one_run() -> None:
    """In the order of their lines."""
    text = changed(
        TEXT,
        ("    wait_minutes: 60\n", "    wait_minutes: 1\n"),
        ("checks: [Check, Test]", "chekcs: [Check, Test]"),
        ("administrators_bypass: false", "administrators_bypass: true"),
    )
    assert len(problems(text)) == 4


@pytest.mark.parametrize("text", ["", "[]", "a: 1", "environments: [", "environments: {dev: {}, dev: {}}"])
def test_what_is_no_such_file_is_refused(text: str) -> None:
    """In words."""
    with pytest.raises(ConfigurationError):
        protection_file.read(text, policy())


def test_the_branches_are_those_of_the_policy() -> None:
    """REQ-G4: they stand in one file alone."""
    found = protection_file.read(TEXT, policy(("branch: env/prod", "branch: live/prod")))
    of = {one.name: one.branches for one in found.environments}
    assert of["staging"] == ("env/staging",)
    assert of["prod"] == of["prod-rollback"] == ("live/prod",)
    assert found.rulesets[0].include[-1] == "refs/heads/live/prod"
