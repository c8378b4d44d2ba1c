"""Symbols: equal by structure, readable, and injective in their text."""

from __future__ import annotations

import pytest

from validator.effective import NO_VALUE, Symbol, concat, symbolic, to_json
from validator.effective.symbols import freeze

QUEUE = Symbol("ref", ("Queue",))
ENVIRONMENT = Symbol.named("environment")


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (QUEUE, "ref:Queue"),
        (Symbol("att", ("Queue", "Arn")), "att:Queue.Arn"),
        (Symbol("az", ("us-east-1", "0")), "az:us-east-1:0"),
        (Symbol("az", (Symbol.named("region"), "0")), "az:${region}:0"),
        (ENVIRONMENT, "environment"),
        (Symbol("ssm", (concat(["/orders/", ENVIRONMENT, "/VpcId"]),)), "ssm:/orders/${environment}/VpcId"),
        (Symbol("split", (",", QUEUE)), 'split(",", ref:Queue)'),
        (Symbol("split", ('"', concat(["a\\", QUEUE, "${x}"]))), 'split("\\"", "a\\\\${ref:Queue}${!x}")'),
        (freeze([1, True, {"a": NO_VALUE}]), 'list(1, true, map("a", AWS::NoValue))'),
    ],
)
def test_text_says_the_structure(made: Symbol, text: str) -> None:
    assert made.text == str(made) == text


def test_strings_compare_by_structure_however_they_were_put_together() -> None:
    one = concat(["a", concat(["b", QUEUE, ""]), "c"])
    other = concat(["ab", QUEUE, concat(["c"])])
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == "ab${ref:Queue}c"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (concat(["ref:Queue"]), QUEUE),
        (concat(["${ref:Queue}", QUEUE]), concat([QUEUE, QUEUE])),
        (concat(["az:", QUEUE, ":0"]), Symbol("az", (QUEUE, "0"))),
        (Symbol("split", (",", "ref:Queue")), Symbol("split", (",", QUEUE))),
        (Symbol("list", ("a", "b")), Symbol("list", ('a", "b',))),
        (freeze("true"), freeze(True)),
    ],
)
def test_different_structures_are_never_equal(one: object, other: object) -> None:
    assert one != other


def test_plain_parts_make_a_plain_string() -> None:
    assert concat(["a", "", "b"]) == "ab"
    assert concat([]) == ""
    assert concat(["", QUEUE, ""]) is QUEUE


def test_json_form() -> None:
    assert to_json({"a": [QUEUE, 1, ("x",)], "b": "s"}) == {
        "a": [{"$symbol": "ref:Queue"}, 1, ["x"]],
        "b": "s",
    }


def test_symbolic_looks_inside() -> None:
    assert symbolic({"a": [1, {"b": QUEUE}]})
    assert not symbolic({"a": [1, {"b": "ref:Queue"}]})


def test_symbols_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        QUEUE.text = "x"  # type: ignore[misc]
