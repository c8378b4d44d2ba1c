"""Manifests from the JSON that they are stored as. Pure (REQ-C8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.configuration.encoding import HEAD, PLAIN, SCHEMA
from pipelines.configuration.manifest import Manifest, ManifestStack
from validator.effective import Symbol


def from_json(document: Any) -> Manifest:
    """Return the manifest that was written; raises ValueError for another document."""
    schema = document.get("schema") if isinstance(document, Mapping) else None
    if schema != SCHEMA:
        raise ValueError(f"is of schema {schema}, and {SCHEMA} is read here")
    try:
        return Manifest(
            **{name: str(document[name]) for name in HEAD},
            environments=tuple(document["environments"]),
            settings={group: dict(values) for group, values in document["settings"].items()},
            stacks=tuple(_stack_from_json(stack) for stack in document["stacks"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"is no manifest: {error!r}") from None


def _stack_from_json(written: Mapping[str, Any]) -> ManifestStack:
    return ManifestStack(
        **{name: str(written[name]) for name in PLAIN},
        parameters=_read(written["parameters"]),
        tags=_read(written["tags"]),
        dependencies=tuple(written["dependencies"]),
        identity=_read(written["identity"]),
        sources={key: tuple(paths) for key, paths in written["sources"].items()},
        resolvers=dict(written["resolvers"]),
        options=dict(written["options"]),
    )


def _read(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: Symbol.verbatim(value["$symbol"]) if isinstance(value, Mapping) else value
        for key, value in values.items()
    }
