"""What the parts of the store share: the table, and what is known of it for good."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..keys import Key
from .table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Part:
    """One part of the store. `sleep` waits seconds between attempts."""

    def __init__(
        self, client: DynamoDBClient, table_name: str, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._table = Table(client, table_name, sleep)
        self._touched: dict[Key, str] = {}
        """What the markers of touches are at least, since this store wrote them: they only grow."""
