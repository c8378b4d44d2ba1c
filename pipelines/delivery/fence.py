"""Who takes releases back brings none in: the role that nobody waits for is for that alone (REQ-G3, REQ-R1). Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from validator.errors import FailureError

if TYPE_CHECKING:
    from pipelines.state.records import Lock

_TAKES_BACK = re.compile(r"^arn:[a-z-]+:sts::\d{12}:assumed-role/[\w+=,.@-]*-github-rollback[\w+=,.@-]*/")
"""The role of `templates/oidc-roles.yaml`, as AWS names a session of it."""


def refuse_who_takes_back(environment: str, locks: Mapping[str, Lock]) -> None:
    """Raise FailureError where the locks are held by a job of the GitHub environment that is for the way back.

    It waits for no timer, and one person may begin it: what comes in goes another way.
    """
    for lock in locks.values():
        if _TAKES_BACK.match(lock.owner):
            raise FailureError(
                f"this job may take {environment} back, and brings nothing in\n"
                f"  mend: deploy with the workflow `deploy`, which runs in the GitHub environment {environment}"
            )
