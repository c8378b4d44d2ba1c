"""Event source mappings of DynamoDB streams: retries, halves, partial failures and the destination of what failed.

ministack tries a failing batch again until it is too old, and takes every answer of a function for success. It also
waits for the function before it looks at any other mapping; here each mapping waits for its own function alone, as on
AWS.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from sandbox.extension.claims import Extension, emulated, recorded
from sandbox.extension.names import Name, replace
from sandbox.extension.resources import truth

POLL = Name.function("services.lambda_svc", "_poll_dynamodb_streams")
MAPPINGS = Name.function("services.lambda_svc", "_iter_all_esms")
FUNCTION = Name.function("services.lambda_svc", "_get_func_record_for_qualifier", "name", "qualifier")
EXECUTE = Name.function("services.lambda_svc", "_execute_function", "func", "event")
FILTER = Name.function("services.lambda_svc", "_apply_filter_criteria", "records", "esm")
BURY = Name.function(
    "services.lambda_svc",
    "_send_ddb_stream_failure_record",
    "esm",
    "func_rec",
    "batch",
    "stream_arn",
    "result",
    "condition",
)
POSITIONS = Name("services.lambda_svc", "_dynamodb_stream_positions")
TABLES = Name("services.dynamodb", "_tables")
START = Name.function("services.dynamodb", "stream_start_position", "table_name", "account_id", "region")
END = Name.function("services.dynamodb", "stream_end_position", "table_name", "account_id", "region")
RECORDS = Name.function(
    "services.dynamodb", "stream_records_since", "table_name", "position", "limit", "account_id", "region"
)
SCOPE = Name.function("core.responses", "request_scope", "account_id", "region")
SPAWN = Name.function("core.concurrency", "spawn_background", "fn", "args", "thread_name", "kwargs")
WAKE = Name("core.concurrency", "esm_wake")

RETRY_SECONDS = 0.2
"""How long a batch that failed waits; AWS doubles it from about a second."""

Records = list[dict[str, Any]]


@dataclass(slots=True)
class Part:
    """Records of one batch that are handed over together, and how often that was tried."""

    records: Records
    tries: int = 0


@dataclass(slots=True)
class Shard:
    """Where one mapping stands: the parts that are left of the batch it read, and where the next one begins.

    While it is busy, the thread that calls the function has it; else the one that polls.
    """

    next_position: int = 0
    parts: deque[Part] = field(default_factory=deque)
    busy: bool = False
    waiting_since: float | None = None
    """When the first record came of a batch that waits for more of them."""


_shards: dict[str, Shard] = {}


def _number(record: dict[str, Any]) -> str:
    return str(record["dynamodb"]["SequenceNumber"])


def first_failed(records: Records, result: Any) -> int:
    """Return the index of the first record that failed, by a function's answer; all of them when it is no record's.

    The length of the batch means that none failed.
    """
    body = result.get("body")
    try:
        answer = json.loads(body) if isinstance(body, str | bytes) and body else body
    except ValueError:
        answer = None
    failures = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not failures:
        return len(records)
    places = {_number(record): place for place, record in enumerate(records)}
    return min(places.get(str((one or {}).get("itemIdentifier")), 0) for one in failures)


def remaining(part: Part, failed_at: int, *, bisect: bool, reported: bool) -> list[Part]:
    """Return what is tried next of a part that failed from a record on. Halving takes no try."""
    records = part.records[failed_at:]
    if bisect and reported and failed_at > 0:
        return [Part(records, part.tries)]
    if bisect and len(records) > 1:
        middle = len(records) // 2
        return [Part(records[:middle], part.tries), Part(records[middle:], part.tries)]
    return [Part(records, part.tries + 1)]


def _given_up(mapping: Any, part: Part) -> str | None:
    """Return why a part is not tried again: too many tries, or too old; None when it is."""
    most, oldest = (
        int(mapping.get("MaximumRetryAttempts", -1)),
        int(mapping.get("MaximumRecordAgeInSeconds", -1)),
    )
    if 0 <= most < part.tries:
        return "RetryAttemptsExhausted"
    times = [
        float(record["dynamodb"].get("ApproximateCreationDateTime", time.time())) for record in part.records
    ]
    return "MaxRecordAgeExceeded" if 0 < oldest < time.time() - min(times) else None


def _is_gathering(mapping: Any, shard: Shard, found: int) -> bool:
    """Whether a batch that is not full waits for more: the batching window, from its first record on."""
    window = float(mapping.get("MaximumBatchingWindowInSeconds") or 0)
    if found >= int(mapping.get("BatchSize", 100)):
        window = 0.0
    now = time.monotonic()
    shard.waiting_since = now if shard.waiting_since is None else shard.waiting_since
    if now - shard.waiting_since < window:
        return True
    shard.waiting_since = None
    return False


def _read(mapping: Any, table: str, shard: Shard) -> bool:
    """Read the next batch, without the records that the filter leaves out; False when there is none yet."""
    identity, horizon, end = mapping["UUID"], START.get()(table), END.get()(table)
    positions = POSITIONS.get()
    begin = horizon if mapping.get("StartingPosition") == "TRIM_HORIZON" else end
    position = max(positions.setdefault(identity, begin), horizon)
    batch = RECORDS.get()(table, position, int(mapping.get("BatchSize", 100)))
    kept = FILTER.get()(batch, mapping)
    if kept and _is_gathering(mapping, shard, len(batch)):
        return False
    shard.next_position = position + len(batch)
    if kept:
        shard.parts.append(Part(kept))
    else:
        positions[identity] = shard.next_position
    return bool(batch)


def _hand_over(mapping: Any, function: Any, shard: Shard) -> bool:
    """Call the function with the next part, and keep what is left of it; True where that has to wait a moment."""
    part = shard.parts[0]
    result = EXECUTE.get()(function, {"Records": part.records})
    shard.parts.popleft()  # not before: whatever fails in between loses nothing
    reported = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ())
    failed_at = 0 if result.get("error") else len(part.records)
    if reported and not result.get("error"):
        failed_at = first_failed(part.records, result)
    if failed_at == len(part.records):
        mapping["LastProcessingResult"] = f"OK - {len(part.records)} records"
        return False
    mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
    waits = False
    bisect = truth(mapping.get("BisectBatchOnFunctionError"))
    for rest in reversed(remaining(part, failed_at, bisect=bisect, reported=reported)):
        reason = _given_up(mapping, rest)
        if reason is not None:
            BURY.get()(mapping, function, rest.records, mapping["EventSourceArn"], result, reason)
            continue
        shard.parts.appendleft(rest)
        waits = waits or rest.tries > part.tries
    return waits


def _step(mapping: Any, function: Any, shard: Shard) -> None:
    """Hand over one part in a thread of its own, and let the poller go on with the rest."""
    try:
        if _hand_over(mapping, function, shard):
            time.sleep(RETRY_SECONDS)
        if not shard.parts:
            POSITIONS.get()[mapping["UUID"]] = shard.next_position
    finally:
        shard.busy = False
        WAKE.get().set()


def _advance(mapping: Any) -> bool:
    """Take one step with a mapping; tell whether there was anything to do."""
    source = str(mapping.get("EventSourceArn", ""))
    if ":table/" not in source or ":dynamodb:" not in source or not truth(mapping.get("Enabled", True)):
        return False
    table = source.split(":table/")[1].partition("/")[0]
    function, _ = FUNCTION.get()(mapping["FunctionName"], mapping.get("Qualifier"))
    found = TABLES.get().get(table)
    if function is None or not found or found.get("LatestStreamArn") != source:
        return False
    shard = _shards.setdefault(mapping["UUID"], Shard())
    if shard.busy or not (shard.parts or _read(mapping, table, shard)):
        return False
    if shard.parts:
        shard.busy = True
        SPAWN.get()(_step, mapping, function, shard, thread_name="lockstep-stream")
    return True


def _polling(original: Any) -> Any:
    def poll() -> bool:
        moved = False
        for account, region, mapping in MAPPINGS.get()():
            with SCOPE.get()(account, region):
                moved = _advance(mapping) or moved
        return moved

    return poll


EXTENSION = Extension(
    name="stream_mappings",
    claims=(
        emulated(
            "AWS::Lambda::EventSourceMapping of a DynamoDB stream",
            "filters, batching window, retries, age, halving, partial failures, the on-failure destination, in order",
        ),
        recorded(
            "AWS::Lambda::EventSourceMapping ParallelizationFactor",
            "a stream has one shard, and one batch at a time; retries follow within a fifth of a second",
        ),
    ),
    names=(
        POLL,
        MAPPINGS,
        FUNCTION,
        EXECUTE,
        FILTER,
        BURY,
        POSITIONS,
        TABLES,
        START,
        END,
        RECORDS,
        SCOPE,
        SPAWN,
        WAKE,
    ),
    install=lambda: replace(POLL, _polling),
)
