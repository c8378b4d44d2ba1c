"""One running sandbox for every end-to-end test, whatever number of processes pytest runs them in."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from sceptre.connection_manager import ConnectionManager

from pipelines import aws
from sandbox import accounts, process
from sandbox.place import Place, Record
from tests.e2e import clients

HERE = Path(__file__).parent
CLIENT = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)

ActAs = Callable[[Mapping[str, str]], None]
"""`act_as(variables)` lets the test's own process act for an operator."""

Client = Callable[..., Any]
"""`client(service, account=..., region=...)` gives an AWS client of the sandbox."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs here, so that `-m "not e2e"` leaves it out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """Return the running sandbox; its own process, folder and port, shared by all workers of pytest-xdist.

    It ends with pytest itself: by the fixture, or, when workers share it or pytest is killed, by its lifeline.
    """
    shared = "PYTEST_XDIST_WORKER" in os.environ
    base = tmp_path_factory.getbasetemp()
    place = Place.of((base.parent if shared else base) / "sandbox")
    record = process.start(place, lifeline=os.getppid() if shared else os.getpid())
    yield record
    if not shared:
        process.discard(place)


@pytest.fixture(scope="session")
def operator(sandbox: Record) -> Mapping[str, str]:
    """Return the environment variables of the operator, for processes that a test starts."""
    return accounts.variables(sandbox.endpoint)


@pytest.fixture(scope="session")
def client(sandbox: Record) -> Client:
    """Return a maker of AWS clients; without `account` they are the operator's, without `region` in us-east-1."""

    def make(
        service: str,
        *,
        account: str = accounts.OPERATOR,
        region: str = accounts.OPERATOR_REGION,
        **further: Any,
    ) -> Any:
        return clients.make(sandbox.endpoint, service, region, account, config=CLIENT, **further)

    return make


@pytest.fixture
def act_as(monkeypatch: pytest.MonkeyPatch) -> Iterator[ActAs]:
    """Let this process be a shell with an operator's variables; it knows no client of another sandbox."""

    def act(operator: Mapping[str, str]) -> None:
        for name, value in operator.items():
            monkeypatch.setenv(name, value)
        _forget()

    yield act
    _forget()


def _forget() -> None:
    for cache in (aws._session, aws._client):
        cache.cache_clear()
    for kept in (ConnectionManager._boto_sessions, ConnectionManager._boto_session_expirations):
        kept.clear()
    ConnectionManager._clients.clear()


@pytest.fixture
def account() -> str:
    """Return an account that no other test uses, so that tests share nothing but the process."""
    return f"9{random.SystemRandom().randrange(10**11):011d}"
