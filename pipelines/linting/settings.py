"""What a project's cfn-lint configuration file says about rules.

Source: cfn-lint README, "Config File". Which templates are linted, for which regions and with which parameters, comes
from the Sceptre configuration instead (REQ-V6), so those keys are not read here. The file in a user's home is not read
either: the same project gives the same findings everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from validator.errors import ConfigurationError, Problem
from validator.findings import Finding, Severity
from validator.strict_yaml import Document, parse

NAMES = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")
"""Where cfn-lint looks, in its order: the first file that exists counts."""


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_rules(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(options, dict) for options in value.values())


_READ: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "configure_rules": (_is_rules, "a mapping of rule ids to their options"),
    "ignore_checks": (_is_list, "a list of rule ids or their beginnings"),
    "include_checks": (_is_list, "a list of rule ids or their beginnings"),
    "include_experimental": (_is_flag, "true or false"),
    "mandatory_checks": (_is_list, "a list of rule ids or their beginnings"),
    "merge_configs": (_is_flag, "true or false"),
}
_NOT_FOLLOWED = {
    "append_rules": "code of the project being checked is not run",
    "custom_rules": "rules of the project being checked are not run",
    "ignore_templates": "every template that a stack deploys is linted",
    "override_spec": "the resource schemas are those of cfn-lint",
    "registry_schemas": "the resource schemas are those of cfn-lint",
}
"""Keys that would change the result, with why they do not: said as a warning, never passed over in silence."""


ERRORS = ("E", "W1030", "W1031")
"""Rules whose findings are errors: what CloudFormation would refuse."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Which rules run. `values` holds keys of a cfn-lint configuration file, `warnings` what of it is not followed."""

    values: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Finding, ...] = ()

    def without_exceptions(self) -> Settings:
        """Return the same rules, but with errors that neither this file nor a template's metadata can turn off (V6)."""
        mandatory = [*self.values.get("mandatory_checks", ()), *ERRORS]
        return replace(self, values={**self.values, "mandatory_checks": mandatory})


NO_SETTINGS = Settings()
"""cfn-lint's own defaults: errors and warnings, no informational findings."""


def settings_of(root: Path) -> Settings:
    """Return the settings of the project below `root`; raises ConfigurationError for a file that cannot be read so."""
    file = next((root / name for name in NAMES if (root / name).is_file()), None)
    if file is None:
        return NO_SETTINGS
    try:
        document = parse(file.read_text(encoding="utf-8"), file.name)
    except (OSError, UnicodeDecodeError) as error:
        hint = "save the file as UTF-8 text, readable by you"
        raise ConfigurationError.single(f"cannot be read: {error}", file=file.name, hint=hint) from None
    return _settings(document, file.name)


def _settings(document: Document, file: str) -> Settings:
    value = {} if document.value is None else document.value
    if not isinstance(value, dict):
        hint = "write the keys of a cfn-lint configuration file, such as `include_checks`"
        raise ConfigurationError.single("is no mapping", file=file, hint=hint, line=1)
    problems = [
        Problem(
            file, key, f"{value[key]!r} is not {expected}", f"give {expected}", document.lines.get((key,))
        )
        for key, (is_right, expected) in _READ.items()
        if key in value and not is_right(value[key])
    ]
    if problems:
        raise ConfigurationError(problems)
    warnings = tuple(
        Finding(
            "cfn-lint",
            Severity.WARNING,
            file,
            key,
            document.lines.get((key,)),
            f"{key} is not followed: {reason}",
            f"take {key} out, or run cfn-lint by itself for it",
        )
        for key, reason in _NOT_FOLLOWED.items()
        if value.get(key)
    )
    return Settings({key: value[key] for key in _READ if key in value}, warnings)
