"""docs/orders.md: each exchange on the page happens as it says, one after the other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions.orders import api, problem
from functions.orders.amount import LONGEST_LITERAL
from functions.orders.http import MAX_BODY_BYTES
from functions.orders.intake import Outcome
from functions.orders.order import LIMIT_PRICE, QUANTITY

from .fakes import World, order, request

PAGE = (Path(__file__).parents[3] / "docs" / "orders.md").read_text(encoding="utf-8")
STEP = re.compile(r"^```http\n(?P<block>.*?)^```$|^<!-- (?P<event>.*?) -->$", re.MULTILINE | re.DOTALL)
CONTEXT = SimpleNamespace(
    function_name="api", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id="unused"
)


def message(block: str) -> tuple[str, dict[str, str], str]:
    """Return first line, headers and body of an HTTP message as the page writes it."""
    head, _, body = block.partition("\n\n")
    first, *headers = head.strip().splitlines()
    return first, dict(line.split(": ", 1) for line in headers), body.strip()


def send(block: str) -> dict[str, Any]:
    first, headers, body = message(block)
    method, path = first.split(" ")
    return api.handler(request(method, path, body or None, headers=headers), CONTEXT)


def test_every_exchange_happens_as_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    world, answer, exchanges = World(), None, 0
    monkeypatch.setattr(api, "intake", lambda: world.intake)
    for step in STEP.finditer(PAGE):
        if step["event"]:
            assert step["event"] == "the processor runs"
            for body in world.sqs.bodies:
                world.processing.process(body)
        elif answer is None:
            answer = send(step["block"])
        else:
            status, headers, body = message(step["block"])
            assert str(answer["statusCode"]) == status
            assert json.loads(answer["body"]) == json.loads(body)
            assert list(json.loads(answer["body"])) == list(json.loads(body))
            assert {name: answer["headers"][name] for name in headers} == headers
            answer, exchanges = None, exchanges + 1
    assert answer is None
    assert exchanges >= 10


def column(heading: str, number: int) -> list[str]:
    """Return the code words of a column of the first table under a heading."""
    section = PAGE.split(f"\n## {heading}\n", 1)[1]
    rows = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert rows is not None
    cells = [line.split("|")[number].strip() for line in rows[0].splitlines()[2:]]
    return [cell.strip("`") for cell in cells]


def test_the_table_of_fields_is_the_orders_fields() -> None:
    assert column("An order", 1) == list(order())


def test_the_table_of_problems_is_complete() -> None:
    ours = [
        problem.malformed(""),
        problem.not_found(""),
        problem.method_not_allowed(""),
        problem.conflict(""),
        problem.too_large(0),
        problem.unsupported_media_type(),
        problem.invalid_order(()),
        problem.unavailable(),
    ]
    rows = zip(column("Problems", 1), column("Problems", 2), column("Problems", 3), strict=True)
    said = {(status, kind) for status, kind, by in rows if by != "gateway"}
    assert said == {(str(each.status), each.kind) for each in ours}


def test_the_table_of_metrics_names_every_outcome() -> None:
    assert column("What can be observed", 1) == [
        *(outcome.value for outcome in Outcome),
        "Rejected",
        "Archived",
        "Stored",
        "Redelivered",
        "Poison",
    ]


def test_the_limits_on_the_page_are_the_limits_of_the_code() -> None:
    assert QUANTITY == LIMIT_PRICE
    for text in (str(QUANTITY.maximum), f"at most {QUANTITY.scale} digits", f"{LONGEST_LITERAL} characters"):
        assert text in PAGE
    assert f"{MAX_BODY_BYTES} bytes" in PAGE
