"""What the state table holds, as frozen records: `to_item` gives the attribute values of one, `from_item` reads them.

Reading ignores attributes that it does not know, so that an older function lives with a newer one. Times are aware
datetimes, kept as UTC text with microseconds.
"""

from ..keys import StackKey
from .alerts import Alert, AlertKind, AlertState, Check, CheckVerdict, Severity
from .approvals import Approval
from .decisions import DecisionState, KeptDecision
from .drift import DriftFinding, DriftStatus, DriftSummary, PropertyDrift, Uncovered
from .releases import Ending, EnvironmentRelease, Lock, Promotion, Release, ReleaseState
from .rule_requests import RuleRequest, RuleState
from .stacks import Census, Refusal, StackEvent, StackState

__all__ = [
    "Alert",
    "AlertKind",
    "AlertState",
    "Approval",
    "Census",
    "Check",
    "CheckVerdict",
    "DecisionState",
    "DriftFinding",
    "DriftStatus",
    "DriftSummary",
    "Ending",
    "EnvironmentRelease",
    "KeptDecision",
    "Lock",
    "Promotion",
    "PropertyDrift",
    "Refusal",
    "Release",
    "ReleaseState",
    "RuleRequest",
    "RuleState",
    "Severity",
    "StackEvent",
    "StackKey",
    "StackState",
    "Uncovered",
]
