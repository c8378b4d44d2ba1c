"""Laws of money: what goes in exactly comes out exactly, and every number has one written form."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.orders.amount import LONGEST_LITERAL, Limits, canonical, parse_amount
from functions.orders.document import JsonNumber, MalformedDocumentError, read_json
from functions.orders.http import respond
from functions.orders.order import InvalidOrderError, parse_order
from functions.orders.problem import ProblemError
from functions.orders.store import from_item, to_item
from tests.unit.functions.fakes import World, order, request

# The same examples at every run: no test depends on luck.
LAWS = settings(deadline=None, derandomize=True, max_examples=500)

SCALE = 8
LIMITS = Limits(maximum=Decimal("1000000000"), scale=SCALE)
amounts = st.integers(1, 10 ** (9 + SCALE)).map(lambda units: Decimal(units).scaleb(-SCALE))


@st.composite
def spellings(draw: st.DrawFn) -> tuple[Decimal, str]:
    """Return an amount and one of the ways to write it as a JSON number."""
    amount = draw(amounts)
    shift = draw(st.integers(-12, 12))
    text = format(amount.scaleb(-shift), "f")
    if draw(st.booleans()):
        text += ("" if "." in text else ".") + "0" * draw(st.integers(1, 5))
    if shift or draw(st.booleans()):
        text += draw(st.sampled_from("eE")) + draw(st.sampled_from(["", "+"]) if shift >= 0 else st.just(""))
        text += f"{shift:d}" if draw(st.booleans()) or abs(shift) > 9 else f"{shift:03d}"[-2 - (shift < 0) :]
    return amount, text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=10,
)


@LAWS
@given(spellings())
def test_every_spelling_of_an_amount_is_read_as_that_amount(spelled: tuple[Decimal, str]) -> None:
    amount, text = spelled
    if len(text) <= LONGEST_LITERAL:
        for value in (text, JsonNumber(text)):
            assert Fraction(parse_amount(value, LIMITS)) == Fraction(amount)
            assert canonical(parse_amount(value, LIMITS)) == canonical(amount)


@LAWS
@given(amounts)
def test_the_canonical_form_is_a_fixed_point_without_padding(amount: Decimal) -> None:
    text = canonical(amount)
    assert Fraction(text) == Fraction(amount)
    assert canonical(parse_amount(text, LIMITS)) == text
    assert set(text) <= set("0123456789.")
    assert "." not in text or not text.endswith(("0", "."))
    assert text.startswith("0.") or not text.startswith("0")


@LAWS
@given(amounts, amounts)
def test_two_amounts_are_equal_exactly_when_their_canonical_forms_are(one: Decimal, other: Decimal) -> None:
    assert (one == other) == (canonical(one) == canonical(other))


@LAWS
@given(amounts, amounts)
def test_amounts_survive_request_table_and_archive(quantity: Decimal, price: Decimal) -> None:
    world = World()
    # The number as a JSON number and the price as a string: both are exact.
    body = json.dumps(order(quantity="Q", limit_price=str(price))).replace('"Q"', format(quantity, "f"))
    answer = respond(request("POST", "/orders", body), lambda: world.intake, lambda _seen: None)
    order_id = str(answer.document["order_id"])
    standing = world.intake.find(order_id)
    assert standing is not None
    assert from_item(to_item(standing)) == standing
    world.processing.process(world.sqs.bodies[0])
    archived = json.loads(world.s3.versions[standing.archive_key()][0])
    for seen in (answer.document, archived, standing.representation()):
        assert Fraction(seen["quantity"]) == Fraction(quantity)
        assert Fraction(seen["limit_price"]) == Fraction(price)


@LAWS
@given(st.integers(1, 10**20), st.integers(SCALE + 1, 30))
def test_a_digit_beyond_the_scale_is_refused_never_rounded(units: int, scale: int) -> None:
    text = format(Decimal(units).scaleb(-scale), "f")
    beyond = Fraction(text) * 10**SCALE
    try:
        assert Fraction(parse_amount(text, LIMITS)) == Fraction(text)
        assert beyond.denominator == 1
    except ValueError:
        assert beyond.denominator != 1 or beyond > 10 ** (9 + SCALE)


@LAWS
@given(
    st.text(max_size=60)
    | st.from_regex(r"-?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,25})?", fullmatch=True)
)
def test_any_text_is_an_amount_within_the_limits_or_a_value_error(text: str) -> None:
    for value in (text, JsonNumber(text)):
        try:
            amount = parse_amount(value, LIMITS)
        except ValueError:
            continue
        assert amount.is_finite()
        assert 0 < amount <= LIMITS.maximum
        assert Fraction(amount) == Fraction(text)


@LAWS
@given(json_values)
def test_no_float_ever_comes_out_of_a_document(value: Any) -> None:
    def leaves(node: Any) -> list[Any]:
        if isinstance(node, dict):
            return [leaf for child in node.values() for leaf in leaves(child)]
        return [leaf for child in node for leaf in leaves(child)] if isinstance(node, list) else [node]

    try:
        document = read_json(json.dumps(value))
    except MalformedDocumentError:  # NaN and Infinity, which json.dumps writes
        return
    assert all(isinstance(leaf, (str, JsonNumber, bool, type(None))) for leaf in leaves(document))


@settings(LAWS, max_examples=200)  # Such documents take long to make.
@given(st.dictionaries(st.sampled_from(sorted(order())) | st.text(max_size=8), json_values, max_size=9))
def test_any_document_is_an_order_or_a_list_of_its_errors(document: dict[str, Any]) -> None:
    try:
        parse_order(read_json(json.dumps({**order(), **document})))
    except MalformedDocumentError:
        return
    except InvalidOrderError as error:
        named = [each.field for each in error.errors]
        assert len(set(named)) == len(named)
        assert set(named) <= {*order(), *document}


@LAWS
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_body_is_answered_with_a_problem_or_accepted(body: str) -> None:
    world = World()
    try:
        respond(request("POST", "/orders", body), lambda: world.intake, lambda _seen: None)
    except ProblemError as error:
        assert error.problem.status in {400, 413, 422}
        assert world.dynamodb.items == {}
