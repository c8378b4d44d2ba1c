"""Parity: what differs between two environments, what caused it, and who declared it (REQ-V3, REQ-V4). Pure."""

from validator.parity.compare import Cause, Difference, Side, compare, differences

__all__ = ["Cause", "Difference", "Side", "compare", "differences"]
