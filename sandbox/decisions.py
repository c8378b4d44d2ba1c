"""Every decision of IAM that the sandbox made, kept in memory: who asked for what, and what the answer was. Pure.

Together with the policies of the roles it says what is granted and what is used (REQ-P8).
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

KEPT = 50_000
"""Decisions that are kept one by one, the newest; the counts are of all."""

KINDS = 20_000
"""Distinct counts at most, so that no client can fill the memory."""

SESSION = re.compile(r"arn:aws:sts::(?P<account>\d+):assumed-role/(?P<role>[^/]+)/.*")


@dataclass(frozen=True, slots=True)
class Decision:
    """One evaluation."""

    number: int
    """Counts up from one; `since` takes the last one that was seen."""

    time: str
    """ISO 8601, UTC."""

    principal: str
    """ARN of the user, of the session of a role, or of the account's root; empty when nobody could be identified."""

    action: str
    resource: str

    decision: str
    """`Allow`, `Deny` (a statement says so), `ImplicitDeny` (none allows), `Unauthenticated`."""

    reason: str
    """Which statement or policy decided, where that is known."""

    source: str = ""
    """The resource for which a service acted as the role; empty for a request."""

    @property
    def role(self) -> str:
        """The ARN of the role behind a session; any other principal as it is."""
        return role_of(self.principal)


def role_of(principal: str) -> str:
    """Return the ARN of the role behind the ARN of a session; any other ARN as it is."""
    found = SESSION.fullmatch(principal)
    return f"arn:aws:iam::{found['account']}:role/{found['role']}" if found else principal


class Log:
    """The decisions since the sandbox started. Written by any thread: both containers are atomic to append to."""

    def __init__(self, now: Callable[[], str], kept: int = KEPT) -> None:
        self._now = now
        self._decisions: deque[Decision] = deque(maxlen=kept)
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._number = 0

    def add(
        self, principal: str, action: str, resource: str, decision: str, reason: str, source: str = ""
    ) -> None:
        """Keep one decision."""
        self._number += 1
        made = Decision(self._number, self._now(), principal, action, resource, decision, reason, source)
        self._decisions.append(made)
        kind = (made.role, action, decision)
        if kind in self._counts or len(self._counts) < KINDS:
            self._counts[kind] += 1

    def since(self, number: int) -> list[dict[str, Any]]:
        """Return the decisions after a number that are still kept, oldest first."""
        return [asdict(one) for one in list(self._decisions) if one.number > number]

    def summary(self) -> list[dict[str, Any]]:
        """Return how often each principal, as its role, got each answer to each action."""
        return [
            {"principal": principal, "action": action, "decision": decision, "count": count}
            for (principal, action, decision), count in sorted(self._counts.items())
        ]

    def clear(self) -> None:
        """Forget everything."""
        self._decisions.clear()
        self._counts.clear()
