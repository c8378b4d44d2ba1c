"""Environment of the agent's handlers: powertools reads it when they are imported."""

from __future__ import annotations

import os

from .cloud import AGENT_BUS

os.environ.setdefault("AGENT_BUS", AGENT_BUS)
os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "observer")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Lockstep/Control")
