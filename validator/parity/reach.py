"""What conditions decide: every place of a template that each of them is written at. Pure (REQ-V3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..effective import Template

Path = tuple[str | int, ...]
Reach = tuple[tuple[str, Path], ...]
"""Places by resource type and path, the latter without the functions on its way."""


def reach_of(template: Template) -> Mapping[str, Reach]:
    """Return, by condition, every place that it decides, taken or not; one walk for all conditions."""
    found: dict[str, list[tuple[str, Path]]] = {}
    for section in ("Resources", "Outputs"):
        _walk(template.section(section), (section,), None, found)
    return {name: tuple(places) for name, places in found.items()}


def _walk(node: Any, path: Path, kind: str | None, found: dict[str, list[tuple[str, Path]]]) -> None:
    """Note every place below `node` under each condition that decides it; `kind` is of the resource around it."""
    if isinstance(node, dict):
        if kind is None and path[0] == "Resources" and isinstance(node.get("Type"), str):
            kind, path = node["Type"], ("Resources", path[-1])  # In a loop too, whose own steps are left out.
        choice = node.get("Fn::If")
        names = (choice[0] if isinstance(choice, list) and choice else None, node.get("Condition"))
        for name in {name for name in names if isinstance(name, str)}:
            found.setdefault(name, []).append((kind or "", path))
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, item in items:
        if isinstance(item, dict | list):
            _walk(item, (*path, key), kind, found)
