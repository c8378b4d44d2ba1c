"""Environment of the handlers, and one local AWS as a process of its own for the tests marked `e2e`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from .aws import Account

# Powertools reads these when the handlers are imported.
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "orders-test")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Lockstep/Orders")

READY_SECONDS = 30.0
_ACCOUNTS = count(100000000001)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="session")
def aws_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start ministack on a free loopback port and return its URL."""
    folder: Path = tmp_path_factory.mktemp("ministack")
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            wait_until_ready(endpoint, process, folder / "log")
            yield endpoint
        finally:
            process.terminate()
            process.wait(timeout=10)


def wait_until_ready(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=1):  # noqa: S310
                return
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.05)
    raise AssertionError(f"ministack was not ready after {READY_SECONDS} s:\n{log.read_text()}")


@pytest.fixture
def account(aws_endpoint: str) -> Account:
    """Return an account that no other test of this session uses."""
    return Account(aws_endpoint, str(next(_ACCOUNTS)))
