"""Which model each workload has: the registry of validator/settings."""

from __future__ import annotations

from ..environments import SHARED
from .base import WorkloadSettings
from .control import ControlSettings, HomeSettings
from .orders import OrdersSettings

WORKLOADS: dict[str, type[WorkloadSettings]] = {"control": ControlSettings, "orders": OrdersSettings}
"""The model of each workload in an environment."""
HOMES: dict[str, type[WorkloadSettings]] = {"control": HomeSettings}
"""The model of what a workload has once for all environments, in `sceptre/config/shared`."""


def models(environment: str) -> dict[str, type[WorkloadSettings]]:
    """Return the models of the workloads that an environment, or what belongs to none, may have."""
    return HOMES if environment == SHARED else WORKLOADS
