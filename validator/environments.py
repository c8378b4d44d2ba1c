"""The environments, in the order in which a release moves through them (REQ-G1)."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from .errors import ConfigurationError, Problem

ENVIRONMENTS = ("dev", "staging", "prod")
SHARED = "shared"
"""What belongs to no environment: rendered, checked and deployed like one, but in no order and compared with none."""
PLACES = (SHARED, *ENVIRONMENTS)
"""Everything that can be deployed, in the order in which it has to be: the home before what reports to it."""


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
