"""The roles that jobs on GitHub take: each lets in the jobs of one environment of one repository (REQ-P9).

Two judges read the trust policies: the one of `tests/trust_policies.py`, and that of the embedded local AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from ministack.core.iam_evaluator import EvalContext, evaluate_trust_policy

from pipelines.guard import check_stacks
from tests.github_tokens import AUDIENCE, ISSUER, forged, right
from tests.trust_policies import TAKE, Provider, lets_in, permitted
from validator.effective import Context, evaluate, parse
from validator.environments import ENVIRONMENTS

from .small_project import ROOT, rendered

OWNER, REPOSITORY = "example-org", "lockstep"
WITH_IDS = ("example-org@1234", "lockstep@5678")
HOST = ISSUER.removeprefix("https://")
Trust = dict[str, Any]


def provider(account: str) -> Provider:
    """Return the provider of an account as its stack makes it."""
    (properties,) = (
        resource["Properties"]
        for stack in rendered()
        if stack["account"] == account and stack["name"].endswith("/github-deploy")
        for resource in stack["resources"].values()
        if resource["Type"] == "AWS::IAM::OIDCProvider"
    )
    return Provider(
        f"arn:aws:iam::{account}:oidc-provider/{properties['Url'].removeprefix('https://')}",
        properties["Url"],
        tuple(properties["ClientIdList"]),
    )


@cache
def roles() -> Mapping[str, tuple[Trust, Provider]]:
    """Return the trust of each role for jobs, and the provider it names, by the GitHub environment it is for.

    `dev-control-github` is for `dev`, and what stands after that for an environment of GitHub alone: `dev-plan`.
    """
    found = {}
    for stack in rendered():
        for resource in stack["resources"].values():
            trust = resource.get("Properties", {}).get("AssumeRolePolicyDocument", {})
            if TAKE in str(trust):
                owner, _, further = resource["Properties"]["RoleName"].partition("-control-github")
                assert owner == stack["environment"] and f"{owner}{further}" not in found
                named = provider(stack["account"])
                found[f"{owner}{further}"] = (with_provider(trust, named.arn), named)
    return found


def with_provider(trust: Trust, arn: str) -> Trust:
    """Return a trust with the provider's ARN where the template refers to it."""
    statements = [{**each, "Principal": {"Federated": arn}} for each in trust["Statement"]]
    assert all(
        each["Principal"]["Federated"] == {"$symbol": "att:GitHubProvider.Arn"} for each in trust["Statement"]
    )
    return {**trust, "Statement": statements}


def both_let_in(trust: Trust, named: Provider, claims: Mapping[str, Any]) -> bool:
    """Return what both judges say, who must agree."""
    ours = lets_in(trust, named, claims)
    theirs = (
        claims.get("iss") == named.issuer
        and claims.get("aud") in named.audiences
        and isinstance(claims.get("sub"), str)
        and theirs_permits(trust, named.arn, {f"{HOST}:{key}": claims[key] for key in ("aud", "sub")})
    )
    assert ours == theirs, claims
    return ours


def theirs_permits(trust: Trust, principal: str, keys: Mapping[str, Any]) -> bool:
    context = EvalContext(
        principal_arn=principal,
        principal_type="WebIdentityUser",
        principal_account="111111111111",
        action=TAKE,
        resource_arn="*",
        region="us-east-1",
        service_context={
            key: list(value) if isinstance(value, tuple) else value for key, value in keys.items()
        },
    )
    return bool(evaluate_trust_policy(trust, principal, context))


def test_each_environment_has_a_role_and_the_home_has_none() -> None:
    """What else jobs may take is for an environment of GitHub that is named after one of ours."""
    assert roles().keys() == {
        f"{each}{further}" for each in ENVIRONMENTS for further in ("", "-rollback", "-plan")
    }


def test_the_provider_takes_tokens_for_aws_alone_and_no_thumbprint() -> None:
    """Without one AWS checks GitHub's certificate against its own authorities; one of ours would end with theirs."""
    for _, named in roles().values():
        assert (named.issuer, named.audiences) == (ISSUER, (AUDIENCE,))
    assert "Thumbprint" not in (ROOT / "templates/oidc-roles.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("environment", list(roles()))
def test_a_role_lets_in_the_jobs_of_its_environment_and_nobody_else(environment: str) -> None:
    """Among the right tokens of all environments and the forged ones of its own, exactly one passes."""
    trust, named = roles()[environment]
    asked = {f"right for {each}": right(OWNER, REPOSITORY, each) for each in (*roles(), "shared")}
    asked |= forged(OWNER, REPOSITORY, environment)
    assert len(asked) > 60
    passed = [name for name, claims in asked.items() if both_let_in(trust, named, claims)]
    assert passed == [f"right for {environment}"]


@pytest.mark.parametrize("environment", list(roles()))
def test_a_role_of_one_account_refuses_the_provider_of_another(environment: str) -> None:
    trust, _ = roles()[environment]
    others = {named.arn: named for _, named in roles().values()}
    for arn, named in others.items():
        passes = both_let_in(trust, named, right(OWNER, REPOSITORY, environment))
        assert passes == (arn == roles()[environment][1].arn)


def trust_with_ids(environment: str) -> tuple[Trust, Provider]:
    """Return the trust of a repository whose subjects hold ids."""
    (stack,) = (each for each in rendered() if each["name"] == f"{environment}/control/github-deploy")
    parameters = {**stack["parameters"], "Organization": WITH_IDS[0], "Repository": WITH_IDS[1]}
    path = "templates/oidc-roles.yaml"
    template = parse((ROOT / path).read_text(encoding="utf-8"), path)
    context = Context(account=stack["account"], region=stack["region"], stack_name="github-deploy")
    body = evaluate(template, parameters, context).resources["DeployRole"].to_json()
    named = provider(stack["account"])
    return with_provider(body["Properties"]["AssumeRolePolicyDocument"], named.arn), named


def test_with_ids_a_name_that_somebody_else_got_is_no_longer_enough() -> None:
    """GitHub: "Immutable subject claims"."""
    trust, named = trust_with_ids("prod")
    asked = {"right": right(*WITH_IDS, "prod"), "the names alone": right(OWNER, REPOSITORY, "prod")}
    asked |= forged(*WITH_IDS, "prod")
    assert [name for name, claims in asked.items() if both_let_in(trust, named, claims)] == ["right"]


# --- Trusts that somebody could write instead ---


def weakened() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield conditions that are wider than the right one."""
    subject, audience = f"{HOST}:sub", {f"{HOST}:aud": AUDIENCE}
    repo = f"repo:{OWNER}/{REPOSITORY}"
    true = f"{repo}:environment:dev"
    yield "no condition", {}
    yield "no subject", {"StringEquals": audience}
    patterns = (
        "*",
        "repo:*",
        f"repo:{OWNER}/*:environment:dev",
        f"{repo}:*",
        f"{repo}:environment:*",
        f"{true}*",
    )
    for pattern in (*patterns, f"{repo}?*:environment:dev", f"*{true}", f"{repo}:environment:??????*"):
        yield f"like {pattern}", {"StringEquals": audience, "StringLike": {subject: pattern}}
    yield "letters do not count", {"StringEquals": audience, "StringEqualsIgnoreCase": {subject: true}}
    yield "all but one", {"StringEquals": audience, "StringNotEquals": {subject: f"{repo}:pull_request"}}
    yield "any of none", {"StringEquals": audience, "ForAllValues:StringLike": {subject: "repo:*"}}
    yield "there is one", {"StringEquals": audience, "Null": {subject: "false"}}
    yield "two environments", {"StringEquals": {**audience, subject: [true, f"{repo}:environment:prod"]}}
    yield (
        "another too",
        {"StringEquals": {**audience, subject: [true, f"repo:somebody/{REPOSITORY}:environment:dev"]}},
    )
    yield "a branch", {"StringEquals": {**audience, subject: f"{repo}:ref:refs/heads/main"}}
    yield "a pull request", {"StringEquals": {**audience, subject: f"{repo}:pull_request"}}
    yield "whatever the token says", {"StringEquals": {**audience, subject: f"${{{subject}}}"}}


def with_condition(condition: Mapping[str, Any]) -> Trust:
    trust, _ = roles()["dev"]
    (statement,) = trust["Statement"]
    return {**trust, "Statement": [{**statement, "Condition": dict(condition)}]}


@pytest.fixture(scope="module")
def refused_by_guard() -> set[str]:
    """Name the weakened trusts that our rule refuses; the right one stands among them as `right`."""
    right_one = roles()["dev"][0]["Statement"][0]["Condition"]
    stacks = [
        {
            "name": name,
            "environment": "dev",
            "workload": "control",
            "account": "111111111111",
            "region": "us-east-1",
            "parameters": {},
            "resources": {
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {"AssumeRolePolicyDocument": with_condition(condition)},
                }
            },
        }
        for name, condition in (("right", right_one), *weakened())
    ]
    return {found.stack for found in check_stacks(stacks) if found.rule == "iam_role_trust"}


@pytest.mark.parametrize(("name", "condition"), list(weakened()), ids=[name for name, _ in weakened()])
def test_a_wider_trust_lets_a_stranger_in_and_is_refused(
    name: str, condition: Mapping[str, Any], refused_by_guard: set[str]
) -> None:
    """So the tokens find what is too wide, and the Guard rule refuses it before anybody deploys it (REQ-V7)."""
    _, named = roles()["dev"]
    strangers = [*forged(OWNER, REPOSITORY, "dev").values(), right(OWNER, REPOSITORY, "prod")]
    assert any(lets_in(with_condition(condition), named, claims) for claims in strangers)
    assert name in refused_by_guard
    assert "right" not in refused_by_guard


# --- The judges themselves ---

ARN = f"arn:aws:iam::111111111111:oidc-provider/{HOST}"
KEY = f"{HOST}:sub"
ALLOW = {"Effect": "Allow", "Principal": {"Federated": ARN}, "Action": TAKE}
RULES: tuple[tuple[str, Mapping[str, Any], Mapping[str, Any], bool], ...] = (
    ("letters count", {"StringEquals": {KEY: "a"}}, {KEY: "A"}, False),
    ("no wildcard in equality", {"StringEquals": {KEY: "a*"}}, {KEY: "ab"}, False),
    ("a star in a request is itself", {"StringEquals": {KEY: "ab"}}, {KEY: "a*"}, False),
    ("any text", {"StringLike": {KEY: "a*c"}}, {KEY: "abbc"}, True),
    ("a star is no text too", {"StringLike": {KEY: "a*c"}}, {KEY: "ac"}, True),
    ("one character", {"StringLike": {KEY: "a?c"}}, {KEY: "abc"}, True),
    ("and not none", {"StringLike": {KEY: "a?c"}}, {KEY: "ac"}, False),
    ("letters count in patterns", {"StringLike": {KEY: "A*"}}, {KEY: "ab"}, False),
    ("a dot is a dot", {"StringLike": {KEY: "a.c"}}, {KEY: "abc"}, False),
    ("letters do not count", {"StringEqualsIgnoreCase": {KEY: "a"}}, {KEY: "A"}, True),
    ("keys have no case", {"StringEquals": {KEY.upper(): "a"}}, {KEY: "a"}, True),
    ("a missing key equals nothing", {"StringEquals": {KEY: "a"}}, {}, False),
    ("a missing key is unequal", {"StringNotEquals": {KEY: "a"}}, {}, True),
    ("a missing key, if it exists", {"StringEqualsIfExists": {KEY: "a"}}, {}, True),
    ("a key that exists", {"StringEqualsIfExists": {KEY: "a"}}, {KEY: "b"}, False),
    ("one of several", {"StringEquals": {KEY: ["a", "b"]}}, {KEY: "b"}, True),
    ("none of several", {"StringNotEquals": {KEY: ["a", "b"]}}, {KEY: "b"}, False),
    ("no pattern of several", {"StringNotLike": {KEY: ["a*", "b*"]}}, {KEY: "c"}, True),
    ("all keys", {"StringEquals": {KEY: "a", f"{HOST}:aud": "x"}}, {KEY: "a", f"{HOST}:aud": "y"}, False),
    ("all operators", {"StringEquals": {KEY: "a"}, "StringLike": {KEY: "b*"}}, {KEY: "a"}, False),
    ("there is none", {"Null": {KEY: "true"}}, {}, True),
    ("there is one", {"Null": {KEY: "true"}}, {KEY: "a"}, False),
    ("there has to be one", {"Null": {KEY: "false"}}, {}, False),
    ("any of them", {"ForAnyValue:StringEquals": {KEY: "a"}}, {KEY: ("b", "a")}, True),
    ("any of none", {"ForAnyValue:StringEquals": {KEY: "a"}}, {}, False),
    ("all of them", {"ForAllValues:StringEquals": {KEY: "a"}}, {KEY: ("b", "a")}, False),
    ("all of none", {"ForAllValues:StringEquals": {KEY: "a"}}, {}, True),
)


@pytest.mark.parametrize(
    ("condition", "keys", "expected"), [rule[1:] for rule in RULES], ids=[r[0] for r in RULES]
)
def test_both_judges_know_the_rules_of_conditions(
    condition: Mapping[str, Any], keys: Mapping[str, Any], expected: bool
) -> None:
    """IAM User Guide, "Condition operators" and "Conditions with multiple context keys or values"."""
    trust = {"Statement": [{**ALLOW, "Condition": condition}]}
    assert (permitted(trust, ARN, keys), theirs_permits(trust, ARN, keys)) == (expected, expected)


DENY = {"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Condition": {"StringLike": {KEY: "a*"}}}


@pytest.mark.parametrize(
    ("statements", "subject", "expected"),
    [
        ([], "a", False),
        ([ALLOW], "a", True),
        (ALLOW, "a", True),
        ([ALLOW, DENY], "abc", False),
        ([DENY, ALLOW], "abc", False),
        ([ALLOW, DENY], "b", True),
        ([DENY], "b", False),
        ([{**ALLOW, "Action": "STS:assumerolewithweb*"}], "a", True),
        ([{**ALLOW, "Action": ["sts:AssumeRole", "sts:TagSession"]}], "a", False),
        ([{**ALLOW, "Principal": {"Federated": f"{ARN}/x"}}], "a", False),
        ([{**ALLOW, "Principal": {"Federated": [ARN, f"{ARN}/x"]}}], "a", True),
        ([{**ALLOW, "Principal": {"AWS": "arn:aws:iam::111111111111:root"}}], "a", False),
    ],
)
def test_both_judges_know_the_rules_of_statements(statements: Any, subject: str, expected: bool) -> None:
    """IAM User Guide, "Policy evaluation logic": a Deny wins wherever it stands, and what nothing allows is refused."""
    trust = {"Version": "2012-10-17", "Statement": statements}
    keys = {KEY: subject}
    assert (permitted(trust, ARN, keys), theirs_permits(trust, ARN, keys)) == (expected, expected)


@pytest.mark.parametrize(
    ("wanted", "subject", "expected"),
    [
        (f"${{{HOST}:aud}}", AUDIENCE, True),
        (f"${{{HOST}:aud}}", "x", False),
        (f"${{{HOST}:amr}}", "", False),
        ("a${*}", "a*", True),
        ("a${*}", "ab", False),
        ("a*", "a\n", True),
    ],
)
def test_ours_knows_variables_and_escapes(wanted: str, subject: str, expected: bool) -> None:
    """IAM User Guide, "Policy variables"; the embedded AWS knows them in a role's own policies alone."""
    trust = {"Statement": [{**ALLOW, "Condition": {"StringLike": {KEY: wanted}}}]}
    assert permitted(trust, ARN, {KEY: subject, f"{HOST}:aud": AUDIENCE}) is expected


def test_what_ours_does_not_know_is_an_error() -> None:
    for changed in (
        {"Resource": "*"},
        {"Condition": {"DateLessThan": {KEY: "x"}}},
        {"Principal": {"Canonical": "x"}},
    ):
        with pytest.raises((AssertionError, KeyError)):
            permitted({"Statement": [{**ALLOW, **changed}]}, ARN, {KEY: "a"})
