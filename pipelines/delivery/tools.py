"""The versions of what decides and deploys, for the record (REQ-G6). I/O."""

from __future__ import annotations

import functools
import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

NAMES = ("lockstep", "sceptre", "boto3", "botocore", "cfn-lint", "pydantic")


@functools.cache
def tools() -> Mapping[str, str]:
    """Return the version of each tool; one that is not installed is left out."""
    found = {"python": platform.python_version()}
    for name in NAMES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
