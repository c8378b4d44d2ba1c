"""Which block drops what, by the strategies of the levels above it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from validator.checks.dropped_inheritance import SECTIONS, run

from .subjects import stack, subject_of

Levels = tuple[Mapping[str, Any], ...]


def found(*levels: Mapping[str, Any], house: bool = True) -> list[tuple[str, str]]:
    """Return file and message for one stack with these levels, from the root's down."""
    groups = tuple((f"{number}.yaml", level) for number, level in enumerate(levels))
    subject = subject_of(stack("Resources: {}\n"), groups=groups, house=house)
    return [(finding.file, finding.message.partition(": ")[2]) for finding in run(subject)]


@pytest.mark.parametrize("section", SECTIONS)
def test_every_block_that_sceptre_overrides(section: str) -> None:
    """Sceptre keeps the child's alone, unless a file merges."""
    above, below, merge = (
        {section: {"a": 1, "b": 2}},
        {section: {"c": 3}},
        {f"{section}_inheritance": "merge"},
    )
    assert found(above, below) == [("1.yaml", "a, b")]
    assert found(above, {**below, **merge}) == []
    assert found({**above, **merge}, below) == []
    assert found(above, {section: {"a": 5, "b": 6, "c": 7}}) == []
    assert found(above, {section: None}) == []
    assert found(above, {}, below) == [("2.yaml", "a, b")]


def test_the_nearest_strategy_holds() -> None:
    """What the root merges, a file below may override again, and all below it follow."""
    merging, overriding = {"stack_tags_inheritance": "merge"}, {"stack_tags_inheritance": "override"}
    root = {**merging, "stack_tags": {"a": 1}}
    middle, leaf = {"stack_tags": {"b": 2}}, {"stack_tags": {"c": 3}}
    assert found(root, middle, leaf) == []
    assert found(root, {**middle, **overriding}, {**leaf, **merging}) == [("1.yaml", "a")]
    assert found(root, middle, {**leaf, **overriding}) == [("2.yaml", "a, b")]


def test_another_projects_file_that_says_override_means_it() -> None:
    """Only where the file says it itself."""
    above, below = {"parameters": {"a": 1}}, {"parameters": {"b": 2}}
    said = {"parameters_inheritance": "override"}
    assert found(above, {**below, **said}, house=False) == []
    assert found(above, {**below, **said}, house=True) == [("1.yaml", "a")]
    assert found({**above, **said}, below, house=False) == [("1.yaml", "a")]
