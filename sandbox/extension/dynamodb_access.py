"""Access to a table may be limited to items and attributes, by two keys that policies are given.

`dynamodb:LeadingKeys` has the partition keys that a request names, `dynamodb:Attributes` its top-level attributes.
ministack gives policies the second of what is read alone, and the first not at all, so that a policy which is limited
to items allows all of them, or none.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.extension.claims import Extension, absent, emulated
from sandbox.extension.names import Name, replace

CONTEXT = Name.function("core.iam_actions", "dynamodb_service_context", "body")
TABLES = Name("services.dynamodb", "_tables")
LEADING_KEYS, ATTRIBUTES = "dynamodb:LeadingKeys", "dynamodb:Attributes"
EXPRESSIONS = ("UpdateExpression", "ConditionExpression", "KeyConditionExpression", "FilterExpression")
WORDS = frozenset(("SET", "REMOVE", "ADD", "DELETE", "AND", "OR", "NOT", "BETWEEN", "IN"))
_PATH = re.compile(r"(?<![\w.:#])(#?\w+)(?!\w|\s*\()")
"""Where the path of an attribute begins in an expression: neither a value, nor a function, nor within a path."""


Request = Mapping[str, Any]
Found = tuple[str, Request]
"""The name of a table, and the key or item that is asked for or written there."""


def items_of(request: Request) -> Iterator[Found]:
    """Yield the items that a request names: its own, those of a batch, or those of a transaction."""
    yield from _named(request)
    for table, asked in (request.get("RequestItems") or {}).items():
        if isinstance(asked, Mapping):  # BatchGetItem; BatchWriteItem has a list
            yield from ((table, key) for key in asked.get("Keys", ()))
        else:
            yield from (
                found
                for write in asked
                for one in write.values()
                for found in _named({**one, "TableName": table})
            )
    for member in request.get("TransactItems") or ():
        yield from (found for one in member.values() for found in _named(one))


def _named(request: Request) -> Iterator[Found]:
    """Yield what one operation names, under the two words that operations have for it."""
    for word in ("Key", "Item"):
        if isinstance(request.get(word), Mapping):
            yield str(request.get("TableName", "")), request[word]


def leading_keys(request: Request, partition_keys: Mapping[str, str]) -> list[str]:
    """Return the values of the partition keys; `partition_keys` has the attribute of each table."""
    values = [
        item[partition_keys[name]]
        for table, item in items_of(request)
        if (name := table.rpartition("/")[2]) in partition_keys and partition_keys[name] in item
    ]
    return [str(next(iter(value.values()))) for value in values]


def attributes(request: Request) -> list[str]:
    """Return the top-level attributes that a request names, in items, keys and expressions alike."""
    members = [one for member in request.get("TransactItems") or () for one in member.values()]
    named = dict.fromkeys(name for _, item in items_of(request) for name in item)
    for one in (request, *members):
        names = one.get("ExpressionAttributeNames") or {}
        for text in (str(one.get(kind) or "") for kind in EXPRESSIONS):
            words = (word for word in _PATH.findall(text) if word.upper() not in WORDS)
            named |= dict.fromkeys(names.get(word, word) for word in words if not word.isdecimal())
        for kind in ("AttributeUpdates", "Expected"):
            named |= dict.fromkeys(one.get(kind) or {})
    return list(named)


def _giving(original: Any) -> Any:
    def context(body: bytes) -> dict[str, Any]:
        found: dict[str, Any] = original(body)
        try:
            request = json.loads(body or b"{}")
            tables = TABLES.get()
            names = {table.rpartition("/")[2] for table, _ in items_of(request)}
            given = leading_keys(request, {name: tables[name]["pk_name"] for name in names if name in tables})
            named = [*found.get(ATTRIBUTES, ()), *attributes(request)]
        except (ValueError, AttributeError, TypeError):
            return found  # What DynamoDB cannot read it refuses by itself.
        known = {LEADING_KEYS: given, ATTRIBUTES: named}
        return {**found, **{key: values for key, values in known.items() if values}}

    return context


EXTENSION = Extension(
    name="dynamodb_access",
    claims=(
        emulated(
            "IAM: dynamodb:Attributes",
            "of items, keys and expressions; the members of a transaction together",
        ),
        emulated("IAM: dynamodb:LeadingKeys", "of what names an item; the items of a transaction together"),
        absent(
            "IAM: dynamodb:LeadingKeys of Query",
            "a query has none, so that a policy that wants one denies it",
        ),
    ),
    names=(CONTEXT, TABLES),
    install=lambda: replace(CONTEXT, _giving),
)
