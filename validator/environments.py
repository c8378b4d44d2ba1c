"""The environments, in the order in which a release moves through them (REQ-G1)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from .errors import ConfigurationError, Problem

ENVIRONMENTS = ("dev", "staging", "prod")


def refuse_unknown(names: Iterable[str], known: Sequence[str]) -> None:
    """Raise ConfigurationError for each name that is no environment of the project; `known` are those that are."""
    problems = []
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            meant = f"did you mean `{close[0]}`? " if close else ""
            hint = f"{meant}the environments are {', '.join(known) or 'none'}"
            problems.append(Problem("", name, "is no environment of this project", hint))
    if problems:
        raise ConfigurationError(problems)
