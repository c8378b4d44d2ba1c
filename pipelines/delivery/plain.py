"""Deploying what is checked out where no gate stands: into dev without a release, and what belongs to no environment.

How it ended is kept like any other deployment (REQ-G6), and data goes only where somebody named it (REQ-R3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.delivery.evidence import ending, keep
from pipelines.delivery.fence import refuse_who_takes_back

if TYPE_CHECKING:
    from pipelines.delivery.data import Data
    from pipelines.deploy import Result
    from pipelines.holding import Hold
    from pipelines.home import Home
    from pipelines.recording import Recording
    from pipelines.state.records import Release
    from validator.findings import Finding

NOTE = "what was checked out, without a release: no gate was asked, and nothing was verified"


@dataclass(slots=True)
class Plain:
    """The terms of what is checked out: no gate, no verification, and nothing comes back by itself.

    `policy` is the digest of the policy that says what holds data; empty for none.
    """

    environment: str
    release: str
    data: Data
    policy: str = ""
    needs_home: bool = False

    def admit(self, home: Home, hold: Hold) -> str:
        """Let it in, unless who deploys is there to take releases back."""
        refuse_who_takes_back(self.environment, hold.locks)
        return ""

    def why(self, home: Home, releases: Iterable[Release]) -> str:
        """Keep nothing before it ended: no gate stands here that would have to be passed over."""
        return ""

    def confirm(self, recording: Recording) -> Sequence[Finding]:
        """Find nothing: `lockstep verify` looks where somebody asks."""
        return ()

    def keep(self, recording: Recording, results: Sequence[Result], *, succeeded: bool) -> str:
        """Keep a statement of the deployment, which says why there is no decision."""
        ended = ending(recording, results, self.policy, succeeded=succeeded)
        return keep(self.environment, self.release, recording, "", ended, NOTE)

    def back_to(self, recording: Recording, *, failed: bool) -> str:
        """Bring nothing back by itself."""
        return ""
