"""cfn-lint as a library: its rules are loaded once, and a template takes it about a tenth of a second."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import cfnlint.rules
from cfnlint.config import ConfigMixIn
from cfnlint.decode import decode_str
from cfnlint.rules import Rules
from cfnlint.runner import run_template_by_data

REGION = "us-east-1"


@cache
def _rules() -> Rules:
    return Rules.create_from_directory(str(Path(cfnlint.rules.__file__).parent))


def errors(text: str) -> list[str]:
    """Return the errors that cfn-lint has with a template; warnings are no reason to refuse it."""
    template, faults = decode_str(text)
    if faults:
        return [fault.rule.id for fault in faults]
    # The null device stands for a configuration file: else cfn-lint reads those of the home and of this folder.
    config = ConfigMixIn(["--config-file", os.devnull], regions=[REGION])
    if isinstance(template, dict):
        config.set_template_args(template)
    found = [match.rule.id for match in run_template_by_data(template, config, _rules())]
    return [rule for rule in found if rule.startswith("E")]
