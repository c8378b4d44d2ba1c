"""The form of the policy file: what each key takes, for the reader and for editors. Pure (REQ-G1 to REQ-G5)."""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from validator.environments import ENVIRONMENTS

from .freezes import Once, Weekly, Window
from .gates import GATES
from .policy import LEAST_APPROVALS, LEAST_SOAK

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MOST_MINUTES = 43_200
"""Thirty days of soak: more is a mistake in the file."""
LEAST_MINUTES = int(LEAST_SOAK["prod"].total_seconds() // 60)
_DAY_TIME = re.compile(rf"({'|'.join(DAYS)}) ([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?", re.ASCII)
WEEKLY = rf"^({'|'.join(DAYS)}) ([01][0-9]|2[0-3]):[0-5][0-9]$"
ONCE = "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"
_OLDER = "Brazil|Canada|Chile|Mexico|US"
_AREAS = f"Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific|{_OLDER}"
ZONES = rf"^(({_AREAS})(/[A-Za-z0-9_+-]+){{1,2}}|[A-Z][A-Za-z0-9+-]*)$"
"""For editors, as the two above: areas of the tz database, which names several hundred zones, and names without one."""
Name = Annotated[str, Field(min_length=1, max_length=200)]
Environment = Annotated[
    str, Field(min_length=1, max_length=200, json_schema_extra={"enum": list(ENVIRONMENTS)})
]
_OPTIONAL = [gate.id for gate in GATES.values() if gate.optional]
OptionalGate = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra={"enum": _OPTIONAL})]
Approvals = Annotated[int, Field(ge=0, le=6)]
Minutes = Annotated[int, Field(ge=0, le=MOST_MINUTES)]
TypeName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(::[A-Za-z0-9]+){2}$", max_length=200)]


class _Part(BaseModel):
    # Strict: what an editor marks by the schema, as `soak_minutes: "60"`, is no value here either.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FreezeForm(_Part):
    """A freeze: `from` and `until` are both dates (`2026-12-20T00:00`), or both days of each week (`Fri 16:00`)."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"properties": {key: {"pattern": form} for key in ("from", "until")}}
                for form in (ONCE, WEEKLY)
            ]
        }
    )

    name: Name
    reason: Name
    environments: Annotated[list[Environment], Field(min_length=1, max_length=20)]
    begins: Annotated[str, Field(alias="from", max_length=40)]
    ends: Annotated[str, Field(alias="until", max_length=40)]
    time_zone: Annotated[str, Field(min_length=1, max_length=200, json_schema_extra={"pattern": ZONES})]

    @field_validator("begins", "ends", mode="before")
    @classmethod
    def _as_written(cls, value: Any) -> Any:
        # YAML reads a date with seconds as a time of its own.
        return value.isoformat() if isinstance(value, date) else value

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
    def _is_a_window(self) -> Self:
        self.window()
        return self

    def window(self) -> Window:
        """Return the window. Raises ValueError for times of neither form, or of both, and for an empty window."""
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
    soak_minutes: Minutes = 0
    approvals: Approvals = 0
    signed_commits: bool = False
    without: Annotated[list[OptionalGate], Field(max_length=20)] = []

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

    soak_minutes: Annotated[int, Field(ge=LEAST_MINUTES, le=MOST_MINUTES)]
    approvals: Annotated[int, Field(ge=LEAST_APPROVALS["prod"], le=6)]


class StagingForm(EnvironmentForm):
    """What staging asks for: somebody's approval (REQ-G2)."""

    approvals: Annotated[int, Field(ge=LEAST_APPROVALS["staging"], le=6)]


class EnvironmentsForm(BaseModel):
    """The rules by environment; staging and prod have bounds of their own."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)
    __pydantic_extra__: dict[str, EnvironmentForm] = Field(init=False)

    staging: StagingForm | None = None
    prod: ProdForm | None = None

    def by_name(self) -> dict[str, EnvironmentForm]:
        """Return every rule by its environment."""
        named = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: form for name, form in {**named, **(self.__pydantic_extra__ or {})}.items() if form}


class PolicyForm(_Part):
    """`pipelines/promotion.yaml`: who may follow whom, after which gates."""

    order: Annotated[
        list[Name], Field(min_length=1, max_length=20, json_schema_extra={"const": list(ENVIRONMENTS)})
    ]
    environments: EnvironmentsForm
    freezes: Annotated[list[FreezeForm], Field(max_length=200)] = []
    recovery_drill_days: dict[Name, Annotated[int, Field(ge=1, le=366)]] = {}
    stateful: Annotated[list[TypeName], Field(min_length=1, max_length=500)]


def schema() -> str:
    """Return the JSON schema of the file, which editors check it by while it is written.

    It knows the environments of a project that was born here, which the reader is given.
    """
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PolicyForm.model_json_schema()}
    rules = document["$defs"][EnvironmentsForm.__name__]
    bounded = {name: form["anyOf"][0] for name, form in rules["properties"].items()}
    rules["properties"] = {name: bounded.get(name, rules["additionalProperties"]) for name in ENVIRONMENTS}
    # A release comes from nowhere into the first one.
    rules["properties"][ENVIRONMENTS[0]] |= {"properties": {"soak_minutes": {"maximum": 0}}}
    rules |= {"required": list(ENVIRONMENTS), "additionalProperties": False}
    return json.dumps(document, indent=2) + "\n"
