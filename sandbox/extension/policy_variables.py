"""Policy variables in conditions: `${aws:username}` stands for what the request's own key of that name has.

ministack compares them as they are written, so that a policy that limits everybody to what is theirs shuts everybody
out. Where a request has no such key, or one with several values, the statement does not match.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sandbox.extension.claims import Extension, absent, emulated
from sandbox.extension.names import Name, replace
from sandbox.extension.principal_arn import RESOLVE

MET = Name.function("core.iam_evaluator", "_conditions_met", "conditions", "ctx")
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9-]+:[^},]+)\}")
_OPERATORS = re.compile(r"(?:ForAllValues:|ForAnyValue:)?(?:String|Arn)\w+", re.IGNORECASE)


class UnknownKeyError(Exception):
    """A variable stands for nothing in this request."""


def filled(conditions: Mapping[str, Any], value_of: Any) -> dict[str, Any]:
    """Return conditions with values in the place of variables; raises UnknownKeyError where one has none.

    `value_of` returns what the request has under a key.
    """

    def value(found: re.Match[str]) -> str:
        known = value_of(found[1])
        if not isinstance(known, str) or not known or set(known) & set("*?"):
            raise UnknownKeyError(found[1])
        return known

    def text(each: Any) -> Any:
        return _VARIABLE.sub(value, each) if isinstance(each, str) else each

    def block(keys: Any) -> Any:
        if not isinstance(keys, Mapping):
            return keys
        return {
            key: [text(each) for each in one] if isinstance(one, list) else text(one)
            for key, one in keys.items()
        }

    return {
        operator: block(keys) if _OPERATORS.fullmatch(operator) else keys
        for operator, keys in conditions.items()
    }


def _filling(original: Any) -> Any:
    def met(conditions: Any, ctx: Any) -> Any:
        try:
            return original(filled(conditions or {}, lambda key: RESOLVE.get()(key, ctx)), ctx)
        except UnknownKeyError:
            return False

    return met


EXTENSION = Extension(
    name="policy_variables",
    claims=(
        emulated(
            "IAM: policy variables in conditions",
            "of keys that the request has once, `sts:RoleSessionName` among them; else the statement does not match",
        ),
        absent("IAM: policy variables in resources, with a default", "compared as they are written"),
    ),
    names=(MET, RESOLVE),
    install=lambda: replace(MET, _filling),
)
