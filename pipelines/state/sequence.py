"""The order of what happens to a stack, told by CloudFormation's own times and not by anybody's clock (REQ-C2).

Within one operation, which all statuses share the time of, the status ranks. A status from which the same operation can
carry on ranks below what it carries on to: a rollback that failed is continued under the same time
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html).
"""

from __future__ import annotations

from datetime import datetime

from .times import timestamp

DELETED = "DELETE_COMPLETE"

_RANKS = {
    "REVIEW_IN_PROGRESS": 5,
    "CREATE_FAILED": 15,
    "UPDATE_FAILED": 15,
    "ROLLBACK_FAILED": 25,
    "UPDATE_ROLLBACK_FAILED": 25,
    "IMPORT_ROLLBACK_FAILED": 25,
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": 30,
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": 30,
    "ROLLBACK_COMPLETE": 92,
    "UPDATE_ROLLBACK_COMPLETE": 92,
    "IMPORT_ROLLBACK_COMPLETE": 92,
    "DELETE_IN_PROGRESS": 95,
    "DELETE_FAILED": 97,
    DELETED: 99,
}


def operation_time(created: datetime, updated: datetime | None, deleted: datetime | None) -> datetime:
    """Return when the last operation on a stack began: its DeletionTime, else LastUpdatedTime, else CreationTime."""
    return deleted or updated or created


def rank(status: str) -> int:
    """Return the place of a status within its operation, 0 to 99. An unknown status ranks as an end, 90."""
    if status in _RANKS:
        return _RANKS[status]
    if status.endswith("_IN_PROGRESS"):
        return 20 if "ROLLBACK" in status else 10
    return 90


def observed_seq(operation_at: datetime, status: str, stack_id: str) -> str:
    """Return the text by which observations of one stack sort as they happened, whoever saw them and when."""
    return f"{timestamp(operation_at)}#{rank(status):02}#{stack_id}"
