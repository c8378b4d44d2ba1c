"""Sending events over the agent's own bus in its account and region, where nobody else may (REQ-C2)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .drift_report import DriftReport
from .observation import REGION_CENSUS, SOURCE, STACK_OBSERVED, CensusPart, Observation

ENTRIES, BYTES = 10, 200_000
"""What one call of PutEvents carries at most (EventBridge API reference: 10 entries, 256 kB; less for our margin)."""

ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to send. `owner` is what waits for it: a message of the queue, or nothing."""

    detail_type: str
    detail: str
    owner: str = ""

    @property
    def size(self) -> int:
        """Bytes, as EventBridge counts them."""
        return len(self.detail.encode()) + len(self.detail_type) + len(SOURCE)


def entry(said: Observation | CensusPart | DriftReport, owner: str = "") -> Entry:
    """Return the event that says it. What is too large goes with less: without parameters, without properties."""
    if isinstance(said, CensusPart):
        return _entry(REGION_CENSUS, said, owner)
    detail_type = STACK_OBSERVED if isinstance(said, Observation) else said.detail_type
    whole = _entry(detail_type, said, owner)
    return whole if whole.size <= BYTES else _entry(detail_type, said.shortened(), owner)


def _entry(detail_type: str, said: Observation | CensusPart | DriftReport, owner: str) -> Entry:
    return Entry(detail_type, json.dumps(said.to_document(), separators=(",", ":")), owner)


def publish(
    client: Any, bus: str, entries: Iterable[Entry], sleep: Callable[[float], None]
) -> tuple[Entry, ...]:
    """Send entries, try those again that EventBridge did not take, and return those that it still did not.

    An error of the call itself counts for all entries of the call. `client` is a client of EventBridge, `bus` the
    name of the bus, `sleep` waits seconds. Sending an entry twice is harmless.
    """
    left: list[Entry] = []
    for batch in _batches(entries):
        waiting = batch
        for attempt in range(ATTEMPTS):
            if attempt:
                sleep(0.1 * 2**attempt)
            waiting = _send(client, bus, waiting)
            if not waiting:
                break
        left += waiting
    return tuple(left)


def _send(client: Any, bus: str, batch: Sequence[Entry]) -> list[Entry]:
    from botocore.exceptions import BotoCoreError, ClientError

    common = {"EventBusName": bus, "Source": SOURCE}
    request = [{**common, "DetailType": each.detail_type, "Detail": each.detail} for each in batch]
    try:
        answer = client.put_events(Entries=request)
    except (BotoCoreError, ClientError):
        return list(batch)
    if not answer["FailedEntryCount"]:
        return []
    return [each for each, result in zip(batch, answer["Entries"], strict=True) if "ErrorCode" in result]


def _batches(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    batch, size = list[Entry](), 0
    for each in entries:
        if batch and (len(batch) == ENTRIES or size + each.size > BYTES):
            yield batch
            batch, size = [], 0
        batch.append(each)
        size += each.size
    if batch:
        yield batch
