"""Parity: what differs between two environments, what caused it, and who declared it (REQ-V3, REQ-V4). Pure."""

from validator.parity.compare import ABSENT, Cause, Difference, Side, compare, differences
from validator.parity.declarations import Declaration, Variances
from validator.parity.judge import Declared, declares, judge, shown

__all__ = [
    "ABSENT",
    "Cause",
    "Declaration",
    "Declared",
    "Difference",
    "Side",
    "Variances",
    "compare",
    "declares",
    "differences",
    "judge",
    "shown",
]
