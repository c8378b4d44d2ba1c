"""Deploying without gates, in an emergency: it is said, and kept with its reason (REQ-G6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.delivery.data import Data
from pipelines.delivery.evidence import ending, keep, keep_reason
from pipelines.delivery.fence import refuse_who_takes_back

if TYPE_CHECKING:
    from pipelines.delivery.bring import Stage
    from pipelines.deploy import Result
    from pipelines.holding import Hold
    from pipelines.home import Home
    from pipelines.recording import Recording
    from pipelines.state.records import Release
    from validator.findings import Finding


@dataclass(slots=True)
class BreakGlass:
    """The terms of what somebody deploys without gates, for a reason. Where the home is lost, it is said alone.

    `policy` is the digest of the policy that would have counted.
    """

    environment: str
    release: str
    reason: str
    stage: Stage
    policy: str = ""
    needs_home: bool = False
    data: Data = field(default_factory=Data)
    """Whoever breaks the glass answers for data too."""

    def admit(self, home: Home, hold: Hold) -> str:
        """Let it in, and say so."""
        refuse_who_takes_back(self.environment, hold.locks)
        self.stage.warn(f"no gate is asked for {self.environment}, and that is kept: {self.reason}")
        return ""

    def why(self, home: Home, releases: Iterable[Release]) -> str:
        """Keep the reason before anything is deployed."""
        return keep_reason(home, self.environment, releases, self._note, self.policy)

    @property
    def _note(self) -> str:
        return f"without gates: {self.reason}"

    def confirm(self, recording: Recording) -> Sequence[Finding]:
        """Find nothing: whoever breaks the glass looks themselves."""
        return ()

    def keep(self, recording: Recording, results: Sequence[Result], *, succeeded: bool) -> str:
        """Keep a statement of the deployment, with the reason."""
        ended = ending(recording, results, self.policy, succeeded=succeeded)
        return keep(self.environment, self.release, recording, "", ended, self._note)

    def back_to(self, recording: Recording, *, failed: bool) -> str:
        """Bring nothing back by itself."""
        return ""
