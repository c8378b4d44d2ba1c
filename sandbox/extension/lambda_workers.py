"""The processes that run functions: not too many of them, and each account's its own.

ministack starts a process for every request that finds none free. Starting one costs a third of a second of one core,
so a burst on a cold function starts dozens at once, each slowed down by the others. AWS has cores for that; one machine
does not. So a request waits until those that begin have begun, and then a moment for one that is busy: it is free again
long before a new one is ready. And of a queue's batches only so many are under way as there are cores: the messages
wait in the queue, where the next batch takes more of them at once.

ministack also ends the workers of a function in every account and region when one function of that name changes; here
only those of the account and region where it changed.
"""

from __future__ import annotations

import os
import time
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

_MODULE = "core.lambda_runtime"
ACQUIRE = Name.function(
    _MODULE, "acquire_worker", "func_name", "config", "code_zip", "qualifier", "max_concurrency"
)
INVALIDATE = Name.function(_MODULE, "invalidate_worker", "func_name", "qualifier", "account", "region")
ACCOUNT = Name.function("core.responses", "get_account_id")
REGION = Name.function("core.responses", "get_region")
KEY = Name.function(_MODULE, "_worker_key", "func_name", "config", "qualifier")
IN_FLIGHT = Name.function("services.lambda_svc", "_sqs_esm_concurrency", "esm", "func_rec", "config", "queue")
WORKERS = Name(_MODULE, "_workers")
LOCK = Name(_MODULE, "_lock")

ENOUGH = max(2, os.cpu_count() or 2)
"""Workers of one function that are started without waiting."""

PATIENCE_SECONDS = 0.5
"""How long a request waits for one of them to be free; after that it gets a worker of its own."""

INIT_SECONDS = 10.0
"""How long it waits at most for those that begin: Lambda's own limit for that.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

POLL_SECONDS = 0.005


def _busy(key: str) -> tuple[bool, bool]:
    """Tell whether all workers of a function are busy, so many as are enough, and whether one only begins."""
    with LOCK.get():
        workers = WORKERS.get().get(key, [])
        busy = len(workers) >= ENOUGH and all(worker.in_use for worker in workers)
        return busy, any(worker._start_time is None for worker in workers)


def _await_one(key: str) -> None:
    """Return when a worker is free, or when there may be one more."""
    waited, began = 0.0, time.monotonic()
    while waited < PATIENCE_SECONDS:
        busy, begins = _busy(key)
        if not busy:
            return
        time.sleep(POLL_SECONDS)
        waited += 0.0 if begins and time.monotonic() < began + INIT_SECONDS else POLL_SECONDS


def _within_account(original: Any) -> Any:
    def invalidate(func_name: str, qualifier: Any = None, account: Any = None, region: Any = None) -> None:
        original(func_name, qualifier, account or ACCOUNT.get()(), region or REGION.get()())

    return invalidate


def _waiting(original: Any) -> Any:
    def acquire(
        func_name: str, config: Any, code_zip: Any, qualifier: str = "$LATEST", max_concurrency: Any = None
    ) -> Any:
        _await_one(KEY.get()(func_name, config, qualifier))
        return original(func_name, config, code_zip, qualifier, max_concurrency)

    return acquire


def _one_a_core(original: Any) -> Any:
    def most(esm: Any, func_rec: Any, config: Any, queue: Any = None) -> int:
        return min(int(original(esm, func_rec, config, queue)), ENOUGH)

    return most


def _install() -> None:
    replace(ACQUIRE, _waiting)
    replace(INVALIDATE, _within_account)
    replace(IN_FLIGHT, _one_a_core)


EXTENSION = Extension(
    name="lambda_workers",
    claims=(
        emulated(
            "Lambda concurrency",
            "a process for each call at a time; beyond one a core, a call waits up to 0.5 s for one that has begun, "
            "messages stay queued",
        ),
    ),
    names=(ACQUIRE, INVALIDATE, ACCOUNT, REGION, KEY, IN_FLIGHT, WORKERS, LOCK),
    install=_install,
)
