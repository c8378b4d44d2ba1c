"""The configuration store: what each release is in each environment, verified on reading (REQ-C8)."""

from __future__ import annotations

from pipelines.configuration.errors import (
    ObjectChangedError,
    ObjectConflictError,
    ObjectMissingError,
    StoreError,
)
from pipelines.configuration.manifest import Manifest, ManifestStack, digest_of, from_json, manifests
from pipelines.configuration.store import ConfigurationStore

__all__ = [
    "ConfigurationStore",
    "Manifest",
    "ManifestStack",
    "ObjectChangedError",
    "ObjectConflictError",
    "ObjectMissingError",
    "StoreError",
    "digest_of",
    "from_json",
    "manifests",
]
