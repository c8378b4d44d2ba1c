"""The order table in DynamoDB. Each write is conditional: the table decides what happens once."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.orders.accepted import AcceptedOrder, Status
from functions.orders.order import Order, OrderType, Side, TimeInForce

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_AMOUNTS = frozenset({"quantity", "limit_price"})


class OrderStore:
    """The table of orders: partition key `order_id`, amounts as exact numbers, everything else as text."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def insert(self, accepted: AcceptedOrder) -> AcceptedOrder | None:
        """Put the order if its id is new and return None; otherwise change nothing and return what stands."""
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_item(accepted),
                ConditionExpression="attribute_not_exists(order_id)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not _condition_failed(error):
                raise
            return from_item(error.response["Item"])  # type: ignore[typeddict-item]
        return None

    def get(self, order_id: str) -> AcceptedOrder | None:
        """Return the order as of every write that succeeded before, or None."""
        answer = self._client.get_item(
            TableName=self._table, Key={"order_id": {"S": order_id}}, ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def mark_stored(self, order_id: str, stored_at: str) -> bool:
        """Move the order from ACCEPTED to STORED and tell whether this call did it."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"order_id": {"S": order_id}},
                UpdateExpression="SET #status = :stored, stored_at = :stored_at",
                ConditionExpression="#status = :accepted",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={
                    ":accepted": {"S": Status.ACCEPTED.value},
                    ":stored": {"S": Status.STORED.value},
                    ":stored_at": {"S": stored_at},
                },
            )
        except ClientError as error:
            if not _condition_failed(error):
                raise
            return False
        return True


def to_item(accepted: AcceptedOrder) -> dict[str, Any]:
    """Return the table's item. Amounts go as decimal text into N, which keeps 38 digits exactly."""
    values, expires_at = accepted.representation(), accepted.expires_at()
    item = {name: {"N" if name in _AMOUNTS else "S": value} for name, value in values.items()}
    return item if expires_at is None else {**item, "expires_at": {"N": str(expires_at)}}


def from_item(item: Mapping[str, Mapping[str, Any]]) -> AcceptedOrder:
    """Return the order of an item. It was validated on its way in: limits that changed since do not apply.

    Raises `KeyError` or `ValueError` for an item that `to_item` did not make.
    """
    price = item.get("limit_price")
    order = Order(
        client_order_id=item["client_order_id"]["S"],
        account=item["account"]["S"],
        symbol=item["symbol"]["S"],
        side=Side(item["side"]["S"]),
        type=OrderType(item["type"]["S"]),
        quantity=Decimal(item["quantity"]["N"]),
        limit_price=Decimal(price["N"]) if price else None,
        time_in_force=TimeInForce(item["time_in_force"]["S"]),
    )
    stored_at = item.get("stored_at", {}).get("S")
    return AcceptedOrder(order, item["accepted_at"]["S"], Status(item["status"]["S"]), stored_at)


def _condition_failed(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"
