"""What an order is: its fields, their limits, its canonical form, and the names derived from it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

from functions.orders.amount import Limits, canonical, parse_amount

QUANTITY = Limits(maximum=Decimal("1000000000"), scale=8)
"""Units of the symbol; eight digits allow for fractions of a share."""
LIMIT_PRICE = Limits(maximum=Decimal("1000000000"), scale=8)
"""Price of one unit, in the currency that the symbol trades in."""

SMOKE_ACCOUNT = "LOCKSTEP-SMOKE"
"""Of the orders that a deployment posts to try what it deployed (REQ-V10). They are like any other, but expire."""

_CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{2,31}")
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{0,11}(?:[.-][A-Z0-9]{1,4})?")
_ORDER_ID = re.compile(r"[a-z2-7]{32}")


class Side(StrEnum):
    """Which way the order trades."""

    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    """At the market's price, or at the limit price or better."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"


class TimeInForce(StrEnum):
    """How long the order stands: the day, until cancelled, immediate or cancel, fill or kill."""

    DAY = "DAY"
    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


@dataclass(frozen=True, slots=True)
class Order:
    """A valid order. Amounts are canonical. The account is personal data: it is left out of `repr`."""

    client_order_id: str
    account: str = field(repr=False)
    symbol: str
    side: Side
    type: OrderType
    quantity: Decimal
    limit_price: Decimal | None
    time_in_force: TimeInForce

    @property
    def order_id(self) -> str:
        """32 characters, the same for every order of this account with this client order id."""
        name = json.dumps([self.account, self.client_order_id]).encode()
        return base64.b32encode(hashlib.sha256(name).digest()[:20]).decode().lower()

    def to_document(self) -> dict[str, str]:
        """Return the order's fields as text, in the order of the API; what is not set is left out."""
        document = {
            "client_order_id": self.client_order_id,
            "account": self.account,
            "symbol": self.symbol,
            "side": self.side.value,
            "type": self.type.value,
            "quantity": canonical(self.quantity),
            "limit_price": canonical(self.limit_price) if self.limit_price is not None else "",
            "time_in_force": self.time_in_force.value,
        }
        return {name: value for name, value in document.items() if value}


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, and what is allowed. Never quotes the value."""

    field: str
    message: str


class InvalidOrderError(ValueError):
    """The document is a JSON object but not an order. Carries every field that is wrong."""

    def __init__(self, errors: tuple[FieldError, ...]) -> None:
        self.errors = errors
        super().__init__(", ".join(error.field for error in errors))


def is_order_id(text: object) -> bool:
    """Tell whether `text` has the form of an order id."""
    return isinstance(text, str) and _ORDER_ID.fullmatch(text) is not None


def parse_order(document: Mapping[str, object]) -> Order:
    """Return the order in `document`, which `read_json` read; raises `InvalidOrderError` with every error."""
    values: dict[str, Any] = {"limit_price": None}
    errors: dict[str, str] = {}
    for name, parse in _FIELDS.items():
        if name in document:
            try:
                values[name] = parse(document[name])
            except ValueError as error:
                errors[name] = str(error)
        elif name != "limit_price":
            errors[name] = "is required"
    if values.get("type") is OrderType.LIMIT and "limit_price" not in document:
        errors["limit_price"] = "is required for a LIMIT order"
    if values.get("type") is OrderType.MARKET and "limit_price" in document:
        errors["limit_price"] = "must be left out of a MARKET order"
    errors.update((name, "is not a field of an order") for name in document if name not in _FIELDS)
    if errors:
        raise InvalidOrderError(tuple(FieldError(name, message) for name, message in errors.items()))
    return Order(**values)


def _matching(pattern: re.Pattern[str], allowed: str) -> Callable[[object], str]:
    def parse(value: object) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(f"must be {allowed}")
        return value

    return parse


def _one_of(kind: type[StrEnum]) -> Callable[[object], StrEnum]:
    members = {member.value: member for member in kind}

    def parse(value: object) -> StrEnum:
        if not isinstance(value, str) or value not in members:
            raise ValueError(f"must be one of {', '.join(members)}")
        return members[value]

    return parse


_FIELDS: dict[str, Callable[[object], Any]] = {
    "client_order_id": _matching(
        _CLIENT_ORDER_ID, "1 to 64 letters, digits and . _ : - that start with a letter or digit"
    ),
    "account": _matching(_ACCOUNT, "3 to 32 letters, digits and - that start with a letter or digit"),
    "symbol": _matching(
        _SYMBOL, "a ticker of 1 to 12 capitals and digits, with at most one suffix such as .B"
    ),
    "side": _one_of(Side),
    "type": _one_of(OrderType),
    "quantity": lambda value: parse_amount(value, QUANTITY),
    "limit_price": lambda value: parse_amount(value, LIMIT_PRICE),
    "time_in_force": _one_of(TimeInForce),
}
