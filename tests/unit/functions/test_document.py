"""Strict JSON: numbers as written, nothing ambiguous."""

from __future__ import annotations

import pytest

from functions.orders.document import JsonNumber, MalformedDocumentError, read_json, write_json


def test_numbers_are_kept_as_they_were_written() -> None:
    assert read_json('{"a": 1.50, "b": 1e2, "c": 10}') == {
        "a": JsonNumber("1.50"),
        "b": JsonNumber("1e2"),
        "c": JsonNumber("10"),
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not JSON at line 1, column 1"),
        ("{", "not JSON"),
        ("{'a': 1}", "not JSON"),
        ('{"a": 1} x', "not JSON"),
        ('\ufeff{"a": 1}', "not JSON"),
        ('{"a": NaN}', "NaN is not JSON"),
        ('{"a": Infinity}', "Infinity is not JSON"),
        ('{"a": -Infinity}', "-Infinity is not JSON"),
        ('{"a": "1", "a": "2"}', "twice"),
        ('[{"b": {"a": 1, "a": 1}}]', "twice"),
        (b'{"a": "\xff"}', "not UTF-8"),
        ("[" * 8000, "nested too deeply|not JSON"),  # by the depth of the interpreter
    ],
)
def test_what_is_not_one_plain_document_is_malformed(text: str | bytes, reason: str) -> None:
    with pytest.raises(MalformedDocumentError, match=reason):
        read_json(text)


def test_a_number_of_any_length_is_only_text() -> None:
    assert read_json("9" * 8000) == JsonNumber("9" * 8000)


def test_writing_is_compact_and_keeps_the_order() -> None:
    assert write_json({"b": 1, "a": ["é"]}) == '{"b":1,"a":["\\u00e9"]}'
