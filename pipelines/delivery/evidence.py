"""Keeping how a deployment ended (REQ-G6). I/O."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.attestation import Ended, StackEnd, deployed, reasoned
from pipelines.configuration.encoding import digest_of
from pipelines.delivery.tools import tools

if TYPE_CHECKING:
    from pipelines.deploy import Result
    from pipelines.home import Home
    from pipelines.recording import Recording
    from pipelines.state.records import Release


def keep(
    environment: str, release: str, recording: Recording, decision: str, ended: Ended, note: str = ""
) -> str:
    """Keep the statement of a deployment, and return its digest.

    `decision` is the digest of the decision that let it begin; `note` says why there was none.
    """
    statement = deployed(environment, release, recording.begun, decision, ended, tools(), note)
    return recording.home.store(environment).put_evidence(statement.text)


def keep_reason(home: Home, environment: str, releases: Iterable[Release], reason: str, policy: str) -> str:
    """Keep why a deployment begins that no gate is asked for, and return the digest of that.

    So a run that dies leaves the reason. `releases` are those of one tag, for each workload.
    """
    those = list(releases)
    manifests = {one.workload: one.digests[environment] for one in those}
    statement = reasoned(environment, those[0].tag, manifests, reason, policy)
    return home.store(environment).put_evidence(statement.text)


def ending(recording: Recording, results: Sequence[Result], policy: str, *, succeeded: bool) -> Ended:
    """Return how a run ended now; `policy` is the digest of the policy that was in force."""
    stacks = (StackEnd(one.stack, one.outcome, one.stack_id, one.request, one.change_set) for one in results)
    return Ended(recording.clock(), succeeded, tuple(stacks), policy)


def policy_digest(root: Path) -> str:
    """Return the digest of the policy of promotion that is in force; empty where there is none to read."""
    from pipelines.promotion.policy_file import FILE

    try:
        return digest_of((root / FILE).read_bytes())
    except OSError:
        return ""
