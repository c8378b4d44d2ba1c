"""One piece of evidence, or why it could not be had. What fails here is said by a gate, never swallowed (REQ-G6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from pipelines.promotion.evidence import Missing
from validator.errors import LockstepError

Piece = TypeVar("Piece")


def known(find: Callable[[], Piece]) -> Piece | Missing:
    """Return what `find` returns, or Missing with its error's words where AWS, git or a record is in the way."""
    try:
        return find()
    except (BotoCoreError, ClientError, LockstepError, OSError, ValueError) as error:
        return Missing(str(error).partition("\n  mend: ")[0])
