"""What symbols come to once deployed, with a value made up for each thing that exists only then.

An oracle that knows no symbols evaluates with the same made-up values, so that both results can be compared:
every symbol is a term, and is worked out here by what its kind means, not by how its text looks.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from functools import partial
from ipaddress import IPv4Network
from itertools import islice
from typing import Any

from validator.effective import NO_VALUE, Symbol
from validator.effective.symbols import scalar_text

BLOCK = "198.18.0.0/16"
"""The made-up range of a network, for what is cut out of it."""
RANGES = {"att": (".CidrBlock",), "resolve": ("/VpcCidr",)}
"""By kind, how the names of such ranges end."""


def deployed(kind: str, name: str) -> str:
    """Return the made-up value of one thing: no value that a template writes down looks like it."""
    return BLOCK if name.endswith(RANGES.get(kind, ())) else f"<{kind}:{name}>"


def exported(name: str) -> str:
    """Return the made-up value of an export: a list as text, so that splitting it does something."""
    return f"{deployed('import', name)},{deployed('second', name)}"


def zones(region: str) -> list[str]:
    """Return the made-up zones of a region."""
    return [f"{region}{letter}" for letter in "abc"]


def meaning(value: Any) -> Any:
    """Return plain data for `value`; what comes to no value is left out of lists and mappings."""
    if isinstance(value, Symbol):
        return _MEANINGS[value.kind](*value.args)
    if isinstance(value, Mapping):
        return {key: part for key, item in value.items() if (part := meaning(item)) is not NO_VALUE}
    if isinstance(value, list | tuple):
        return [part for item in value if (part := meaning(item)) is not NO_VALUE]
    return value


def _text(value: Any) -> str:
    result = meaning(value)
    assert isinstance(result, str | int | float), f"{result!r} is no text"
    return scalar_text(result)


def _named(name: str) -> Any:
    assert name == "AWS::NoValue", f"nothing was made up for {name}"
    return NO_VALUE


def _mapping(*parts: Any) -> dict[str, Any]:
    return meaning(dict(zip(map(_text, parts[::2]), parts[1::2], strict=True)))


def _same(left: Any, right: Any) -> bool:
    return canonical(meaning(left)) == canonical(meaning(right))


def _cut(block: Any, bits: Any, index: Any) -> str:
    subnets = IPv4Network(_text(block)).subnets(new_prefix=32 - int(_text(bits)))
    return str(next(islice(subnets, int(_text(index)), None)))


def _unmade(kind: str, *parts: Any) -> str:
    """Stand for what no other evaluator has a value for: it differs from everything."""
    return deployed(kind, ",".join(str(part) for part in parts))


def canonical(value: Any) -> Any:
    """Return `value` with numbers as their text: CloudFormation passes a parameter on as it was supplied."""
    if isinstance(value, Mapping):
        return {key: canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    return scalar_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


_MEANINGS: Mapping[str, Callable[..., Any]] = {
    "value": json.loads,
    "name": _named,
    "string": lambda *parts: "".join(map(_text, parts)),
    "ref": lambda name: deployed("ref", _text(name)),
    "att": lambda *parts: deployed("att", ".".join(map(_text, parts))),
    "ssm": lambda path: deployed("resolve", f"ssm:{_text(path)}"),
    "resolve": lambda reference: deployed("resolve", _text(reference)),
    "import": lambda name: exported(_text(name)),
    "azs": lambda region: zones(_text(region)),
    "az": lambda region, index: zones(_text(region))[int(index)],
    "list": lambda *items: meaning(items),
    "map": _mapping,
    "join": lambda delimiter, items: delimiter.join(map(_text, meaning(items))),
    "split": lambda delimiter, text: _text(text).split(delimiter),
    "select": lambda index, items: meaning(items)[int(_text(index))],
    "length": lambda items: len(meaning(items)),
    "cidr": _cut,
    "base64": lambda text: base64.b64encode(_text(text).encode()).decode(),
    "json": lambda value: json.dumps(meaning(value), separators=(",", ":")),
    "equals": _same,
    "and": lambda *parts: all(map(meaning, parts)),
    "or": lambda *parts: any(map(meaning, parts)),
    "not": lambda part: not meaning(part),
    **{kind: partial(_unmade, kind) for kind in ("noecho", "invalid", "transform", "output")},
    "if": lambda condition, yes, no: meaning(yes if meaning(condition) else no),
}
