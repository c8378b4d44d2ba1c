"""How often an agent looks at all its stacks and reports, and when its report is overdue (REQ-C2). Pure."""

from __future__ import annotations

from datetime import timedelta

PASS = timedelta(minutes=15)
"""The longest turn that `schedules.reconcile_minutes` of the settings allows."""

OVERDUE = 2 * PASS + timedelta(minutes=5)
"""Two passes, one of which may be lost, and time to record it: what is waited for by then does not come by itself.

So long holds what an agent reported, and a check that its report brought about (REQ-C3).
"""
