"""Dynamic references: `{{resolve:service:...}}` inside strings, filled in by CloudFormation at deployment.

Source: AWS CloudFormation User Guide, "Get values stored in other services using dynamic references".
"""

from __future__ import annotations

import re

from validator.effective.symbols import Symbol, concat

_REFERENCE = re.compile(r"\{\{resolve:([^{}]*)\}\}")


def resolve_references(text: str) -> str | Symbol:
    """Return `text` with each dynamic reference as a symbol `resolve:<service>:<key>`.

    Text that only looks like the start of a reference stays text, as it does in CloudFormation.
    """
    parts: list[str | Symbol] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        parts += (text[end : match.start()], Symbol("resolve", (match[1],)))
        end = match.end()
    return concat([*parts, text[end:]])
