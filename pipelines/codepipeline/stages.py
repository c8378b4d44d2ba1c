"""The stages of the pipeline, as they follow from the policy. Pure (REQ-G10).

    Source, first environment, Validate; of each other environment Soak, Approve, the environment; Rollback

Into every environment but the first the gate is asked before the deployment, in the same stage: by an action, since
whoever may override the condition of a stage may not override an action. It counts who approved the plan. Names of
environments are written as `${Prod}`, which the template replaces: it holds them in one place.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from pipelines.promotion.policy import Policy, Rule

from .gate import ENTER, SOAK

VALIDATED, OUTCOME, PLAN = "Validated", "Outcome", "Plan"
"""Namespaces of variables; the last one stands before the name of its environment."""

Kind = Literal["build", "gate", "approval"]


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a stage: a build of `project`, a question for the gate, or something that people approve.

    `namespace` is where a build's variables are found, `variables` are those that it is handed, each with its value,
    `text` what the gate is asked or what people are told, `names` the environments that it names.
    """

    name: str
    kind: Kind
    project: str = ""
    namespace: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    text: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its actions run one after the other. It is skipped unless `variable` has `value`, where it has one."""

    name: str
    actions: tuple[Action, ...]
    variable: str = ""
    value: str = ""


def title(name: str) -> str:
    """Return a name as part of another."""
    return name[:1].upper() + name[1:]


def stages(policy: Policy) -> tuple[Stage, ...]:
    """Return every stage behind the source, in order. Raises ValueError for a policy of no environment."""
    if not policy.rules:
        raise ValueError("a policy of no environment has no pipeline")
    first, last = policy.rules[0], policy.rules[-1]
    entered = title(first.environment)
    found = [
        Stage(entered, (Action("Deploy", "build", f"{entered}Deploy"),)),
        Stage("Validate", (Action("Validate", "build", f"{entered}Validate", VALIDATED),)),
    ]
    for rule in policy.rules[1:]:
        name = title(rule.environment)
        if rule.soak:
            found.append(Stage(f"Soak{name}", (_gate(rule, "Soak", SOAK),)))
        found.append(Stage(f"Approve{name}", _approve(rule)))
        found.append(
            Stage(name, (_gate(rule, "Gate", ENTER), _deploy(rule, "" if rule is not last else OUTCOME)))
        )
    if last is not first:
        found.append(_rollback(last))
    return tuple(found)


def _variable(namespace: str, name: str) -> str:
    return f"#{{{namespace}.{name}}}"


def _deploy(rule: Rule, namespace: str) -> Action:
    name = title(rule.environment)
    handed = (
        ("PLAN", _variable(f"{PLAN}{name}", "PLAN")),
        ("ASKED_RELEASE", _variable(VALIDATED, "RELEASE")),
        ("ASKED_COMMIT", _variable(VALIDATED, "COMMIT")),
    )
    return Action("Deploy", "build", f"{name}Deploy", namespace, handed)


def _gate(rule: Rule, name: str, step: str) -> Action:
    environment = title(rule.environment)
    # What builds say stands before what is fixed here: of a name that is there twice the last one counts.
    asked = {
        "plan": _variable(f"{PLAN}{environment}", "PLAN") if step == ENTER else "",
        "release": _variable(VALIDATED, "RELEASE"),
        "commit": _variable(VALIDATED, "COMMIT"),
        "environment": f"${{{environment}}}",
        "step": step,
    }
    return Action(name, "gate", text=json.dumps(asked), names=(environment,))


def _approve(rule: Rule) -> tuple[Action, ...]:
    """Return what makes the plan, the only one that is executed, and what waits for people where the policy wants."""
    name = title(rule.environment)
    plan = Action("Plan", "build", f"{name}Plan", f"{PLAN}{name}")
    if not rule.approvals:
        return (plan,)
    release, digest = _variable(VALIDATED, "RELEASE"), _variable(f"{PLAN}{name}", "PLAN")
    text = (
        f"Read the plan in the log of the action before. {rule.approvals} besides the authors then run: "
        f"lockstep approve ${{{name}}} --release {release} --plan {digest}. "
        "Only that is an approval; what is pressed here lets the pipeline go on, and wait for it."
    )
    return plan, Action("Approve", "approval", text=text, names=(name,))


def _rollback(rule: Rule) -> Stage:
    name = title(rule.environment)
    text = f"${{{name}}} is neither as it was nor as released. Approve to take it back to the last consistent release."
    return Stage(
        "Rollback",
        (
            Action("Approve", "approval", text=text, names=(name,)),
            Action("Rollback", "build", f"{name}Rollback"),
        ),
        variable=_variable(OUTCOME, "OUTCOME"),
        value="failed",
    )
