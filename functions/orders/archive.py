"""The archive of trade data in S3: one object an order, written once and never over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.orders.accepted import AcceptedOrder
from functions.orders.document import write_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


ATTEMPTS = 3
"""S3 answers 409 to a conditional write that meets another of the same key, and asks to try again (PutObject)."""


class OrderArchive:
    """The trade-data bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, accepted: AcceptedOrder) -> bool:
        """Archive the order's receipt and tell whether this call did it.

        The write is conditional on the key being free (S3 User Guide, "conditional writes"), so that a
        redelivery leaves the object and its versions alone: key and bytes follow from the order.
        """
        for attempt in range(ATTEMPTS):
            try:
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=accepted.archive_key(),
                    Body=write_json(accepted.receipt()).encode(),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "PreconditionFailed":
                    return False
                if code != "ConditionalRequestConflict" or attempt == ATTEMPTS - 1:
                    raise
            else:
                return True
        raise AssertionError("every attempt returns or raises")
