"""How a config file is laid over what it inherits: Sceptre's own strategies. An edge, since it is Sceptre's code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sceptre.config.reader import ConfigReader
from sceptre.exceptions import SceptreException

from ..errors import ConfigurationError


def laid_over(inherited: Mapping[str, Any], own: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Return `own` with what it merges with of the inherited values; raises ConfigurationError for what cannot be.

    Source: Sceptre's documentation, "Stack Group Config", inheritance; sceptre/config/strategies.py.
    """
    if not inherited:
        return dict(own)
    try:
        return {**own, **ConfigReader._get_merge_with_stratgies(None, inherited, own)}
    except (SceptreException, TypeError) as error:
        hint = "give the same kind of value here as in the files above"
        raise ConfigurationError.single(str(error), file=file, hint=hint) from None
