"""Modules: what one holds is named by the module's own name with the resource's name after it.

Source: AWS CloudFormation User Guide, "Reference module resources".
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

_MAX_NAME = 255
"""The longest logical id that CloudFormation takes ("Understand CloudFormation quotas")."""


def modules_in(resources: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the resources that are modules."""
    return frozenset(name for name, body in resources.items() if _is_module(body))


def may_hold(modules: Collection[str], name: str) -> bool:
    """Tell whether one of `modules` may hold a resource of this name."""
    if not modules or len(name) > _MAX_NAME:
        return False
    return any(name[:length] in modules for length in range(1, len(name)))


def _is_module(body: Any) -> bool:
    kind = body.get("Type") if isinstance(body, Mapping) else None
    return isinstance(kind, str) and kind.endswith("::MODULE")
