"""Entries of the policy file: what is a declaration, and every mistake in one that is none (REQ-V4)."""

from __future__ import annotations

import datetime
import json
import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from validator.parity import Declaration
from validator.parity.declarations import Bound, Range
from validator.parity.entries import MalformedError, declaration_of

ROOT = Path(__file__).parents[3]
SCHEMA = json.loads((ROOT / "pipelines/variance.schema.json").read_text(encoding="utf-8"))
GOOD = {
    "path": "orders:settings.a",
    "reason": "because of a reason",
    "owner": "me",
    "bound": {"among": [1, 2]},
}
SEVERAL = {"order": "grows", "range": {"minimum": 1, "maximum": None}, "ratio": 1.5, "among": None}

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"path": None}, "path: is missing"),
    ({"path": 5}, "path: is not of the form"),
    ({"path": "orders:settings."}, "path: is not of the form"),
    ({"path": "orders/queue:Parameter.A"}, "path: is not of the form"),
    ({"reason": ["a list of reasons"]}, "reason: is no text"),
    ({"reason": " nine char "}, "reason: has fewer than 10 characters"),
    ({"reason": " \n "}, "reason: is empty"),
    ({"owner": "x"}, "owner: has fewer than 2 characters"),
    ({"colour": "blue"}, "colour: is not a key of a declaration"),
    ({"expires": 20270630}, "expires: is no date"),
    ({"expires": "2027-W26-3"}, "expires: is no date"),
    ({"expires": "2027-02-30"}, "expires: is no date"),
    ({"bound": None}, "bound: is missing"),
    ({"bound": "grows"}, "bound: is no mapping"),
    ({"bound": {}}, "bound: is empty"),
    ({"bound": {"ratio": None}}, "bound: is empty"),
    ({"bound": {"below": 5}}, "bound.below: is not a key of a declaration"),
    ({"bound": {"order": "grows"}}, "bound: is an order alone"),
    ({"bound": {"order": "grows", "range": None}}, "bound: is an order alone"),
    ({"bound": {"order": "up", "ratio": 2}}, "bound.order: is none of grows, shrinks"),
    ({"bound": {"order": ["grows"], "ratio": 2}}, "bound.order: is none of grows, shrinks"),
    ({"bound": {"range": [1, 2]}}, "bound.range: is no mapping"),
    ({"bound": {"range": {}}}, "bound.range: gives neither minimum nor maximum"),
    ({"bound": {"range": {"minimum": "1"}}}, "bound.range.minimum: is no finite number"),
    ({"bound": {"range": {"from": 1, "maximum": 2}}}, "bound.range.from: is not a key"),
    ({"bound": {"ratio": 1}}, "bound.ratio: is not above 1"),
    ({"bound": {"ratio": True}}, "bound.ratio: is no finite number"),
    ({"bound": {"among": ["one"]}}, "bound.among: is no list of two plain values or more"),
    ({"bound": {"among": {"a": 1, "b": 2}}}, "bound.among: is no list of two plain values or more"),
    ({"bound": {"among": [1, [2]]}}, "bound.among: is no list of two plain values or more"),
    ({"bound": {"exactly": [1, 2]}}, "bound.exactly: is no mapping of environments to plain values"),
    ({"bound": {"exactly": {"dev": {"a": 1}}}}, "bound.exactly: is no mapping of environments"),
]
BEYOND_SCHEMAS: list[tuple[dict[str, Any], str]] = [
    ({"path": "orders:settings.a\n"}, "path: is not of the form"),
    ({"bound": {"range": {"minimum": 3, "maximum": 1}}}, "bound.range: minimum 3 is above maximum 1"),
    ({"bound": {"range": {"maximum": math.inf}}}, "bound.range.maximum: is no finite number"),
    ({"bound": {"range": {"maximum": math.nan}}}, "bound.range.maximum: is no finite number"),
    ({"bound": {"range": {"maximum": 10**400}}}, "bound.range.maximum: is no finite number"),
    (
        {"bound": {"exactly": {"qa": 1, "dev": 1}}},
        "qa is no environment; the environments are dev, staging, prod",
    ),
    ({"expires": datetime.datetime(2027, 6, 30, 0, 0)}, "expires: is no date"),  # noqa: DTZ001 - as YAML gives it
]


def as_json(entry: Any) -> Any:
    return json.loads(json.dumps(entry, default=str))


@pytest.mark.parametrize(("wrong", "words"), [*WRONG, *BEYOND_SCHEMAS], ids=str)
def test_what_is_wrong_is_said_with_its_place(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(MalformedError) as caught:
        declaration_of({**GOOD, **wrong})
    assert len(caught.value.mistakes) == 1
    assert words in str(caught.value)


@pytest.mark.parametrize("entry", ["text", None, ["a"], 5], ids=str)
def test_what_is_no_mapping_declares_nothing(entry: Any) -> None:
    with pytest.raises(MalformedError, match=r"^is no mapping$"):
        declaration_of(entry)


def test_one_mistake_hides_no_other() -> None:
    with pytest.raises(MalformedError) as caught:
        declaration_of(
            {"path": "orders", "owner": "", "more": 1, "bound": {"ratio": 0, "range": {"minimum": "x"}}}
        )
    assert sorted(".".join(keys) for keys, _ in caught.value.mistakes) == [
        "bound.range.minimum",
        "bound.ratio",
        "more",
        "owner",
        "path",
        "reason",
    ]


def test_a_declaration_is_what_the_entry_says() -> None:
    written = {
        **GOOD,
        "reason": " because of a reason\n",
        "expires": datetime.date(2027, 6, 30),
        "bound": SEVERAL,
    }
    bound = Bound(order="grows", range=Range(minimum=1), ratio=1.5)
    expected = Declaration(
        "orders:settings.a", "because of a reason", "me", bound, datetime.date(2027, 6, 30)
    )
    assert declaration_of(written) == expected
    assert declaration_of({**written, "expires": "2027-06-30"}) == expected


def test_environments_are_those_of_the_project_and_their_regions() -> None:
    entry = {**GOOD, "bound": {"exactly": {"live/ledger/standby": 1, "live": None}}}
    assert declaration_of(entry, ("live",)).bound.exactly == {"live/ledger/standby": 1, "live": None}


@pytest.mark.parametrize("wrong", [wrong for wrong, _ in WRONG], ids=str)
def test_the_schema_for_editors_refuses_what_is_refused(wrong: dict[str, Any]) -> None:
    checker = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
    entry = {key: value for key, value in {**GOOD, **wrong}.items() if value is not None}
    assert not checker.is_valid({"variances": [as_json(entry)]})


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"expires": None},
        {"expires": "2027-06-30"},
        {"bound": SEVERAL},
        {"bound": {"exactly": {"dev": None, "prod": "x"}}},
        {"path": "a/*:Resources.**"},
        {"path": "orders/*/queue:Template"},
        {"owner": " me "},
    ],
    ids=str,
)
def test_the_schema_for_editors_takes_what_is_taken(more: dict[str, Any]) -> None:
    declaration_of({**GOOD, **more})
    assert Draft202012Validator(SCHEMA).is_valid({"variances": [{**GOOD, **more}]})


def test_the_schema_for_editors_takes_the_policy_of_this_repository() -> None:
    policy = yaml.safe_load((ROOT / "pipelines/variance.yaml").read_text(encoding="utf-8"))
    assert Draft202012Validator(SCHEMA).is_valid(as_json(policy))
