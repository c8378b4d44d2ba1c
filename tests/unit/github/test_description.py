"""The test double is held to GitHub's published description, and that is what its maker says it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scripts.github_openapi import USED, components, without_prose
from tests.github_description import DEPARTURES, FILE, operation, published

ENVIRONMENT = "/repos/example/lockstep/environments/prod"


def mistakes(method: str, path: str, body: Any = None, **query: str) -> list[str]:
    found = operation(method, path)
    assert found
    return list(found.mistakes(query, body))


def unfit(method: str, path: str, status: int, body: Any) -> list[str]:
    found = operation(method, path)
    assert found
    return list(found.unfit_answers(status, body))


def test_the_extract_is_small_has_all_that_is_used_and_names_its_source() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert len(text) < 400_000
    assert {path: tuple(methods) for path, methods in published()["paths"].items()} == USED
    assert components(published(), published()["paths"]) == published()["components"], "whole, and no more"
    assert "@octokit/openapi" in published()["info"]["description"]
    assert (FILE.parent / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_only_prose_is_left_out() -> None:
    """A property may be called as prose is."""
    value = {"description": "x", "properties": {"description": {"type": "string", "title": "y"}, "tags": {}}}
    assert without_prose(value) == {"properties": {"description": {"type": "string"}, "tags": {}}}


def test_every_schema_of_the_extract_is_one() -> None:
    for schema in published()["components"]["schemas"].values():
        Draft202012Validator.check_schema(
            json.loads(json.dumps(schema).replace("#/components", "urn:x#/components"))
        )


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("PUT", ENVIRONMENT, {"wait_timer": "60"}, {}),
        ("PUT", ENVIRONMENT, {"wait": 60}, {}),
        ("PUT", ENVIRONMENT, {"reviewers": [{"type": "Somebody", "id": 1}]}, {}),
        ("PUT", ENVIRONMENT, {"deployment_branch_policy": {"protected_branches": True}}, {}),
        ("POST", f"{ENVIRONMENT}/deployment-branch-policies", {"type": "branch"}, {}),
        ("POST", f"{ENVIRONMENT}/deployment-branch-policies", {"name": "x", "type": "ref"}, {}),
        ("POST", "/repos/example/lockstep/rulesets", {"name": "x"}, {}),
        ("POST", "/repos/example/lockstep/rulesets", {"name": "x", "enforcement": "on"}, {}),
        (
            "PUT",
            "/repos/example/lockstep/rulesets/1",
            {"rules": [{"type": "pull_request", "parameters": {}}]},
            {},
        ),
        ("PUT", "/repos/example/lockstep/rulesets/1", {"rules": [{"type": "no_such_rule"}]}, {}),
        ("GET", "/repos/example/lockstep/rulesets", None, {"page": "one"}),
        ("GET", "/repos/example/lockstep/rulesets", None, {"includes_parents": "no"}),
        ("GET", "/repos/example/lockstep/rulesets", None, {"name": "x"}),
        ("GET", "/users/alice", {"a": 1}, {}),
    ],
)
def test_a_wrong_request_is_noticed(method: str, path: str, body: Any, query: dict[str, str]) -> None:
    assert mistakes(method, path, body, **query) != []


@pytest.mark.parametrize(
    ("method", "path", "status", "body"),
    [
        ("GET", "/users/alice", 200, {"login": "alice", "id": 1}),
        ("GET", "/apps/x", 200, {"id": 1}),
        ("GET", ENVIRONMENT, 200, {"name": "prod"}),
        ("GET", ENVIRONMENT, 202, {}),
        ("PUT", ENVIRONMENT, 422, {"message": 1}),
        ("GET", "/repos/example/lockstep/rulesets", 200, [{"id": 1}]),
        ("GET", "/repos/example/lockstep/rulesets/1", 404, {"message": 1}),
        ("POST", "/repos/example/lockstep/rulesets", 200, {}),
        ("GET", f"{ENVIRONMENT}/deployment-branch-policies", 200, []),
    ],
)
def test_a_wrong_answer_is_noticed(method: str, path: str, status: int, body: Any) -> None:
    assert unfit(method, path, status, body) != []


def test_what_departs_from_the_description_is_known_and_is_no_part_of_it() -> None:
    """When GitHub describes it, the exception goes."""
    for name, properties in DEPARTURES.items():
        method, path = name.split()
        described = published()["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        assert not properties & described["properties"].keys()
        assert described["additionalProperties"] is False


def test_nothing_else_is_described() -> None:
    assert operation("DELETE", ENVIRONMENT) is None
    assert operation("GET", "/repos/example/lockstep/../secrets") is None
