"""Small stacks for tests: deploy a template, wait for its end, look at what came out."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

END_SECONDS = 30.0
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Stack:
    """One stack of one account and region, addressed by name."""

    cloudformation: Any
    name: str = "stack"

    def create(
        self,
        template: str,
        parameters: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        **more: Any,
    ) -> str:
        """Create the stack and return its final status."""
        self.cloudformation.create_stack(**self._request(template, parameters, tags), **more)
        return self.settled()

    def update(
        self,
        template: str,
        parameters: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        **more: Any,
    ) -> str:
        """Update the stack and return its final status."""
        self.cloudformation.update_stack(**self._request(template, parameters, tags), **more)
        return self.settled()

    def delete(self) -> str:
        """Delete the stack and return its final status."""
        identity = self.described()["StackId"]
        self.cloudformation.delete_stack(StackName=self.name)
        return self.settled(identity)

    def _request(
        self, template: str, parameters: Mapping[str, str] | None, tags: Mapping[str, str] | None
    ) -> dict[str, Any]:
        return {
            "StackName": self.name,
            "TemplateBody": textwrap.dedent(template),
            "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in (parameters or {}).items()],
            "Tags": [{"Key": k, "Value": v} for k, v in (tags or {}).items()],
            "Capabilities": ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        }

    def described(self, identity: str | None = None) -> dict[str, Any]:
        """Return the stack as DescribeStacks gives it."""
        found: dict[str, Any] = self.cloudformation.describe_stacks(StackName=identity or self.name)[
            "Stacks"
        ][0]
        return found

    def settled(self, identity: str | None = None) -> str:
        """Wait until no operation is under way and return the status."""
        deadline = time.monotonic() + END_SECONDS
        while time.monotonic() < deadline:
            status: str = self.described(identity)["StackStatus"]
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"{self.name} is still in progress")

    def outputs(self) -> dict[str, str]:
        """Return the outputs by name."""
        return {one["OutputKey"]: one["OutputValue"] for one in self.described().get("Outputs", [])}

    def physical(self, logical_id: str) -> str:
        """Return the physical id of a resource."""
        found = self.cloudformation.describe_stack_resource(StackName=self.name, LogicalResourceId=logical_id)
        identity: str = found["StackResourceDetail"]["PhysicalResourceId"]
        return identity

    def reasons(self) -> dict[str, str]:
        """Return the reason of each resource that failed."""
        events = self.cloudformation.describe_stack_events(StackName=self.name)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
        return {event["LogicalResourceId"]: event.get("ResourceStatusReason", "") for event in failed}
