"""Plain YAML scalars as CloudFormation reads them: YAML 1.1 without timestamps.

Source: AWS CloudFormation User Guide, "Template formats": YAML 1.1, without the tags binary, omap, pairs,
set and timestamp.
"""

from __future__ import annotations

import math
import re

_BOOLEANS = {
    form: truth
    for words, truth in (("yes true on", True), ("no false off", False))
    for word in words.split()
    for form in (word, word.title(), word.upper())
}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INTEGER = re.compile(
    r"[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*(?P<sixties>(?::[0-5]?[0-9])+)?)"
)
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?)")
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?[eE][-+]?[0-9]+")
_MAY_BE_TYPED = frozenset("-+.0123456789yYnNtTfFoO~")
_MAX_DIGITS = 300


def plain(text: str, *, json: bool = False) -> str | int | float | bool | None:
    """Return the value of an unquoted scalar; `json` admits the number forms that only JSON has (`1e5`)."""
    if text in _NULLS:
        return None
    if text[0] not in _MAY_BE_TYPED or len(text) > _MAX_DIGITS:
        return text
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return _number(text, json=json)


def _number(text: str, *, json: bool) -> str | int | float:
    match = _INTEGER.fullmatch(text)
    if match:
        return _integer(text, sixties=match["sixties"] is not None)
    if _FLOAT.fullmatch(text) or (json and _JSON_NUMBER.fullmatch(text)):
        number = float(text.replace("_", ""))
        return number if math.isfinite(number) else text
    return text


def _integer(text: str, *, sixties: bool) -> int | str:
    digits = text.replace("_", "")
    sign, digits = (-1 if digits[0] == "-" else 1), digits.lstrip("+-")
    if sixties:
        total = 0
        for part in digits.split(":"):
            total = total * 60 + int(part)
        return sign * total
    if digits in {"", "0b", "0x"}:
        return text
    base = {"0b": 2, "0x": 16}.get(digits[:2], 8 if digits[0] == "0" else 10)
    return sign * int(digits, base)
