"""Orders: fields, limits, every error at once, and the names derived from an order."""

from __future__ import annotations

import json

import pytest

from functions.orders.document import read_json
from functions.orders.order import InvalidOrderError, is_order_id, parse_order

from .fakes import order


def parsed(**changes: object) -> object:
    return parse_order(read_json(json.dumps(order(**changes))))


def errors_of(document: object) -> dict[str, str]:
    with pytest.raises(InvalidOrderError) as caught:
        parse_order(read_json(json.dumps(document)))
    return {error.field: error.message for error in caught.value.errors}


def test_a_limit_order_is_read() -> None:
    assert parsed(quantity="100.0", limit_price="187.250").to_document() == order()


def test_a_market_order_has_no_price() -> None:
    document = order(type="MARKET", limit_price=None)
    assert parsed(type="MARKET", limit_price=None).to_document() == document


def test_every_wrong_field_is_reported_at_once() -> None:
    document = {
        "client_order_id": "-starts-wrong",
        "symbol": "acme",
        "side": "HOLD",
        "type": "LIMIT",
        "quantity": "0",
        "time_in_force": 1,
        "colour": "red",
    }
    errors = errors_of(document)
    assert list(errors) == [
        "client_order_id",
        "account",
        "symbol",
        "side",
        "quantity",
        "time_in_force",
        "limit_price",
        "colour",
    ]
    assert errors["account"] == "is required"
    assert errors["side"] == "must be one of BUY, SELL"
    assert errors["quantity"] == "must be greater than 0"
    assert errors["limit_price"] == "is required for a LIMIT order"
    assert errors["colour"] == "is not a field of an order"


@pytest.mark.parametrize("price", ["1", "nonsense", None])
def test_a_market_order_refuses_any_price(price: str | None) -> None:
    document = {**order(type="MARKET"), "limit_price": price}
    assert errors_of(document) == {"limit_price": "must be left out of a MARKET order"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_order_id", "a" * 65),
        ("client_order_id", "a b"),
        ("client_order_id", "a\n"),
        ("client_order_id", "é"),
        ("client_order_id", ""),
        ("client_order_id", 7),
        ("account", "AB"),
        ("account", "A" * 33),
        ("account", "ACC_1"),
        ("symbol", "A" * 13),
        ("symbol", "BRK."),
        ("symbol", "BRK.ABCDE"),
        ("side", "buy"),
        ("side", ["BUY"]),
        ("type", "STOP"),
        ("time_in_force", "GTD"),
        ("quantity", "1000000001"),
        ("limit_price", "0.000000001"),
    ],
)
def test_a_value_outside_its_limits_is_refused(name: str, value: object) -> None:
    assert name in errors_of(order(**{name: value}))


@pytest.mark.parametrize(
    "name", ["client_order_id", "account", "symbol", "side", "type", "quantity", "time_in_force"]
)
def test_a_field_is_required(name: str) -> None:
    assert errors_of(order(**{name: None}))[name] == "is required"


def test_the_order_id_follows_from_account_and_client_order_id_alone() -> None:
    order_id = parsed().order_id
    assert is_order_id(order_id)
    assert parsed(quantity="7", side="SELL").order_id == order_id
    assert parsed(account="ACC-1002").order_id != order_id
    assert parsed(client_order_id="desk7-000124").order_id != order_id


def test_moving_a_character_between_account_and_client_order_id_gives_another_id() -> None:
    assert (
        parsed(account="ACC1", client_order_id="23").order_id
        != parsed(account="ACC", client_order_id="123").order_id
    )


def test_spelling_of_a_number_does_not_make_another_order() -> None:
    assert parsed(quantity="1.0") == parsed(quantity="1.00") == parsed(quantity=1)
    assert parsed(quantity="1.0") != parsed(quantity="1.01")


def test_the_account_is_not_in_the_repr_that_a_traceback_would_show() -> None:
    assert "ACC-1001" not in repr(parsed())


@pytest.mark.parametrize("text", ["", "a" * 31, "a" * 33, "A" * 32, "a" * 31 + "1", "a" * 32 + "\n", None])
def test_what_has_not_the_form_of_an_order_id(text: object) -> None:
    assert not is_order_id(text)
