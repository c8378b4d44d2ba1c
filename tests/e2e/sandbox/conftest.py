"""Stacks in an account of the test's own."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import Client
from tests.e2e.sandbox.stacks import Stack


@pytest.fixture
def stack(client: Client, account: str) -> Stack:
    """Return a stack in us-east-1 that nobody else has."""
    return Stack(client("cloudformation", account=account))
