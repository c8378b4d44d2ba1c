"""Effective resources: what a CloudFormation template comes to with one environment's parameters (REQ-V2).

    template = parse(text, "templates/queue.yaml")
    context = Context(account="111111111111", region="us-east-1", stack_name="lockstep-dev-orders-queue")
    effective = evaluate(template, {"NamePrefix": "dev-orders-"}, context)

Pure: text and parameters come in as arguments. Parse once, evaluate many times.
"""

from validator.effective.context import Context
from validator.effective.evaluate import evaluate
from validator.effective.parameters import ParameterValue
from validator.effective.parse import parse
from validator.effective.result import EffectiveResource, EffectiveTemplate, RuleFailure
from validator.effective.scope import Origin
from validator.effective.symbols import NO_VALUE, Symbol, concat, symbolic, to_json
from validator.effective.template import Path, Position, Template, dotted

__all__ = [
    "NO_VALUE",
    "Context",
    "EffectiveResource",
    "EffectiveTemplate",
    "Origin",
    "ParameterValue",
    "Path",
    "Position",
    "RuleFailure",
    "Symbol",
    "Template",
    "concat",
    "dotted",
    "evaluate",
    "parse",
    "symbolic",
    "to_json",
]
