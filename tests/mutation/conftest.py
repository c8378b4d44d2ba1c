"""The copy of this repository in which mutants are made, one for each worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.unit.small_project import one_workload, own_side
from validator import rendering
from validator.effective import Context, EffectiveTemplate, Template, evaluate
from validator.parity import pairs, sides

Alone = Callable[[str], Path]


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Alone:
    """Return where a copy with one workload alone is: a mutant is read and judged there in a fraction of the time."""

    @cache
    def copied(workload: str) -> Path:
        return one_workload(tmp_path_factory.mktemp(workload) / "project", workload)

    return copied


@pytest.fixture(scope="session", autouse=True)
def remembered() -> Iterator[None]:
    """Evaluate what a mutant leaves as it is once: the same template, values and place come to the same."""
    known: dict[Any, tuple[Template, EffectiveTemplate]] = {}

    def remembering(template: Template, parameters: Mapping[str, Any], context: Context) -> EffectiveTemplate:
        values = tuple(
            (key, tuple(value) if isinstance(value, list) else value) for key, value in parameters.items()
        )
        key = (id(template), values, context)
        if key not in known:
            known[key] = (
                template,
                evaluate(template, parameters, context),
            )  # the template keeps its id while kept
        return known[key][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sides, "evaluate", remembering)
        patch.setattr(rendering, "evaluate", remembering)
        patch.setattr(pairs, "side", own_side)
        yield
