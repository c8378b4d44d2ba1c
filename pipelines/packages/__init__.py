"""Packages of Lambda functions: zips named by a digest of what goes into them, built the same everywhere."""

from __future__ import annotations

from .build import build_package
from .source import BUILDER_VERSION, package_digest, package_key
from .upload import SourcesChangedError, Upload, put_once, upload_package

__all__ = [
    "BUILDER_VERSION",
    "SourcesChangedError",
    "Upload",
    "build_package",
    "package_digest",
    "package_key",
    "put_once",
    "upload_package",
]
