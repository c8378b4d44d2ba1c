"""Which properties make a resource anew: the registry schemas that cfn-lint carries. Reads files.

They are read as they lie, since importing cfn-lint takes two seconds.
https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .model import Replacement

REGION = "us-east-1"
"""The region with every type; the properties that make a resource anew are the same everywhere."""
_START = "/properties/"


def recreation(resource_type: str, name: str) -> Replacement:
    """Return whether a change of a top-level property makes a resource of a type anew.

    Where a property inside it alone does so, it is conditional. So is every property of a type that has no schema
    (custom resources, types of the account's own): nobody knows.
    """
    schema = _schema(resource_type)
    if schema is None:
        return "conditional"
    always, perhaps = (
        [path.removeprefix(_START) for path in schema.get(key) or ()]
        for key in ("createOnlyProperties", "conditionalCreateOnlyProperties")
    )
    if name in always:
        return "always"
    return "conditional" if _names(name, [*always, *perhaps]) else "never"


def _names(name: str, paths: Iterable[str]) -> bool:
    return any(path.split("/")[0] == name for path in paths)


@cache
def _schema(resource_type: str) -> dict[str, Any] | None:
    files, folder = _files()
    if resource_type not in files:
        return None
    path = folder / "resources" / f"{files[resource_type]}.json"
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


@cache
def _files() -> tuple[dict[str, str], Path]:
    """Return the name of the file of each resource type, and the folder of all."""
    spec = find_spec("cfnlint")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("cfn-lint is not installed")
    folder = Path(spec.origin).parent / "data" / "schemas"
    files: dict[str, str] = json.loads((folder / "providers" / f"{REGION}.json").read_text(encoding="utf-8"))
    return files, folder
