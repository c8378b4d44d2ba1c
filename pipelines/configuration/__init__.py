"""The configuration store: what each release is in each environment, verified on reading (REQ-C8)."""

from __future__ import annotations

from pipelines.configuration.decoding import from_json
from pipelines.configuration.encoding import digest_of
from pipelines.configuration.errors import (
    ObjectChangedError,
    ObjectConflictError,
    ObjectMissingError,
    StoreError,
)
from pipelines.configuration.manifest import Manifest, ManifestStack
from pipelines.configuration.rendered import manifests
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
