"""The order queue in SQS. A message names its order and carries nothing else; the table holds the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.orders.document import MalformedDocumentError, read_json, write_json
from functions.orders.order import is_order_id

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient


class PoisonError(ValueError):
    """A message that can never be processed, however often it is delivered. Says why, quotes nothing."""


class OrderQueue:
    """The queue between API and processor."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def send(self, order_id: str) -> None:
        """Ask for the order to be processed. Sending twice is harmless."""
        self._client.send_message(QueueUrl=self._url, MessageBody=write_json({"order_id": order_id}))

    def return_now(self, receipt_handle: str) -> None:
        """Make a received message receivable at once, instead of after its visibility timeout.

        What no retry can heal then reaches the dead letter queue, and its alarm, within seconds.
        Source: Amazon SQS Developer Guide, "Amazon SQS visibility timeout" (terminating it).
        """
        self._client.change_message_visibility(
            QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=0
        )


def read_message(body: str) -> str:
    """Return the order id of a message; raises `PoisonError` when it is not a message of `OrderQueue`."""
    try:
        document = read_json(body)
    except MalformedDocumentError as error:
        raise PoisonError(f"message is {error}") from None
    if not isinstance(document, dict) or set(document) != {"order_id"}:
        raise PoisonError("message does not have the one field order_id")
    if not is_order_id(document["order_id"]):
        raise PoisonError("order_id does not have the form of an order id")
    return str(document["order_id"])
