"""Mutants of two regions: each value that reaches a stack, changed in one region of one environment (REQ-V3, REQ-V4).

Every value is declared for environments, so that only a declaration of regions could let the mutant through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.checks.corpus import BASES, CORPUS, assemble
from validator.loader import load, survey
from validator.settings.build import merge

from .hierarchy import Change, is_valid, others
from .judging import ENVIRONMENTS, plain, shares, subject_of, verdict

REGIONS = ("primary", "standby")


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project of two regions in which every value that reaches a stack is declared for environments."""
    root = assemble(CORPUS / BASES / "regions", tmp_path_factory.mktemp("regions") / "project")
    declared = [
        {"path": f"orders:settings.{key}", "reason": "declared for environments", "owner": "platform"}
        | {"bound": {"ratio": 100}}
        for key in sorted(reaching(root))
    ]
    (root / "pipelines/variance.yaml").write_text(yaml.safe_dump({"variances": declared}), encoding="utf-8")
    return root


def reaching(root: Path) -> dict[str, Any]:
    """Return the values of prod's primary region that reach a parameter, by the keys they are written at."""
    loaded = load(root)
    model = loaded.settings["prod", "orders/primary"]
    written = {
        key for stack in loaded.project.of("prod") for those in stack.sources.values() for key in those
    }
    values: dict[str, Any] = {}
    for key in written:
        value: Any = model.model_dump()
        for part in key.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, int) and not isinstance(value, bool):
            values[key] = value
    return values


def changes(root: Path, environment: str) -> Iterator[Change]:
    """Yield each value that reaches a stack with another one of its kind that the model takes."""
    for key, value in sorted(reaching(root).items()):
        path = tuple(key.split("."))
        found = (
            Change("orders", environment, path, one) for one in others("orders", path, value) if one != value
        )
        yield from list(filter(is_valid, found))[:1]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("region", REGIONS)
def test_each_value_changed_in_one_region_is_caught(
    environment: str, region: str, regions: Path, record_property: Callable[[str, object], None]
) -> None:
    """By parity, which names the value as that of the regions."""
    path = regions / "sceptre/config" / environment / "orders" / region / "config.yaml"
    before, verdicts = path.read_text(encoding="utf-8"), []
    for change in changes(regions, environment):
        settings: Any = change.value
        for part in reversed(change.key):
            settings = {part: settings}
        path.write_text(yaml.safe_dump(merge(plain(path), {"settings": settings})), encoding="utf-8")
        found = [one for one in subject_of(survey(regions), regions).judged if one.check == "parity"]
        path.write_text(before, encoding="utf-8")
        name = f"orders/*:settings.{'.'.join(change.key)} differs and nobody declared it"
        verdicts.append(verdict(f"{region}: {change.shown}", found, [name]))
    shares(record_property, "hierarchy: value changed in one region", verdicts)
