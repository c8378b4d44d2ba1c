"""Guard rules over effective resources: the engine's input, its output, its rules. Pure (REQ-V7).

`pipelines/guard.py` runs the engine; `guard_rules/` holds the rules.
"""

from .document import document
from .results import Result, results
from .rules import RULE_STEM, GuardRule, parse_rule
from .sets import Control, RuleSet, parse_rule_set

__all__ = [
    "RULE_STEM",
    "Control",
    "GuardRule",
    "Result",
    "RuleSet",
    "document",
    "parse_rule",
    "parse_rule_set",
    "results",
]
