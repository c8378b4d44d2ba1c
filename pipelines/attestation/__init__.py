"""Evidence that is kept: one statement for each decision and each deployment, under its own digest (REQ-G6)."""

from .errors import StatementError
from .statement import Statement, Subject, read
from .words import Ended, StackEnd, decided, deployed, reasoned

__all__ = [
    "Ended",
    "StackEnd",
    "Statement",
    "StatementError",
    "Subject",
    "decided",
    "deployed",
    "read",
    "reasoned",
]
