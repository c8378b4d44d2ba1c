"""The policy file of declared variances on disk, and what a project's settings come to. I/O (REQ-V4)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError
from validator.loader import Loaded
from validator.parity import Policy, read_policy
from validator.settings.base import is_identity
from validator.settings.build import leaves

FILES = ("pipelines/variance.yaml", "variance.yaml")
"""Where a project's policy may lie: the first that exists counts, and the first is where a new one goes."""


def policy_of(root: Path, environments: Sequence[str] = ENVIRONMENTS) -> Policy:
    """Return the policy of the project below `root`, an empty one where there is no file.

    What is wrong in the file is in the policy's problems. Raises ConfigurationError where it cannot be read at all.
    """
    name = next((name for name in FILES if (root / name).is_file()), FILES[0])
    path = root / name
    if not path.is_file():
        return Policy(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "save the file as UTF-8 text, readable by you"
        raise ConfigurationError.single(f"cannot be read: {error}", file=name, hint=hint) from None
    return read_policy(text, name, environments)


def written(loaded: Loaded) -> dict[tuple[str, str], dict[str, Any]]:
    """Return every written setting by (group, path), then by environment, but for those that name it or were mended."""
    values: dict[tuple[str, str], dict[str, Any]] = {}
    for (environment, group), settings in loaded.settings.items():
        if environment not in loaded.project.environments:
            continue  # What belongs to none is compared with none.
        for path, value in leaves(settings.model_dump()).items():
            place = (group, ".".join(path))
            if place not in loaded.mended and not is_identity(type(settings), path):
                values.setdefault(place, {})[environment] = value
    return values
