"""The policy file of promotions: text to values, every mistake in one run with its line (REQ-G1 to REQ-G5). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError, Problem
from validator.parity.policy import line_of
from validator.strict_yaml import Document, parse

from .freezes import Freeze, Once, Weekly, Window
from .gates import GATES
from .policy import Policy, Rule

FILE = "pipelines/promotion.yaml"
FORM = "see docs/promotion.md for the form of the policy"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LEAST_SOAK = {"prod": 60}
"""Minutes of soak that an environment has at least (REQ-G3)."""
LEAST_APPROVALS = {"staging": 1, "prod": 1}
"""People besides the author who have to say yes (REQ-G2)."""
_DAY_TIME = re.compile(rf"({'|'.join(DAYS)}) ([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
Name = Annotated[str, Field(min_length=1, max_length=200)]
WORDS = {
    "missing": "is missing",
    "extra_forbidden": "is no key of the policy",
    "model_type": "is no mapping",
    "list_type": "is no list",
    "string_too_short": "is empty",
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FreezeForm(_Part):
    """A freeze: `from` and `until` are both dates (`2026-12-20T00:00`), or both days of each week (`Fri 16:00`)."""

    name: Name
    reason: Name
    environments: Annotated[list[Name], Field(min_length=1)]
    begins: Annotated[str, Field(alias="from")]
    ends: Annotated[str, Field(alias="until")]
    time_zone: Name

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(
                f"{value!r} is no time zone; write one of the tz database, as Europe/Zurich"
            ) from None
        return value

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        window = self.window()
        if isinstance(window, Once) and window.begins >= window.ends:
            raise ValueError(f"ends at {self.ends}, which is not after {self.begins}")
        return self

    def window(self) -> Window:
        """Return the window. Raises ValueError for times of neither form, or of both."""
        zone = ZoneInfo(self.time_zone)
        begins, ends = (_DAY_TIME.fullmatch(text) for text in (self.begins, self.ends))
        if begins and ends:
            first, second = ((DAYS.index(m[1]), time(int(m[2]), int(m[3]))) for m in (begins, ends))
            if first == second:
                raise ValueError("begins and ends at the same time of the week")
            return Weekly(first, second, zone)
        if all(_DATE_TIME.fullmatch(text) for text in (self.begins, self.ends)):
            return Once(
                *(datetime.fromisoformat(text).replace(tzinfo=zone) for text in (self.begins, self.ends))
            )
        raise ValueError(
            "`from` and `until` are both dates like 2026-12-20T00:00 without an offset, which `time_zone` says, "
            "or both days of the week like Fri 16:00"
        )


class EnvironmentForm(_Part):
    """What an environment asks for. Every gate stands before it, but for those that `without` names."""

    branch: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,200}$")]
    soak_minutes: Annotated[int, Field(ge=0, le=43_200)] = 0
    approvals: Annotated[int, Field(ge=0, le=6)] = 0
    without: list[Name] = []

    @field_validator("without")
    @classmethod
    def _may_be_left_out(cls, value: list[str]) -> list[str]:
        for name in value:
            gate = GATES.get(name)
            if gate is None:
                raise ValueError(f"{name!r} is no gate; the gates are {', '.join(GATES)}")
            if not gate.optional:
                raise ValueError(f"{name} cannot be left out: {', '.join(gate.requirements)} asks for it")
        return value


class ProdForm(EnvironmentForm):
    """What prod asks for: never less than an hour of soak, and somebody's approval (REQ-G2, REQ-G3)."""

    soak_minutes: Annotated[int, Field(ge=60, le=43_200)]
    approvals: Annotated[int, Field(ge=1, le=6)]


class StagingForm(EnvironmentForm):
    """What staging asks for: somebody's approval (REQ-G2)."""

    approvals: Annotated[int, Field(ge=1, le=6)]


class EnvironmentsForm(BaseModel):
    """The rules by environment; dev, staging and prod have bounds of their own."""

    model_config = ConfigDict(extra="allow", frozen=True)
    __pydantic_extra__: dict[str, EnvironmentForm] = Field(init=False)

    staging: StagingForm | None = None
    prod: ProdForm | None = None

    def by_name(self) -> dict[str, EnvironmentForm]:
        """Return every rule by its environment."""
        named = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: form for name, form in {**named, **(self.__pydantic_extra__ or {})}.items() if form}


class PolicyForm(_Part):
    """`pipelines/promotion.yaml`: who may follow whom, after which gates."""

    order: Annotated[list[Name], Field(min_length=1)]
    environments: EnvironmentsForm
    freezes: list[FreezeForm] = []
    recovery_drill_days: dict[Name, Annotated[int, Field(ge=1, le=366)]] = {}
    stateful: Annotated[
        list[Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(::[A-Za-z0-9]+){2}$")]], Field(min_length=1)
    ]


def read(text: str, file: str = FILE, environments: Sequence[str] = ENVIRONMENTS) -> Policy:
    """Return the policy in `text`; `environments` are those of the project, in their order.

    Raises ConfigurationError with every mistake: keys that are none, values out of bounds, an order that is another
    than the project's, an environment without a rule, a gate that a requirement asks for and that is left out.
    """
    document = parse(text, file)
    try:
        form = PolicyForm.model_validate(document.value)
    except ValidationError as error:
        raise ConfigurationError(_problems(error, document, file)) from None
    problems = [
        Problem(file, ".".join(key), message, hint, line_of(document, key))
        for key, message, hint in _mistakes(form, environments)
    ]
    if problems:
        raise ConfigurationError(problems)
    return _policy(form)


def schema() -> str:
    """Return the JSON schema of the file, which editors check it by while it is written."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PolicyForm.model_json_schema()}
    return json.dumps(document, indent=2) + "\n"


def _problems(error: ValidationError, document: Document, file: str) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        path = tuple(map(str, detail["loc"]))
        message = WORDS.get(detail["type"]) or str(detail["msg"]).removeprefix("Value error, ")
        value = detail.get("input")
        if detail["type"] not in {*WORDS, "value_error"} and isinstance(value, str | int | float):
            message = f"is {value!r}: {message}"
        yield Problem(file, ".".join(path), message, FORM, line_of(document, path))


def _mistakes(form: PolicyForm, environments: Sequence[str]) -> Iterator[tuple[tuple[str, ...], str, str]]:
    rules = form.environments.by_name()
    if list(form.order) != list(environments):
        said, meant = (", ".join(names) for names in (form.order, environments))
        yield ("order",), f"is {said}", f"write {meant}, the order of the project"
    for name in form.order:
        if name not in rules:
            yield ("environments",), f"has no rule for {name}", f"add `{name}:` with its branch and gates"
    for name, rule in rules.items():
        if name not in form.order:
            yield ("environments", name), "is in no order", "add it to `order`, or remove its rule"
        if name == form.order[0] and rule.soak_minutes:
            hint = "remove it: a release comes from nowhere into the first environment"
            yield ("environments", name, "soak_minutes"), "has nothing to soak in", hint
    branches = [rule.branch for rule in rules.values()]
    for name, rule in rules.items():
        if branches.count(rule.branch) > 1:
            hint = "give each environment a branch of its own"
            yield ("environments", name, "branch"), f"{rule.branch} belongs to several environments", hint
    for index, freeze in enumerate(form.freezes):
        for name in freeze.environments:
            if name not in form.order:
                yield (
                    ("freezes", str(index), "environments"),
                    f"{name} is in no order",
                    "name environments of `order`",
                )


def _gates(rule: EnvironmentForm, *, first: bool) -> tuple[str, ...]:
    return tuple(
        gate.id for gate in GATES.values() if gate.id not in rule.without and (gate.first or not first)
    )


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
                gates=_gates(rules[name], first=place == 0),
                soak=timedelta(minutes=rules[name].soak_minutes),
                approvals=rules[name].approvals,
                freezes=tuple(one for one in freezes if name in one.environments),
                drill_age=drills,
                stateful=frozenset(form.stateful),
            )
            for place, name in enumerate(form.order)
        )
    )
