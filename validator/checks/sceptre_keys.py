"""A config file holds no key that nobody reads (REQ-P2)."""

from __future__ import annotations

from ..findings import Severity
from .check import Check
from .reported import reported

CHECK = Check(
    id="sceptre-keys",
    severity=Severity.ERROR,
    summary="No key of a config file is one that Sceptre ignores",
    remediation="Correct the spelling, or remove the key.",
    source="https://docs.sceptre-project.org/latest/docs/stack_config.html",
    why="Sceptre accepts an unknown key in silence: a misspelt `protect` protects nothing.",
    before="protected: true",
    after="protect: true",
    run=reported("sceptre-keys"),
)
