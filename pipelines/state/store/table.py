"""One DynamoDB table: reads, conditional writes and transactions, with what can be repeated repeated.

Throttling and lost connections are repeated by botocore, as the client was configured. What botocore does not repeat is
repeated here: conflicts with another transaction, and the rest of a half-done batch.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from ..keys import Key
from ..marshal import Item
from ..marshal import item as marshalled
from .outcomes import CONFLICTS, PASSING, ContentionError, Outcome, Reason, cancellation
from .writes import Write, conditioned

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ATTEMPTS = 8
"""How often something is tried that others are in the way of; about 6 seconds at most."""

GET_BATCH, PUT_BATCH = 100, 25
"""BatchGetItem and BatchWriteItem take so many items (DynamoDB API reference)."""


class Table:
    """A table by its name; `sleep` waits seconds."""

    def __init__(self, client: DynamoDBClient, name: str, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, key: Key) -> Item | None:
        """Return an item as of every write that succeeded before, or None."""
        answer = self._client.get_item(
            TableName=self._name, Key=marshalled(key._asdict()), ConsistentRead=True
        )
        return cast("Item | None", answer.get("Item"))

    def get_all(self, keys: Iterable[Key]) -> Iterator[Item]:
        """Return those of the items that exist, in any order, each as of every write that succeeded before."""
        ordered = list(dict.fromkeys(keys))
        for start in range(0, len(ordered), GET_BATCH):
            left: Any = [marshalled(key._asdict()) for key in ordered[start : start + GET_BATCH]]
            for attempt in self.attempts():
                request = {self._name: {"Keys": left, "ConsistentRead": True}}
                answer: Any = self._client.batch_get_item(RequestItems=cast("Any", request))
                yield from answer["Responses"].get(self._name, [])
                left = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
                if not left:
                    break
                self.pause(attempt)

    def partition(self, pk: str, beginning: str, *, newest: bool = False, page: int = 1000) -> Iterator[Item]:
        """Return a partition's items whose sort key begins so, in order, as of every write that succeeded before.

        `newest` begins at the end; `page` items are read at a time.
        """
        request = conditioned(
            "#pk = :pk AND begins_with(#sk, :beginning)", {"pk": pk, "beginning": beginning}
        )
        request["KeyConditionExpression"] = request.pop("ConditionExpression")
        request |= {"ConsistentRead": True, "ScanIndexForward": not newest, "Limit": page}
        return self._pages("query", request)

    def listed(self, index: str, pk: str, kind: str, between: tuple[str, str] = ("", "")) -> Iterator[Item]:
        """Return the items that an index lists in a partition, read from the table itself.

        Only those whose own partition begins with `kind` count: whoever may write any item may have an index list it
        wherever they like, while the partitions that they may write are limited (REQ-P8). `between` bounds the index's
        sort key, both ends included; an empty end is none. An index is behind the table for moments, and needs to hold
        nothing but keys.
        """
        after, upto = between
        partition, sort = f"#{index.lower()}pk = :pk", f"#{index.lower()}sk"
        ranges = {
            (True, True): f" AND {sort} BETWEEN :after AND :upto",
            (True, False): f" AND {sort} >= :after",
            (False, True): f" AND {sort} <= :upto",
        }
        condition = partition + ranges.get((bool(after), bool(upto)), "")
        values = {name: value for name, value in {"pk": pk, "after": after, "upto": upto}.items() if value}
        request = conditioned(condition, values)
        request["KeyConditionExpression"] = request.pop("ConditionExpression")
        return self.get_all(_of_kind(kind, self._pages("query", {"IndexName": index, **request})))

    def keys(self, index: str, kind: str) -> Iterator[Key]:
        """Return the keys of every item that an index lists and whose own partition begins with `kind`."""
        return _of_kind(kind, self._pages("scan", {"IndexName": index}))

    def _pages(self, operation: str, request: dict[str, Any]) -> Iterator[Item]:
        paginator = self._client.get_paginator(cast("Any", operation))
        for page in paginator.paginate(TableName=self._name, **request):
            yield from cast("list[Item]", page["Items"])

    def put_all(self, items: Iterable[Item]) -> None:
        """Put items whatever stands there: for items that are the same whenever they are put.

        Of several with one key the last is put, since a batch with both is refused.
        """
        last = {key_of(item): item for item in items}
        requests: list[Any] = [{"PutRequest": {"Item": item}} for item in last.values()]
        for start in range(0, len(requests), PUT_BATCH):
            left = {self._name: requests[start : start + PUT_BATCH]}
            for attempt in self.attempts():
                answer: Any = self._client.batch_write_item(RequestItems=left)
                left = answer.get("UnprocessedItems", {})
                if not left:
                    break
                self.pause(attempt)

    def write(self, write: Write, *, before: bool = False) -> Outcome:
        """Do one write, or say what stands in its way. An update returns the item after it, or as it was `before`."""
        from botocore.exceptions import ClientError

        operation = {"Put": self._client.put_item, "Update": self._client.update_item}[write.kind]
        request: dict[str, Any] = {**write.request, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        if write.kind == "Update":
            request["ReturnValues"] = "ALL_OLD" if before else "ALL_NEW"
        for attempt in self.attempts():
            try:
                answer = cast("Any", operation)(TableName=self._name, **request)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "ConditionalCheckFailedException":
                    return Outcome(False, cast("Any", error.response).get("Item"))
                if code not in CONFLICTS:
                    raise
                self.pause(attempt)
            else:
                return Outcome(True, answer.get("Attributes"))
        raise AssertionError("attempts end in an error")

    def transact(self, writes: Iterable[Write]) -> tuple[Reason, ...]:
        """Do all writes or none: return nothing, or for each write the reason why none was done.

        A condition that failed is such a reason; a conflict is tried again.
        """
        from botocore.exceptions import ClientError

        items = [{write.kind: self._transacted(write)} for write in writes]
        for attempt in self.attempts():
            try:
                self._client.transact_write_items(TransactItems=cast("Any", items))
            except ClientError as error:
                reasons = cancellation(error.response)
                if any(reason.failed for reason in reasons):
                    return reasons
                codes = {reason.code for reason in reasons} - {"None"}
                passing = codes <= PASSING if codes else error.response["Error"]["Code"] in CONFLICTS
                if not passing:
                    raise
                self.pause(attempt)
            else:
                return ()
        raise AssertionError("attempts end in an error")

    def _transacted(self, write: Write) -> dict[str, Any]:
        return {
            "TableName": self._name,
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            **write.request,
        }

    def attempts(self) -> Iterator[int]:
        """Return attempts, after the last of which it is a ContentionError."""
        yield from range(ATTEMPTS)
        raise ContentionError(f"{self._name}: others were in the way {ATTEMPTS} times")

    def pause(self, attempt: int) -> None:
        """Wait before the next attempt: twice as long each time, and never as long as whoever is in the way."""
        self._sleep(0.05 * 2**attempt * random.uniform(0.5, 1))  # noqa: S311 - no secret


def _of_kind(kind: str, items: Iterable[Item]) -> Iterator[Key]:
    return (key for key in map(key_of, items) if key.pk.startswith(kind))


def key_of(item: Item) -> Key:
    """Return the primary key of an item."""
    return Key(item["pk"]["S"], item["sk"]["S"])
