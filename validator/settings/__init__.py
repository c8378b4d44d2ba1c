"""Typed values of every environment: one model a workload (REQ-P2).

A new workload is one file here and one line in `WORKLOADS`.
"""

from __future__ import annotations

from .base import Grows, Identity, WorkloadSettings
from .control import ControlSettings, HomeSettings
from .models import HOMES, WORKLOADS, models
from .orders import OrdersSettings

__all__ = [
    "HOMES",
    "WORKLOADS",
    "ControlSettings",
    "Grows",
    "HomeSettings",
    "Identity",
    "OrdersSettings",
    "WorkloadSettings",
    "models",
]
