"""Keeping how a deployment ended (REQ-G6). I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.attestation import deployed
from pipelines.delivery.tools import tools

if TYPE_CHECKING:
    from pipelines.recording import Recording


def keep(
    environment: str, release: str, recording: Recording, decision: str, *, succeeded: bool, note: str = ""
) -> str:
    """Keep the statement of a deployment, and return its digest.

    `decision` is the digest of the decision that let it begin; `note` says why there was none.
    """
    ended = (recording.clock(), succeeded)
    statement = deployed(environment, release, recording.begun, decision, ended, tools(), note)
    return recording.home.store(environment).put_evidence(statement.text)
