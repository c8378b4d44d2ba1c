"""Manifests and parameter files as JSON that is the same for the same content. Pure (REQ-C8)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from validator.effective import to_json as value_to_json

if TYPE_CHECKING:
    from pipelines.configuration.manifest import Manifest, ManifestStack

SCHEMA = "lockstep/release-manifest/v1"
PARAMETERS = "lockstep/release-parameters/v1"

PLAIN = (
    "name",
    "external_name",
    "account",
    "region",
    "role_arn",
    "file",
    "template",
    "template_digest",
    "digest",
)
HEAD = (
    "workload",
    "environment",
    "tag",
    "commit",
    "time",
    "policy_file",
    "policy_digest",
    "parameters_digest",
)


def to_json(manifest: Manifest) -> dict[str, Any]:
    """Return a manifest as a document."""
    head = {name: getattr(manifest, name) for name in HEAD}
    return {
        "schema": SCHEMA,
        **head,
        "environments": list(manifest.environments),
        "settings": {group: dict(values) for group, values in manifest.settings.items()},
        "stacks": [_stack_to_json(stack) for stack in manifest.stacks],
    }


def _stack_to_json(stack: ManifestStack) -> dict[str, Any]:
    return {
        **{name: getattr(stack, name) for name in PLAIN},
        **{name: _written(getattr(stack, name)) for name in ("parameters", "tags", "identity")},
        "dependencies": list(stack.dependencies),
        "sources": {key: list(paths) for key, paths in stack.sources.items()},
        "resolvers": dict(stack.resolvers),
        "options": dict(stack.options),
    }


def parameters_text(workload: str, environment: str, tag: str, stacks: Iterable[ManifestStack]) -> bytes:
    """Return the rendered parameter file of an environment and release, as it is stored."""
    rows = {
        stack.external_name: {
            "account": stack.account,
            "region": stack.region,
            "parameters": _written(stack.parameters),
        }
        for stack in stacks
    }
    head = {"schema": PARAMETERS, "workload": workload, "environment": environment, "tag": tag}
    return canonical({**head, "stacks": rows})


def _written(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value_to_json(value) for key, value in values.items()}


def canonical(document: Any) -> bytes:
    """Return a document as JSON that is the same for the same content: sorted keys, no space, UTF-8."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest_of(content: bytes) -> str:
    """Return `sha256:` and the digest of some bytes, in hexadecimal."""
    return "sha256:" + hashlib.sha256(content).hexdigest()
