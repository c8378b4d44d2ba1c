"""Ending a command in order, whatever asks it to: what it holds is given back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does, so that what it holds is given back; it is heard once (REQ-G5).

    Ctrl-C ends it also where a shell began it in the background, which lets programs ignore that.
    """

    def end(number: int, frame: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise KeyboardInterrupt

    wanted = {signal.SIGTERM: end, signal.SIGINT: signal.default_int_handler}
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
