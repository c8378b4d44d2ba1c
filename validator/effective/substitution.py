"""The strings of `Fn::Sub`, cut into literal text and variables.

Source: AWS CloudFormation Template Reference, "Fn::Sub".
"""

from __future__ import annotations

import re
from functools import lru_cache

_VARIABLE = re.compile(r"\$\{(!?)([^{}]*)\}")
_MAX_REMEMBERED = 2_000
NAME = re.compile(r"[A-Za-z0-9_.:]+")
"""What a variable of `Fn::Sub` is called, unless it is one of its own."""

Piece = tuple[bool, str]
"""Whether this is a variable, and its name or the literal text."""


def pieces(template: str) -> tuple[Piece, ...]:
    """Return the pieces of a `Fn::Sub` string; `${!Literal}` is the text `${Literal}`."""
    return _remembered(template) if len(template) <= _MAX_REMEMBERED else _cut(template)


def _cut(template: str) -> tuple[Piece, ...]:
    found: list[Piece] = []
    end = 0
    for match in _VARIABLE.finditer(template):
        found.append((False, template[end : match.start()]))
        found.append((False, f"${{{match[2]}}}") if match[1] else (True, match[2].strip()))
        end = match.end()
    found.append((False, template[end:]))
    return tuple(piece for piece in found if piece[0] or piece[1])


_remembered = lru_cache(maxsize=4096)(_cut)
