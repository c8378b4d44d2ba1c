"""Rule sets: which rules serve which control of a standard. Pure (REQ-V7)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from validator.errors import ConfigurationError, Problem
from validator.strict_yaml import parse

Names = Annotated[tuple[str, ...], Field(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Control(_Strict):
    """One control of a standard, the Security Hub control that AWS maps it to, and the rules that serve it.

    `id` is the standard's own number, or the Security Hub id where AWS names no number.
    """

    id: str
    security_hub: str
    title: str
    rules: Names


class RuleSet(_Strict):
    """A standard, with the page that its control ids were taken from."""

    name: str
    title: str
    version: str
    source: str
    controls: Annotated[tuple[Control, ...], Field(min_length=1)]


def parse_rule_set(text: str, file: str) -> RuleSet:
    """Return the rule set in a file of `guard_rules/rule_sets/`; raises ConfigurationError with each mistake."""
    document = parse(text, file)
    try:
        return RuleSet.model_validate(document.value)
    except ValidationError as error:
        raise ConfigurationError(
            Problem(file, ".".join(map(str, each["loc"])), each["msg"], "follow the other rule sets")
            for each in error.errors()
        ) from None
