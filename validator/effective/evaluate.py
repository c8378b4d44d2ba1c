"""Evaluate a template with one environment's parameters: the effective resources (REQ-V2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from validator.effective.conditions import CONDITION_FUNCTIONS, evaluate_conditions
from validator.effective.context import Context
from validator.effective.foreach import expand
from validator.effective.intrinsics import FUNCTIONS
from validator.effective.modules import modules_in
from validator.effective.parameters import ParameterValue, bind
from validator.effective.references import Declared, dangling
from validator.effective.resources import evaluate_outputs, evaluate_resources
from validator.effective.result import EffectiveResource, EffectiveTemplate, RuleFailure
from validator.effective.rules import evaluate_rules
from validator.effective.scope import BoundError, Scope
from validator.effective.static import report
from validator.effective.template import Reference, Template


def evaluate(
    template: Template, parameters: Mapping[str, ParameterValue], context: Context
) -> EffectiveTemplate:
    """Return what `template` comes to with `parameters` in the account and region of `context`.

    Nothing is raised for a template that is wrong: everything wrong is in `problems`, and the value that
    could not be computed is a symbol `invalid:<function>`. The same input gives the same result.
    """
    scope = Scope(template, FUNCTIONS, CONDITION_FUNCTIONS, context)
    resources: dict[str, EffectiveResource] = {}
    outputs: dict[str, Any] = {}
    failures: list[RuleFailure] = []
    try:
        bind(scope, parameters)
        conditions = expand(scope, "Conditions")
        evaluate_conditions(scope, conditions)
        failures = evaluate_rules(scope)
        scope.resources = expand(scope, "Resources")
        scope.modules = modules_in(scope.resources)
        declared = expand(scope, "Outputs")
        found: Iterable[Reference] = template.dangling
        if template.looped:
            names = Declared.of(template, scope.resources, conditions)
            found = dangling({"Resources": scope.resources, "Outputs": declared}, names)
        report(scope, found)
        evaluate_resources(scope, resources)
        evaluate_outputs(scope, declared, outputs)
    except BoundError as error:
        scope.fail((), str(error), "split the template, or shorten its loops")
    return EffectiveTemplate(
        template,
        resources,
        outputs,
        scope.conditions,
        tuple(failures),
        scope.found(),
        scope.origins,
        scope.condition_origins,
        scope.sources,
        scope.moved,
    )
