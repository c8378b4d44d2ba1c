"""A repository on the test double, and what this project wants of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from pipelines.commands.protect import wanted_of
from pipelines.github.client import GitHub
from pipelines.github.connection import Connection
from pipelines.github.protection import Protection
from tests.github_double import ADMIN, Double, serving

ROOT = Path(__file__).parents[3]
Client = Callable[..., GitHub]


@pytest.fixture
def double() -> Iterator[Double]:
    """An empty repository. At the end, every request and answer was one of GitHub's description."""
    with serving(Double()) as found:
        yield found
    assert found.mistakes == []


@pytest.fixture
def slept() -> list[float]:
    """The seconds that a client would have waited."""
    return []


@pytest.fixture
def client(double: Double, slept: list[float]) -> Client:
    def made(token: str = ADMIN, session: requests.Session | None = None) -> GitHub:
        where = Connection(double.url, double.owner, double.name, token)
        return GitHub(where, sleep=slept.append, clock=lambda: 1000.0, timeout=(30, 30), session=session)

    return made


@pytest.fixture(scope="session")
def wanted() -> Protection:
    """What this repository's own files ask for."""
    return wanted_of(ROOT)
