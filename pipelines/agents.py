"""The agents of the control plane: where they are, and asking them to look now rather than at their next turn. I/O.

An agent reads the stacks of its account and region, and reports to the home (ADR 0014).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.aws import Aws
from validator.environments import SHARED

if TYPE_CHECKING:
    from validator.model import Project, Stack

AGENT = "control/agent"
REGIONAL = "control/regional-agent"
"""Stacks of an environment: the agent of the control region, and those that StackSets carry to the other regions."""

OBSERVE = ("observer", {"lockstep": "reconcile", "full": True})
"""The function that observes, and what asks it for every stack."""

DETECT = ("drift", {"lockstep": "detect"})
"""The function that looks for drift, and what asks it to begin."""


@dataclass(frozen=True, slots=True)
class Agent:
    """The agent of one account and region; whoever deploys to its environment may ask it."""

    environment: str
    account: str
    region: str
    role_arn: str

    def function(self, name: str) -> str:
        """Return the name of one of its functions (REQ-P5)."""
        return f"{self.environment}-control-{name}"


def agents_of(project: Project, environment: str) -> list[Agent]:
    """Return the agents that watch the stacks of a place, whichever environment they belong to.

    What belongs to no environment lies in an account that an environment's agents watch.
    """
    every = [agent for name in project.environments for agent in _of(project, name)]
    if environment != SHARED:
        return [agent for agent in every if agent.environment == environment]
    of_home = project.of(SHARED)
    places = {(stack.account, region) for stack in of_home for region in (stack.region, *_regions(stack))}
    return [agent for agent in every if (agent.account, agent.region) in places]


def _of(project: Project, environment: str) -> Iterator[Agent]:
    for stack in project.of(environment):
        regions = {AGENT: [stack.region], REGIONAL: _regions(stack)}.get(stack.path, [])
        for region in regions:
            yield Agent(environment, stack.account, region, stack.role_arn)


def _regions(stack: Stack) -> list[str]:
    """Return the other regions to which a stack's StackSets carry others."""
    found = stack.parameters.get("Regions", [])
    return [str(region) for region in (found if isinstance(found, list) else [found])]


def ask(agents: Iterable[Agent], what: tuple[str, Mapping[str, Any]]) -> list[Agent]:
    """Ask each agent, without waiting for what it finds; return those that are not there.

    Raises botocore's errors where Lambda cannot be asked.
    """
    from botocore.exceptions import ClientError

    name, request = what
    missing = []
    for agent in agents:
        try:
            Aws(agent.region, agent.role_arn).client("lambda").invoke(
                FunctionName=agent.function(name), InvocationType="Event", Payload=json.dumps(request)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            missing.append(agent)
    return missing
