"""Strict reading of JSON that others wrote. A mistake names where it stands, and quotes nothing of what is there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

MAX_BODY = 262_144
"""Bytes of an event: the most that EventBridge takes (Amazon EventBridge User Guide, "PutEvents")."""
MAX_LIST = 2_000
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]+"
)
"""Control characters, line ends, and what turns or hides the text around it (Unicode categories Cc, Cf, Zl, Zp)."""


class MalformedError(ValueError):
    """A document is not what it has to be: says which field, and why."""


def one_line(text: str, limit: int) -> str:
    """Return `text` without what ends a line, commands a terminal or hides text, cut to `limit` characters."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def _clean(text: str) -> str:
    """Return a text in which nothing commands a terminal or hides other text; line ends and tabs stay."""
    return "".join(one if one in "\n\t" else " " if _CONTROL.match(one) else one for one in text)


def read_object(body: str) -> Document:
    """Return the JSON object of a text. Raises MalformedError for anything else, and for more than MAX_BODY bytes."""
    if len(body) > MAX_BODY or len(body.encode(errors="replace")) > MAX_BODY:
        raise MalformedError(f"the body is larger than {MAX_BODY} bytes")
    try:
        value = json.loads(body, parse_constant=_no_constant)
    except MalformedError:
        raise
    except (ValueError, RecursionError):  # ValueError: no JSON, or a number of thousands of digits
        raise MalformedError("the body is not JSON") from None
    return Document(value)


def _no_constant(name: str) -> Any:
    raise MalformedError(f"{name} is not JSON")


class Document:
    """A JSON object; each method returns one field of a stated kind, or raises MalformedError with its path."""

    def __init__(self, value: Any, path: str = "") -> None:
        if not isinstance(value, dict):
            raise MalformedError(f"{path or 'the body'} is not an object")
        self._value, self._path = value, path

    def _at(self, key: str) -> str:
        return f"{self._path}.{key}" if self._path else key

    def has(self, key: str) -> bool:
        """Whether the field is there and not null."""
        return self._value.get(key) is not None

    def text(self, key: str, *, limit: int = 2048, pattern: re.Pattern[str] | None = None) -> str:
        """Return a text of at most `limit` characters that matches `pattern` whole."""
        value = self._value.get(key)
        if not isinstance(value, str):
            raise MalformedError(f"{self._at(key)} is not a text")
        if len(value) > limit:
            raise MalformedError(f"{self._at(key)} is longer than {limit} characters")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise MalformedError(f"{self._at(key)} holds half a character") from None
        if pattern and not pattern.fullmatch(value):
            raise MalformedError(f"{self._at(key)} does not have the form it must have")
        return value

    def optional_text(
        self, key: str, *, limit: int = 2048, pattern: re.Pattern[str] | None = None
    ) -> str | None:
        """Return a text as `text` does, or None where there is none."""
        return self.text(key, limit=limit, pattern=pattern) if self.has(key) else None

    def line(self, key: str, *, limit: int) -> str:
        """Return a text as one line, empty where there is none; over eight times `limit` characters is a mistake."""
        return one_line(self.text(key, limit=8 * limit), limit) if self.has(key) else ""

    def number(self, key: str, *, least: int = 0, most: int = 1_000_000) -> int:
        """Return a whole number from `least` to `most`."""
        value = self._value.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise MalformedError(f"{self._at(key)} is not a whole number from {least} to {most}")
        return value

    def moment(self, key: str) -> datetime:
        """Return a time with an offset, in UTC."""
        try:
            found = datetime.fromisoformat(self.text(key, limit=40))
            if found.utcoffset() is None or not 2000 <= found.year < 9999:
                raise MalformedError(f"{self._at(key)} is a time without an offset, or of no use")
            return found.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            if isinstance(error, MalformedError):
                raise
            raise MalformedError(f"{self._at(key)} is not a time") from None

    def object(self, key: str) -> Document:
        """Return an object."""
        return Document(self._value.get(key), self._at(key))

    def objects(self, key: str) -> Iterator[Document]:
        """Return a list's objects."""
        for index, value in enumerate(self._list(key)):
            yield Document(value, f"{self._at(key)}[{index}]")

    def texts(self, key: str, *, pattern: re.Pattern[str], most: int = MAX_LIST) -> tuple[str, ...]:
        """Return a list of texts that each match `pattern` whole."""
        values = self._list(key, most)
        if not all(isinstance(value, str) and pattern.fullmatch(value) for value in values):
            raise MalformedError(f"{self._at(key)} holds something that does not have the form it must have")
        return tuple(values)

    def texts_by_name(self, key: str, *, limit: int, most: int = 200) -> dict[str, str]:
        """Return an object of texts of at most `limit` characters each."""
        inner = self.object(key)
        if len(inner._value) > most:
            raise MalformedError(f"{self._at(key)} has more than {most} entries")
        if any(len(name) > 256 for name in inner._value):
            raise MalformedError(f"{self._at(key)} has a name longer than 256 characters")
        return {one_line(name, 256): _clean(inner.text(name, limit=limit)) for name in inner._value}

    def _list(self, key: str, most: int = MAX_LIST) -> list[Any]:
        value = self._value.get(key)
        if not isinstance(value, list) or len(value) > most:
            raise MalformedError(f"{self._at(key)} is not a list of at most {most}")
        return value
