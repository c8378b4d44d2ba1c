"""A real order through the deployed API, followed until it is archived: what a deployment is verified with (REQ-V10).

It is posted once for each deployment: under the same client order id, so that a run that carries on posts the same
order again, which the API takes once (docs/orders.md, "Real orders of Lockstep"). Its account marks it.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pipelines.smoke.order_client import Answer

ACCOUNT = "LOCKSTEP-SMOKE"
"""Of every order that is posted here, and of no other: reports leave it out, and the table lets it expire."""
ATTEMPTS, PAUSE_SECONDS = 4, 1.0
"""A throttled API says to post again after a second, and a new stage takes moments to be everywhere."""
PATIENCE_SECONDS = 300.0
"""How long the order may wait behind others; in prod the alarm of the oldest message comes then."""
POLL_SECONDS = 0.2


class Api(Protocol):
    """The order API, as a client sees it."""

    def post(self, order: Mapping[str, Any]) -> Answer:
        """Submit an order."""

    def get(self, path: str) -> Answer:
        """Read a path below the stage."""


class WrongError(Exception):
    """The order did not go its way; the message says where it ended, and quotes no order."""


def order(name: str) -> dict[str, str]:
    """Return the order of a deployment of this name: valid, small, and the same each time."""
    return {
        "client_order_id": name,
        "account": ACCOUNT,
        "symbol": "SMOKE.TEST",
        "side": "BUY",
        "type": "LIMIT",
        "quantity": "1",
        "limit_price": "0.01",
        "time_in_force": "IOC",
    }


@dataclass(frozen=True, slots=True)
class RealOrder:
    """The order of one deployment, and where it goes: the API, and the bucket of trade data."""

    api: Api
    s3: Any
    bucket: str
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def follow(self, name: str) -> str:
        """Post the order twice, wait until it is stored, and look at its archive; return what is wrong.

        Posted twice it has to be one order. Errors of S3 are botocore's.
        """
        wanted = order(name)
        try:
            receipt = self._asked("POST /orders", lambda: self.api.post(wanted), {200, 201})
            if self._asked("POST /orders", lambda: self.api.post(wanted), {200}) != receipt:
                raise WrongError("posted again, it has another receipt")
            self._wait(receipt)
            self._look(receipt)
        except WrongError as error:
            return str(error)
        return ""

    def _asked(self, what: str, ask: Callable[[], Answer], good: set[int]) -> dict[str, str]:
        """Return the document of the first answer that is good; WrongError with the last one where none is."""
        said = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(PAUSE_SECONDS)
            try:
                answer = ask()
            except (OSError, http.client.HTTPException) as error:
                said = f"{type(error).__name__}: {error}"
                continue
            if answer.status in good and isinstance(answer.body, dict) and "order_id" in answer.body:
                return answer.body
            said = f"answers {answer.status}: {_reason(answer.body)}"
        raise WrongError(f"{what} {said}")

    def _wait(self, receipt: Mapping[str, str]) -> None:
        """Wait until the order is STORED, as it was accepted."""
        path, deadline = f"/orders/{receipt['order_id']}", self.clock() + PATIENCE_SECONDS
        while True:
            found = self._asked("GET /orders/{order_id}", lambda: self.api.get(path), {200})
            if {name: found.get(name) for name in receipt} != receipt:
                raise WrongError("read back, it is not what was accepted")
            if found.get("status") == "STORED":
                return
            if self.clock() > deadline:
                minutes = PATIENCE_SECONDS / 60
                raise WrongError(
                    f"it is still {found.get('status')} after {minutes:.0f} minutes: nothing processes it"
                )
            self.sleep(POLL_SECONDS)

    def _look(self, receipt: Mapping[str, str]) -> None:
        """Look that the archive holds the receipt once, by its size: nothing there is read."""
        year, month, day = receipt["accepted_at"][:10].split("-")
        key = f"trades/year={year}/month={month}/day={day}/{receipt['order_id']}.json"
        found = self.s3.list_object_versions(Bucket=self.bucket, Prefix=key)
        sizes = [one["Size"] for one in found.get("Versions", [])]
        if sizes != [len(json.dumps(receipt, separators=(",", ":")))]:
            shown = f"{len(sizes)} objects of {sizes} bytes" if sizes else "no object"
            raise WrongError(f"it is STORED, and of its receipt the archive holds {shown} under {key}")


def _reason(body: Any) -> str:
    """Return what an answer says for people, at most a line of it."""
    if isinstance(body, dict):
        body = body.get("title") or body.get("message") or body.get("Message") or sorted(body)
    return " ".join(str(body).split())[:200]
