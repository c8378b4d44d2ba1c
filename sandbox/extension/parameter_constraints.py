"""Constraints of a parameter that comes from Parameter Store hold for its name, not for its value.

ministack checks `AllowedPattern`, `AllowedValues` and the lengths against the value. AWS: "CloudFormation can perform
validation on Systems Manager parameter keys, but not on their corresponding values."

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

RESOLVE = Name.function(
    "services.cloudformation.engine", "_resolve_parameters", "template", "provided_params", "previous_params"
)
CHECK = Name.function(
    "services.cloudformation.engine", "_check_parameter_constraints", "name", "defn", "ptype", "value"
)
PREFIX = Name("services.cloudformation.engine", "_SSM_PARAMETER_VALUE_PREFIX")
_CONSTRAINTS = ("AllowedPattern", "AllowedValues", "MinLength", "MaxLength")


def _is_looked_up(definition: Mapping[str, Any]) -> bool:
    return str(definition.get("Type", "")).startswith(PREFIX.get())


def _without_constraints(definition: Any) -> Any:
    if not isinstance(definition, Mapping) or not _is_looked_up(definition):
        return definition
    return {key: value for key, value in definition.items() if key not in _CONSTRAINTS}


def _check_key(name: str, definition: Mapping[str, Any], key: str) -> None:
    allowed = definition.get("AllowedValues")
    if allowed and key not in [str(one) for one in allowed]:
        raise ValueError(f"Parameter '{name}' must be one of AllowedValues")
    CHECK.get()(name, definition, "String", key)


def _make(original: Any) -> Any:
    def resolve(template: Any, provided_params: Any, previous_params: Any = None) -> Any:
        declared = template.get("Parameters") or {}
        bare = {name: _without_constraints(definition) for name, definition in declared.items()}
        resolved = original({**template, "Parameters": bare}, provided_params, previous_params)
        for name, value in resolved.items():
            if "SsmName" in value:
                _check_key(name, declared[name], value["SsmName"])
        return resolved

    return resolve


EXTENSION = Extension(
    name="parameter_constraints",
    claims=(
        emulated("AWS::SSM::Parameter::Value<...>", "resolved, lists too; constraints hold for the name"),
    ),
    names=(RESOLVE, CHECK, PREFIX),
    install=lambda: replace(RESOLVE, _make),
)
