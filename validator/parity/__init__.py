"""Parity: what differs between two environments, what caused it, and who declared it (REQ-V3, REQ-V4). Pure."""

from validator.parity.compare import Cause, Difference, Side, compare, differences
from validator.parity.declarations import Declaration, Variances
from validator.parity.judge import Declared, judge

__all__ = [
    "Cause",
    "Declaration",
    "Declared",
    "Difference",
    "Side",
    "Variances",
    "compare",
    "differences",
    "judge",
]
