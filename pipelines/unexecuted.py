"""Change sets that a run made and did not come to execute, removed before another counts on its stacks. I/O (REQ-G5).

A run that stands still right before its execution looks at no lock again: what it would execute must not be there. So
whoever goes on from a deployment whose end nobody recorded removes that first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from pipelines.aws import Aws
from validator.errors import TechnicalError

if TYPE_CHECKING:
    from validator.model import Stack

PREFIX = "lockstep-deploy-"
"""What the change sets that a deployment executes are called, with a number each."""
BEGUN = frozenset({"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"})
"""Execution statuses of what goes on by itself, or is over: the stack's own status tells of it."""
GONE = frozenset({"ChangeSetNotFound", "ChangeSetNotFoundException"})
BEING_MADE = frozenset({"InvalidChangeSetStatus", "InvalidChangeSetStatusException"})
SIDE_BY_SIDE = 8
PATIENCE_SECONDS, POLL_SECONDS = 120.0, 1.0
"""How long a change set may still be made, which CloudFormation does not delete meanwhile."""


def remove_unexecuted(stacks: Iterable[Stack]) -> None:
    """Delete the change sets of deployments that wait on stacks; none is left, and none that is under way is touched.

    Raises TechnicalError where CloudFormation keeps one, botocore's errors where it does not answer.
    """
    with ThreadPoolExecutor(max_workers=SIDE_BY_SIDE) as pool:
        for _ in pool.map(_remove, stacks):
            pass


def _remove(stack: Stack) -> None:
    from botocore.exceptions import ClientError

    client = Aws(stack.region, stack.role_arn).client("cloudformation")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while names := _waiting(client, stack.external_name):
        try:
            for name in names:
                client.delete_change_set(StackName=stack.external_name, ChangeSetName=name)
            return
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code not in GONE | BEING_MADE or time.monotonic() > deadline:
                raise TechnicalError(
                    f"a change set of {stack.name} is left of a run that did not end, and stays: {error}\n"
                    "  mend: run the same command again; nothing is changed before it is gone"
                ) from None
        time.sleep(POLL_SECONDS)


def _waiting(client: Any, name: str) -> list[str]:
    from botocore.exceptions import ClientError

    try:
        pages = client.get_paginator("list_change_sets").paginate(StackName=name)
        found = [one for page in pages for one in page["Summaries"]]
    except ClientError as error:
        if "does not exist" in str(error):
            return []
        raise
    return [
        one["ChangeSetName"]
        for one in found
        if one["ChangeSetName"].startswith(PREFIX) and one.get("ExecutionStatus") not in BEGUN
    ]
