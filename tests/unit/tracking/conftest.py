"""Environment of the agent's handlers: powertools reads it when they are imported."""

from __future__ import annotations

import os

os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "observer")
os.environ.setdefault("POWERTOOLS_METRICS_NAMESPACE", "Lockstep/Control")
