"""10,000 events of 500 stacks through the tracker's real handler: state right, none lost, and what it costs (REQ-C2).

The baseline puts each event as one item, whatever stands there: what recording costs at least, with nothing kept right.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

from benchmarks.measure import command
from benchmarks.stack_lives import Life, lives
from benchmarks.tools import BIN, ROOT

HOME, REGION, PARAMETERS = "333333333333", "us-west-2", "/control/shared"
STACKS = ("shared/control/table.yaml", "shared/control/bus.yaml")
"""What the tracker needs of home. Without the functions there, so that nothing but the tracker is measured."""

BATCH = 10
DEPLOYED_STACKS, RATE = 150, 10
"""Stacks for the deployed function, each updated once, and events a second."""

DRAIN_SECONDS = 120.0
OPERATIONS_AIM = 3.0
"""DynamoDB operations an event is meant to take at most."""


def tracker(variables: dict[str, str]) -> list[dict[str, Any]]:
    """Hand the events over in batches of a queue, then compare the table with what the stacks are in the end."""
    for stack in STACKS:
        command(
            [str(BIN / "sceptre"), "launch", "-y", stack],
            cwd=ROOT / "sceptre",
            env={**os.environ, **variables},
        )
    os.environ.update(variables)
    os.environ.update(AWS_ACCESS_KEY_ID=HOME, AWS_DEFAULT_REGION=REGION, PARAMETER_PATH=PARAMETERS)
    os.environ.update(POWERTOOLS_SERVICE_NAME="tracker", POWERTOOLS_METRICS_NAMESPACE="Lockstep/Control")
    expected, bodies = lives()
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        from functions.control import edge
        from functions.control.tracker import handler
    calls = Counter[str]()
    client = edge.dynamodb()
    client.meta.events.register(
        "before-send.dynamodb", lambda request, **_: calls.update(_operation(request))
    )
    plain = _measured(bodies, lambda batch: _put(client, batch))
    calls.clear()
    with contextlib.redirect_stdout(said):
        ours = _measured(bodies, lambda batch: handler(_batch(batch), CONTEXT))
    taken = dict(calls)
    metrics = _metrics(said.getvalue())
    return [
        {
            "measurement": "events through the tracker",
            "events": len(bodies),
            "stacks": len(expected),
            **ours,
            "dynamodb_operations_an_event": round(sum(taken.values()) / len(bodies), 2),
            "aim": OPERATIONS_AIM,
            "operations": taken,
            "counted_by_its_metrics": metrics,
            "handler_process_peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000),
            **_compared(client, expected, bodies),
            "plain": "put_item, once an event",
            **{f"plain_{name}": value for name, value in plain.items()},
            "load_average": round(os.getloadavg()[0], 1),
        }
    ]


def deployed(variables: dict[str, str]) -> list[dict[str, Any]]:
    """Send events at a steady rate into the queue of a home that is deployed, and tell when the table had them."""
    from benchmarks.announce import client
    from pipelines.state.store import StateStore

    sqs, store = (client(service, variables, HOME, REGION) for service in ("sqs", "dynamodb"))
    url = client("ssm", variables, HOME, REGION).get_parameter(Name=f"{PARAMETERS}/tracker-queue/QueueUrl")
    expected, bodies = lives(stacks=DEPLOYED_STACKS, operations=1, repeated=0)
    sent, began = dict[str, float](), time.time()
    for number, body in enumerate(bodies):
        time.sleep(max(0.0, began + number / RATE - time.time()))
        sqs.send_message(QueueUrl=url["Parameter"]["Value"], MessageBody=body)
        observed = json.loads(body)["detail"]
        if observed.get("status", "").endswith("_COMPLETE"):
            sent[observed["name"]] = time.time()
    sending = time.time() - began
    table, truth = StateStore(store, TABLE), {life.name: life.status for life in expected}
    while True:
        found = {state.key.stack: state for state in table.states() if state.key.stack in truth}
        wrong = sum(name not in found or found[name].status != status for name, status in truth.items())
        if not wrong or time.time() - began - sending > DRAIN_SECONDS:
            break
        time.sleep(1)
    taken = [(found[name].recorded_at.timestamp() - at) * 1000 for name, at in sent.items() if name in found]
    cuts = statistics.quantiles(taken, n=100)
    return [
        {
            "measurement": "events through the deployed tracker",
            "events": len(bodies),
            "events_a_second": round(len(bodies) / sending, 1),
            "states_wrong": wrong,
            "p50_ms": round(cuts[49]),
            "p95_ms": round(cuts[94]),
            "p99_ms": round(cuts[98]),
            "load_average": round(os.getloadavg()[0], 1),
        }
    ]


CONTEXT = SimpleNamespace(
    function_name="shared-control-tracker",
    memory_limit_in_mb=512,
    invoked_function_arn=f"arn:aws:lambda:{REGION}:{HOME}:function:shared-control-tracker",
    aws_request_id="00000000-0000-4000-8000-000000000000",
)


def _measured(bodies: Sequence[str], record: Any) -> dict[str, Any]:
    """Record all events, a batch after the other; an event's time is that of its batch, which ends with its last."""
    seconds = list[float]()
    began = time.perf_counter()
    for start in range(0, len(bodies), BATCH):
        batch, before = bodies[start : start + BATCH], time.perf_counter()
        answer = record(batch)
        if isinstance(answer, dict) and answer["batchItemFailures"]:
            raise RuntimeError(f"{len(answer['batchItemFailures'])} of a batch were not recorded")
        seconds += [time.perf_counter() - before] * len(batch)
    cuts = statistics.quantiles(seconds, n=100)
    return {
        "events_a_second": round(len(bodies) / (time.perf_counter() - began), 1),
        "p50_ms": round(cuts[49] * 1000, 1),
        "p95_ms": round(cuts[94] * 1000, 1),
        "p99_ms": round(cuts[98] * 1000, 1),
    }


def _batch(bodies: Sequence[str]) -> dict[str, Any]:
    sent = {"SentTimestamp": str(int(time.time() * 1000))}
    return {
        "Records": [
            {"messageId": str(number), "body": body, "attributes": sent} for number, body in enumerate(bodies)
        ]
    }


def _put(client: Any, bodies: Sequence[str]) -> None:
    for body in bodies:
        event = json.loads(body)
        key = {"pk": {"S": f"PLAIN#{event['account']}"}, "sk": {"S": event["id"]}}
        client.put_item(TableName=TABLE, Item={**key, "body": {"S": body}})


TABLE = "shared-control-state"


def _operation(request: Any) -> list[str]:
    target = request.headers["X-Amz-Target"]
    return [(target.decode() if isinstance(target, bytes) else target).rpartition(".")[2]]


def _metrics(text: str) -> dict[str, int]:
    """Return how many events each of the tracker's metrics counted."""
    found = Counter[str]()
    for line in text.splitlines():
        if '"_aws"' in line:
            said = json.loads(line)
            name = said["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"]
            found[name] += 1
    return {name: count for name, count in found.items() if name.startswith("Events")}


def _compared(client: Any, expected: Sequence[Life], bodies: Sequence[str]) -> dict[str, Any]:
    """Return how far the table is from the truth: states, history and alerts."""
    from pipelines.state.store import StateStore

    store = StateStore(client, TABLE)
    found = {
        state.key.stack: (state.status, state.version, state.key.environment, state.key.region)
        for state in store.states()
    }
    truth = {life.name: (life.status, life.version, life.environment, life.region) for life in expected}
    wanted = {json.loads(body)["id"] for body in bodies if '"aws.cloudformation"' in body}
    history = {item["sk"]["S"].rpartition("#")[2] for item in _history(client)}
    failed = {life.name for life in expected if life.status != "UPDATE_COMPLETE"}
    return {
        "states_wrong": sum(found.get(name) != state for name, state in truth.items()),
        "history_items": len(history),
        "history_lost": len(wanted - history),
        "history_invented": len(history - wanted),
        "alerts_open": sum(1 for _ in store.alerts()),
        "stacks_failed": len(failed),
    }


def _history(client: Any) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("scan").paginate(
        TableName=TABLE,
        FilterExpression="begins_with(sk, :event)",
        ExpressionAttributeValues={":event": {"S": "EVT#"}},
    )
    return (item for page in pages for item in page["Items"])
