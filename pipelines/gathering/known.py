"""One piece of evidence, or why it could not be had. What fails here is said by a gate, never swallowed (REQ-G6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from pipelines.aws import REJECTED
from pipelines.promotion.evidence import Missing
from validator.errors import LockstepError, PendingError

Piece = TypeVar("Piece")


def known(find: Callable[[], Piece]) -> Piece | Missing:
    """Return what `find` returns, or Missing with its error's words where AWS, git or a record is in the way.

    Missing tells whether that passes by itself, as an operation under way does (PendingError).
    Raises ClientError for credentials that AWS does not take: nobody can find out anything then.
    """
    try:
        return find()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in REJECTED:
            raise
        return Missing(str(error))
    except (BotoCoreError, LockstepError, OSError, ValueError) as error:
        return Missing(str(error).partition("\n  mend: ")[0], isinstance(error, PendingError))
