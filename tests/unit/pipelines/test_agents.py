"""Which agents watch what, of this repository's own project (REQ-C2, REQ-C10)."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.agents import agents_of
from pipelines.workspace import Workspace


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("dev", {("111111111111", "us-east-1"), ("111111111111", "us-west-2")}),
        ("prod", {("333333333333", region) for region in ("eu-west-1", "us-east-1", "us-west-2")}),
        ("shared", {("333333333333", "us-west-2"), ("333333333333", "us-east-1")}),
    ],
)
def test_every_account_and_region_in_use_has_an_agent(
    environment: str, expected: set[tuple[str, str]]
) -> None:
    project = Workspace(Path(__file__).parents[3]).project()
    agents = agents_of(project, environment)
    found = {(agent.account, agent.region) for agent in agents}
    assert found == expected
    assert {(stack.account, stack.region) for stack in project.of(environment)} <= found
    if environment == "shared":  # The home lies in prod's account, and prod's agent watches it.
        assert {agent.function("observer") for agent in agents} == {"prod-control-observer"}
