"""What can be wrong with a statement that was kept."""

from __future__ import annotations

from validator.errors import FailureError


class StatementError(FailureError):
    """A statement is none, or not the one that its digest names."""
