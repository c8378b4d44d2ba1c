"""Access to a table may be limited to items and attributes, by two keys that policies are given.

`dynamodb:LeadingKeys` has the partition keys that a request names, `dynamodb:Attributes` its top-level attributes.
ministack gives policies the second of what is read alone, and the first not at all, so that a policy which is limited
to items allows all of them, or none. Each member of a transaction is asked for by itself, as the operation that it is.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.extension.claims import Extension, absent, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.policies import ENFORCE

CONTEXT = Name.function("core.iam_actions", "dynamodb_service_context", "body")
CHECKS = Name.function(
    "core.iam_actions", "dynamodb_transaction_checks", "iam_action", "body", "region", "account_id"
)
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


class OfMember(str):
    """The action of one member of a transaction, with the keys of policies that are this member's."""

    given: Mapping[str, list[str]]

    @classmethod
    def made(cls, action: str, request: Request) -> OfMember:
        """Return the action that a member of a transaction is, on the item that it names."""
        found = cls(action)
        found.given = _keys(request)
        return found


def _keys(request: Request) -> dict[str, list[str]]:
    """Return what policies are told of a request; a key without a value is left out."""
    tables = TABLES.get()
    names = {table.rpartition("/")[2] for table, _ in items_of(request)}
    given = leading_keys(request, {name: tables[name]["pk_name"] for name in names if name in tables})
    known = {LEADING_KEYS: given, ATTRIBUTES: attributes(request)}
    return {key: values for key, values in known.items() if values}


def _giving(original: Any) -> Any:
    def context(body: bytes) -> dict[str, Any]:
        found: dict[str, Any] = original(body)
        try:
            given = _keys(json.loads(body or b"{}"))
        except (ValueError, AttributeError, TypeError):
            return found  # What DynamoDB cannot read it refuses by itself.
        if read := found.get(ATTRIBUTES):
            given[ATTRIBUTES] = [*read, *given.get(ATTRIBUTES, ())]
        return {**found, **given}

    return context


def _by_member(original: Any) -> Any:
    def checks(iam_action: str, body: bytes, region: str, account_id: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = original(iam_action, body, region, account_id)
        try:
            members = [one for item in json.loads(body)["TransactItems"] for one in item.values()]
            of_members = [OfMember.made(action, one) for (action, _), one in zip(found, members, strict=True)]
        except (ValueError, AttributeError, TypeError, KeyError):
            return found  # What DynamoDB cannot read it refuses by itself; here all members are asked for together.
        return [(action, arn) for action, (_, arn) in zip(of_members, found, strict=True)]

    return checks


def _asking(original: Any) -> Any:
    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = dict(service_context or {})
        if isinstance(iam_action, OfMember):
            together = {
                name: value for name, value in context.items() if name not in (LEADING_KEYS, ATTRIBUTES)
            }
            context = {**together, **iam_action.given}
        return original(
            access_key_id, iam_action, service, region, resource_arn=resource_arn, service_context=context
        )

    return enforce


def _install() -> None:
    replace(CONTEXT, _giving)
    replace(CHECKS, _by_member)
    replace(ENFORCE, _asking)


EXTENSION = Extension(
    name="dynamodb_access",
    claims=(
        emulated(
            "IAM: dynamodb:Attributes",
            "of items, keys and expressions; of each member of a transaction by itself",
        ),
        emulated(
            "IAM: dynamodb:LeadingKeys", "of what names an item; of each member of a transaction by itself"
        ),
        absent(
            "IAM: dynamodb:LeadingKeys of Query",
            "a query has none, so that a policy that wants one denies it",
        ),
    ),
    names=(CONTEXT, CHECKS, ENFORCE, TABLES),
    install=_install,
)
