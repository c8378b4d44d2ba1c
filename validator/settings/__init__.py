"""Typed values of every environment: one model a workload (REQ-P2).

A new workload is one file here and one line in `WORKLOADS`.
"""

from __future__ import annotations

from .base import Grows, Identity, WorkloadSettings
from .orders import OrdersSettings

WORKLOADS: dict[str, type[WorkloadSettings]] = {"orders": OrdersSettings}

__all__ = ["WORKLOADS", "Grows", "Identity", "OrdersSettings", "WorkloadSettings"]
