"""The policy file of promotions: text to values, every mistake in one run with its line (REQ-G1 to REQ-G5). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError, Problem
from validator.strict_yaml import Document, parse

from .freezes import Freeze
from .gates import GATES
from .policy import Policy, Rule
from .policy_form import EnvironmentsForm, PolicyForm

FILE = "pipelines/promotion.yaml"
FORM = "see docs/promotion.md for the form of the policy"
WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no key of this file",
    "model_type": "is no mapping",
    "dict_type": "is no mapping",
    "list_type": "is no list",
    "string_type": "is no text",
    "int_type": "is no whole number",
    "string_too_short": "is empty",
}
SHOWN = 80
"""Characters of a wrong value that a message quotes."""
Mistake = tuple[tuple[str, ...], str, str]


def read(
    text: str,
    file: str = FILE,
    environments: Sequence[str] = ENVIRONMENTS,
    workloads: Sequence[str] | None = None,
) -> Policy:
    """Return the policy in `text`; `environments` are those of the project, in their order, `workloads` its own.

    Raises ConfigurationError with every mistake: keys that are none, values out of bounds, an order that is another
    than the project's, an environment without a rule, a gate that a requirement asks for and that is left out.
    """
    document = parse(text, file)
    lines = _lines(document)
    found = [
        Problem(file, ".".join(key), message, hint, _line(lines, key))
        for key, message, hint in _mistakes(document.value, environments, workloads)
    ]
    try:
        form = PolicyForm.model_validate(document.value)
    except ValidationError as error:
        raise ConfigurationError([*found, *problems(error, document, file)]) from None
    if found:
        raise ConfigurationError(found)
    return _policy(form)


def problems(error: ValidationError, document: Document, file: str, hint: str = FORM) -> Iterator[Problem]:
    """Yield what is wrong with a document, each with its key and line."""
    lines = _lines(document)
    for detail in error.errors(include_url=False):
        path = tuple(map(str, detail["loc"]))
        message = WORDS.get(detail["type"]) or str(detail["msg"]).removeprefix("Value error, ")
        value = detail.get("input")
        if detail["type"] not in {*WORDS, "value_error"} and isinstance(value, str | int | float):
            message = f"is {_shown(repr(value))}: {message}"
        yield Problem(file, ".".join(path), _shown(message, 4 * SHOWN), hint, _line(lines, path))


def _lines(document: Document) -> dict[tuple[str, ...], int]:
    """Return the line of every key path, and of each item of a list that has keys, where the first of them stands."""
    lines: dict[tuple[str, ...], int] = {}
    for key, line in document.lines.items():
        for length in range(1, len(key) + 1):
            lines.setdefault(key[:length], line or 0)
    return lines


def _line(lines: Mapping[tuple[str, ...], int], path: tuple[str, ...]) -> int | None:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def _shown(text: str, most: int = SHOWN) -> str:
    return text if len(text) <= most else f"{text[:most]}..."


def _mistakes(value: Any, environments: Sequence[str], workloads: Sequence[str] | None) -> Iterator[Mistake]:
    """Yield what is wrong between the parts of the file. Whatever has not its type says the form."""
    written = _mapping(value)
    order, rules = _texts(written.get("order")), _mapping(written.get("environments"))
    if order and order != list(environments):
        meant = f"write {', '.join(environments)}, the order of the project"
        yield ("order",), f"is {_shown(', '.join(order))}", meant
    if "environments" in written:
        yield from _of_rules(rules, environments)
    for index, freeze in enumerate(_items(written.get("freezes"))):
        yield from _of_freeze(("freezes", str(index), "environments"), _mapping(freeze), rules, environments)
    if workloads is not None:
        for name in _mapping(written.get("recovery_drill_days")):
            if name not in workloads:
                hint = f"the workloads are {', '.join(workloads)}"
                yield ("recovery_drill_days", name), "is no workload of the project", hint


def _of_rules(rules: Mapping[str, Any], environments: Sequence[str]) -> Iterator[Mistake]:
    for name in environments:
        if name not in rules or (rules[name] is None and name in EnvironmentsForm.model_fields):
            yield ("environments",), f"has no rule for {name}", f"add `{name}:` with its branch"
    branches = Counter(map(_branch, rules.values()))
    for name, rule in rules.items():
        if name not in environments:
            hint = f"remove its rule; the environments are {', '.join(environments)}"
            yield ("environments", name), "is no environment of the project", hint
        elif name == environments[0] and _mapping(rule).get("soak_minutes"):
            hint = "remove it: a release comes from nowhere into the first environment"
            yield ("environments", name, "soak_minutes"), "has nothing to soak in", hint
        if (branch := _branch(rule)) and branches[branch] > 1:
            hint = "give each environment a branch of its own"
            message = f"{_shown(branch)} belongs to several environments"
            yield ("environments", name, "branch"), message, hint


def _of_freeze(
    key: tuple[str, ...], freeze: Mapping[str, Any], rules: Mapping[str, Any], environments: Sequence[str]
) -> Iterator[Mistake]:
    for name in _texts(freeze.get("environments")):
        if name not in environments:
            hint = f"the environments are {', '.join(environments)}"
            yield key, f"{_shown(name)} is no environment of the project", hint
        elif "freeze-window" in _texts(_mapping(rules.get(name)).get("without")):
            hint = f"take freeze-window out of `without` of {name}, or {name} out of this freeze"
            yield key, f"{name} does without freezes", hint


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [one for one in _items(value) if isinstance(one, str)]


def _branch(rule: Any) -> str:
    branch = _mapping(rule).get("branch")
    return branch if isinstance(branch, str) else ""


def _policy(form: PolicyForm) -> Policy:
    rules = form.environments.by_name()
    freezes = tuple(
        Freeze(one.name, one.reason, frozenset(one.environments), one.window()) for one in form.freezes
    )
    drills = {workload: timedelta(days=days) for workload, days in form.recovery_drill_days.items()}
    return Policy(
        tuple(
            Rule(
                environment=name,
                source=form.order[place - 1] if place else None,
                branch=rules[name].branch,
                gates=_gates(rules[name].without, first=place == 0),
                soak=timedelta(minutes=rules[name].soak_minutes),
                approvals=rules[name].approvals,
                signed_commits=rules[name].signed_commits,
                freezes=tuple(one for one in freezes if name in one.environments),
                drill_age=drills,
                stateful=frozenset(form.stateful),
            )
            for place, name in enumerate(form.order)
        )
    )


def _gates(without: Sequence[str], *, first: bool) -> tuple[str, ...]:
    return tuple(gate.id for gate in GATES.values() if gate.id not in without and (gate.first or not first))
