"""Strict JSON (RFC 8259) in, deterministic JSON out. Numbers are kept as written, never as floats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class JsonNumber:
    """A JSON number exactly as the sender wrote it, such as `1.50` or `1e2`."""

    text: str


class MalformedDocumentError(ValueError):
    """The text is not one JSON document. The message quotes nothing from the text."""


def read_json(text: str | bytes) -> Any:
    """Return the document; objects are dicts and numbers are `JsonNumber`.

    Raises `MalformedDocumentError` for what is not JSON, for NaN and Infinity, for a key that stands
    twice in one object (its meaning would depend on the reader) and for nesting too deep to read.
    """
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(
            decoded,
            parse_float=JsonNumber,
            parse_int=JsonNumber,
            parse_constant=_reject_constant,
            object_pairs_hook=_unique_keys,
        )
    except MalformedDocumentError:
        raise
    except json.JSONDecodeError as error:
        raise MalformedDocumentError(f"not JSON at line {error.lineno}, column {error.colno}") from None
    except UnicodeDecodeError:
        raise MalformedDocumentError("not UTF-8") from None
    except RecursionError:
        raise MalformedDocumentError("nested too deeply") from None


def write_json(document: Mapping[str, Any]) -> str:
    """Return compact ASCII JSON in the mapping's own order: the same document gives the same bytes."""
    return json.dumps(document, separators=(",", ":"), allow_nan=False)


def _reject_constant(name: str) -> Any:
    raise MalformedDocumentError(f"{name} is not JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise MalformedDocumentError("a key stands twice in one object")
    return document
