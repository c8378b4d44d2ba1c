"""The state store: the only code that talks to DynamoDB about the state of environments (REQ-C1)."""

from .alerts import Alerts
from .approvals import Approvals
from .decisions import Decisions
from .drift import DriftRecorded, Drifts
from .locks import Locks
from .markers import DriftMarker, Markers
from .outcomes import ContentionError
from .promotions import Promotions
from .rule_requests import RuleRequests
from .states import States
from .table import Table
from .verdicts import Condition, Hindrance, PromotionVerdict

__all__ = [
    "Condition",
    "ContentionError",
    "DriftMarker",
    "DriftRecorded",
    "Hindrance",
    "PromotionVerdict",
    "StateStore",
    "Table",
]


class StateStore(States, Drifts, Markers, Alerts, Approvals, Decisions, Locks, Promotions, RuleRequests):
    """The state table, `StateStore(client, table_name)`. Whoever passes the client decides its retries and timeouts.

    Every write is conditional or idempotent, so that each may be repeated after a crash. A `bool` says whether this
    call changed anything; False is an answer and no error. Reads that a decision may rest on are strongly consistent:
    an index only tells which items to read.

    Raises botocore's ClientError where DynamoDB does not answer, ContentionError where others kept changing the same
    items, ValueError for a record or an item that is none.
    """
