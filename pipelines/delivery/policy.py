"""The policy of promotion that is in force: that of the folder the command runs in. I/O."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from validator.errors import ConfigurationError

if TYPE_CHECKING:
    from pipelines.promotion.policy import Policy


def policy_of(root: Path, environments: tuple[str, ...], workloads: Sequence[str] | None = None) -> Policy:
    """Return the policy; `environments` and `workloads` are the project's.

    Raises ConfigurationError for none, or a wrong one.
    """
    from pipelines.promotion.policy_file import FILE, read

    try:
        text = (root / FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        hint = "write the policy; docs/promotion.md has its form"
        raise ConfigurationError.single(f"cannot be read: {error}", file=FILE, hint=hint) from None
    return read(text, FILE, environments, workloads)
