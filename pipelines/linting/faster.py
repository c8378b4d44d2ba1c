"""Copies of cfn-lint's contexts and validators made sooner. Imported in worker processes only.

cfn-lint 1.58 makes a changed copy of its context some hundred thousand times for a project, and asks the dataclass for
its fields each time; that is a third of its time. What comes out is the same: a test compares both.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from cfnlint.context.context import Context
from cfnlint.jsonschema.validators import CfnTemplateValidator, StandardValidator

THEIRS = Context.evolve
"""cfn-lint's own way, to compare with."""
COMPUTED = "module_names"
"""What a context works out from its fields and keeps: never copied."""


def evolved_context(context: Any, **changes: Any) -> Any:
    """Return a copy of a context with changes; values of references are added to those that it has."""
    values = {**context.__dict__, **changes}
    values.pop(COMPUTED, None)
    if "ref_values" in changes:
        values["ref_values"] = {**context.ref_values, **changes["ref_values"]}
    copy = object.__new__(type(context))
    copy.__dict__.update(values)
    return copy


def evolving(validator: type) -> Any:
    """Return what makes a copy of a validator of this class with changes."""
    names = tuple(field.name for field in fields(validator) if field.init)

    def evolved(self: Any, **changes: Any) -> Any:
        for name in names:
            if name not in changes:
                changes[name] = getattr(self, name)
        return type(self)(**changes)

    return evolved


def install() -> None:
    """Let cfn-lint use them in this process."""
    Context.evolve = evolved_context
    for validator in (CfnTemplateValidator, StandardValidator):
        validator.evolve = evolving(validator)
