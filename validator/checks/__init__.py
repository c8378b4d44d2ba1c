"""The checks: one file each, registered here once. Pure (REQ-V9).

A new check is a module with `CHECK`, one line in `CHECKS`, and a good and a bad case in `tests/corpus/checks/`.
"""

from __future__ import annotations

from . import (
    cfn_guard,
    cfn_lint,
    cidr,
    config_files,
    cross_environment,
    dropped_inheritance,
    interfaces,
    known_types,
    naming,
    needless_values,
    opaque_values,
    parity,
    promotion_policy,
    protection,
    queue_visibility,
    resolver_mismatch,
    sceptre_keys,
    settings,
    stack_files,
    stack_name_output,
    tags,
    template,
    template_style,
    variances,
)
from .check import Check
from .run import run
from .subject import Subject

CHECKS: dict[str, Check] = {
    module.CHECK.id: module.CHECK
    for module in (
        stack_files,
        config_files,
        sceptre_keys,
        dropped_inheritance,
        stack_name_output,
        settings,
        needless_values,
        interfaces,
        cidr,
        naming,
        tags,
        cross_environment,
        resolver_mismatch,
        parity,
        variances,
        promotion_policy,
        protection,
        template,
        opaque_values,
        template_style,
        known_types,
        queue_visibility,
        cfn_lint,
        cfn_guard,
    )
}
"""Every check by its id, in the order in which they run and are documented."""

__all__ = ["CHECKS", "Check", "Subject", "run"]
