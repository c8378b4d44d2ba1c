"""Parity of this repository: every difference is declared, and every change of a value is noticed (REQ-V3, V4, V5)."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipelines.variances import policy_of, written
from tests.unit import small_project
from validator.findings import Finding
from validator.loader import Loaded
from validator.model import Project, Stack
from validator.parity import ABSENT, Declared, Policy, compare, judge, pairs, pairs_of
from validator.parity.bounds import broken
from validator.parity.entries import MalformedError, bound_of, declaration_of
from validator.parity.security import guards
from validator.places import StackPlaces

ROOT = Path(__file__).parents[3]
TODAY = datetime.date(2026, 1, 1)


@pytest.fixture(autouse=True)
def evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evaluate once what no test changes."""
    monkeypatch.setattr(pairs, "side", small_project.own_side)


@pytest.fixture(scope="module")
def repository() -> Loaded:
    return small_project.repository()


@pytest.fixture(scope="module")
def declared() -> list[Declared]:
    return list(policy_of(ROOT).checked().declared)


def findings(
    stacks: Mapping[str, tuple[Stack, ...]],
    values: Any,
    declared: list[Declared],
    today: datetime.date = TODAY,
) -> list[Finding]:
    project = Project(tuple(stacks), tuple(stack for those in stacks.values() for stack in those))
    policy = Policy("pipelines/variance.yaml", tuple(declared))
    places = StackPlaces(project, small_project.repository().hierarchy)
    return list(judge(compare(pairs_of(project)), values, policy, today, places))


def environments(loaded: Loaded) -> dict[str, tuple[Stack, ...]]:
    return {name: loaded.project.of(name) for name in loaded.project.environments}


def orders(loaded: Loaded) -> dict[str, tuple[Stack, ...]]:
    """Return the stacks of `orders`: what is tried one by one is tried with these."""
    return {
        name: tuple(stack for stack in stacks if stack.workload == "orders")
        for name, stacks in environments(loaded).items()
    }


def test_every_difference_of_this_repository_is_declared(
    repository: Loaded, declared: list[Declared]
) -> None:
    assert findings(environments(repository), written(repository), declared) == []


def changed(stacks: tuple[Stack, ...], name: str, **changes: Any) -> tuple[Stack, ...]:
    """Change the stack of that path, or of that name in `orders`."""
    path = name if "/" in name else f"orders/{name}"
    return tuple(replace(stack, **changes) if stack.path == path else stack for stack in stacks)


def test_every_shared_parameter_that_changes_in_one_environment_is_caught(
    repository: Loaded, declared: list[Declared]
) -> None:
    """One by one, over every parameter of every stack that is alike in staging and prod and has no declared source."""
    stacks = orders(repository)
    values = written(repository)
    settings = {
        f"settings.{path}"
        for (group, path), by in values.items()
        if group == "orders" and len({repr(v) for v in by.values()}) == 1
    }
    tried, caught = 0, 0
    for stack in stacks["prod"]:
        for key, value in stack.parameters.items():
            place = f"parameters.{key}"
            varies = any(f"settings.{path}" not in settings for path in stack.sources.get(place, ()))
            if place in stack.identity or varies or not isinstance(value, str):
                continue
            other = changed(stacks["prod"], stack.path, parameters={**stack.parameters, key: f"{value}9"})
            found = findings({**stacks, "prod": other}, values, declared)
            tried += 1
            caught += any(stack.short_name in finding.message for finding in found)
    assert tried > 20
    assert caught == tried, f"{caught} of {tried} changed parameters were noticed"


def test_a_stack_a_tag_or_a_dependency_in_one_environment_only_is_caught(
    repository: Loaded, declared: list[Declared]
) -> None:
    stacks, values = orders(repository), written(repository)
    for stack in stacks["prod"]:
        without = tuple(one for one in stacks["prod"] if one.name != stack.name)
        (finding,) = [
            finding
            for finding in findings({**stacks, "prod": without}, values, declared)
            if "the whole stack" in finding.message
        ]
        assert f"{stack.path}: the whole stack is 'present' in staging and absent in prod" in finding.message
        tagged = changed(stacks["prod"], stack.path, tags={**stack.tags, "Colour": "blue"})
        assert any("Tags.Colour" in f.message for f in findings({**stacks, "prod": tagged}, values, declared))
        if stack.dependencies:
            fewer = changed(stacks["prod"], stack.path, dependencies=stack.dependencies[1:])
            assert any(
                "Dependencies" in f.message for f in findings({**stacks, "prod": fewer}, values, declared)
            )


def test_a_changed_property_says_where_it_is_and_what_it_was(
    repository: Loaded, declared: list[Declared]
) -> None:
    stacks = environments(repository)
    (queue,) = [stack for stack in stacks["prod"] if stack.short_name == "queue"]
    body = queue.body.replace("ReceiveMessageWaitTimeSeconds: 20", "ReceiveMessageWaitTimeSeconds: 5")
    assert body != queue.body
    other = changed(stacks["prod"], "queue", body=body)
    found = findings({**stacks, "prod": other}, written(repository), declared)
    assert found
    for finding in found:
        assert finding.file == "templates/queue.yaml"
        assert finding.line is not None
        assert "is 20 in staging and 5 in prod" in finding.message


def test_security_cannot_be_declared_away(repository: Loaded, declared: list[Declared]) -> None:
    """REQ-V5: an encrypted queue here and an open one there is a finding, whatever somebody declares."""
    stacks = environments(repository)
    (queue,) = [stack for stack in stacks["prod"] if stack.short_name == "queue"]
    body = queue.body.replace("KmsMasterKeyId: !Ref DataKeyArn", "KmsMasterKeyId: alias/aws/sqs")
    assert body != queue.body
    anything = declaration_of(
        {
            "path": "orders/*:Resources.**",
            "reason": "somebody wants everything to be allowed",
            "owner": "somebody",
            "bound": {"among": ["a", "b"]},
        }
    )
    other = changed(stacks["prod"], "queue", body=body)
    found = findings({**stacks, "prod": other}, written(repository), [*declared, Declared(anything)])
    assert [finding.key for finding in found if "security never varies" in finding.message]


def test_guards_know_what_they_guard() -> None:
    assert guards("AWS::S3::Bucket", ("Resources", "B", "Properties", "BucketEncryption", "X"))
    assert guards("AWS::IAM::Role", ("Resources", "R", "Properties", "PermissionsBoundary"))
    assert guards("AWS::SQS::Queue", ("Resources", "Q", "Properties", "RedrivePolicy", "deadLetterTargetArn"))
    assert guards("AWS::SQS::Queue", ("Resources", "Q", "Type"))
    assert not guards("AWS::SQS::Queue", ("Resources", "Q", "Properties", "RedrivePolicy", "maxReceiveCount"))
    assert not guards("AWS::Lambda::Function", ("Resources", "F", "Properties", "MemorySize"))
    assert not guards("AWS::S3::Bucket", ("Parameters", "BucketEncryption"))


def declaration(path: str, **more: Any) -> Declared:
    bound = {"among": ["single", "per_az"]}
    fields = {"path": path, "reason": "because somebody decided so", "owner": "platform", "bound": bound}
    return Declared(declaration_of({**fields, **more}), 3)


@pytest.mark.parametrize(
    ("more", "today", "words"),
    [
        ([declaration("orders:settings.functions.account_concurrency")], TODAY, "nothing differs there"),
        ([declaration("orders:settings.network.n*")], TODAY, "declared more than once"),
    ],
)
def test_needless_and_overlapping_declarations_are_findings(
    repository: Loaded, declared: list[Declared], more: list[Declared], today: datetime.date, words: str
) -> None:
    found = findings(environments(repository), written(repository), [*declared, *more], today)
    assert [finding.check for finding in found] == ["variances"]
    assert words in found[0].message
    assert found[0].file == "pipelines/variance.yaml"


def test_an_expired_declaration_is_a_finding_from_the_day_after(
    repository: Loaded, declared: list[Declared]
) -> None:
    (nat,) = [one for one in declared if one.declaration.key == "settings.network.nat"]
    rest = [one for one in declared if one is not nat]
    dated = Declared(replace(nat.declaration, expires=TODAY))
    assert findings(environments(repository), written(repository), [*rest, dated], TODAY) == []
    (finding,) = findings(
        environments(repository), written(repository), [*rest, dated], TODAY + datetime.timedelta(days=1)
    )
    assert "expired on 2026-01-01" in finding.message


def test_every_declaration_is_needed(repository: Loaded, declared: list[Declared]) -> None:
    """Without any one of them, what it declared is a finding that names key, values and mend."""
    for one in declared:
        rest = [other for other in declared if other is not one]
        found = findings(environments(repository), written(repository), rest)
        assert found, one.declaration.path
        for finding in found:
            assert finding.check == "parity"
            assert "nobody declared it" in finding.message
            assert "pipelines/variance.yaml" in finding.remediation


def test_a_value_outside_its_bound_is_caught_and_one_inside_passes(
    repository: Loaded, declared: list[Declared]
) -> None:
    values = written(repository)

    def with_burst(burst: int) -> list[Finding]:
        place = ("orders", "api.throttle_burst")
        return findings(
            environments(repository), {**values, place: {**values[place], "prod": burst}}, declared
        )

    assert with_burst(4500) == []
    for burst, words in ((900, "declared is that it grows"), (5001, "above 5000")):
        (finding,) = with_burst(burst)
        assert words in finding.message


@pytest.mark.parametrize(
    ("bound", "values", "words"),
    [
        ({"order": "grows", "ratio": 4}, {"dev": 1, "staging": 2, "prod": 4}, []),
        ({"order": "grows", "ratio": 4}, {"dev": 1, "staging": 5, "prod": 4}, ["grows", "more than 4 times"]),
        ({"order": "grows", "range": {"minimum": 1}}, {"dev": 30, "staging": 90, "prod": None}, []),
        (
            {"order": "shrinks", "range": {"maximum": 9}},
            {"dev": 9, "staging": "x", "prod": 1},
            ["no order", "no number"],
        ),
        ({"ratio": 2}, {"dev": 0, "staging": 1}, ["no ratio"]),
        ({"ratio": 2}, {"dev": 1, "staging": None}, ["no ratio"]),
        ({"ratio": 2}, {}, []),
        ({"among": ["a", "b"]}, {"dev": "a", "prod": "c"}, ["not among"]),
        ({"exactly": {"dev": False, "prod": True}}, {"dev": "false", "prod": "true"}, []),
        ({"among": ["present", "absent"]}, {"dev": {"Type": "T"}, "prod": ABSENT}, []),
        ({"among": ["present", "absent"]}, {"dev": ["a"], "prod": ["b"]}, ["several that differ"]),
        ({"among": ['["a"]', '["b"]']}, {"dev": ["a"], "prod": ["b"]}, []),
        ({"among": [1, 2]}, {"dev": None, "prod": True}, ["dev has null", "prod has true"]),
        ({"exactly": {"dev": 1}}, {"dev": 1, "prod": 2}, ["says nothing of prod"]),
        ({"exactly": {"dev": 1, "prod": 2}}, {"dev": 1, "prod": 3}, ["exactly 2"]),
    ],
)
def test_bounds(bound: dict[str, Any], values: dict[str, Any], words: list[str]) -> None:
    found = list(broken(bound_of(bound), values))
    assert len(found) >= len(words)
    assert bool(found) == bool(words)
    for word in words:
        assert any(word in one for one in found), found


@pytest.mark.parametrize(
    "wrong",
    [
        {"bound": {}},
        {"bound": {"order": "grows"}},
        {"bound": {"range": {}}},
        {"bound": {"range": {"minimum": 3, "maximum": 1}}},
        {"bound": {"exactly": {"qa": 1}}},
        {"bound": {"among": ["one"]}},
        {"reason": ""},
        {"owner": " "},
        {"path": "no colon"},
        {"path": "orders:"},
        {"colour": "blue"},
    ],
    ids=str,
)
def test_an_unbounded_or_nameless_declaration_is_refused(wrong: dict[str, Any]) -> None:
    good = {
        "path": "orders:settings.a",
        "reason": "because of a reason",
        "owner": "me",
        "bound": {"among": [1, 2]},
    }
    declaration_of(good)
    with pytest.raises(MalformedError):
        declaration_of({**good, **wrong})
