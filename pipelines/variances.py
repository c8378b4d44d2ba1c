"""Reading the policy file `pipelines/variance.yaml`, and judging a project by it. I/O."""

from __future__ import annotations

import datetime
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from validator import strict_yaml
from validator.errors import ConfigurationError, Problem
from validator.findings import Finding, merged
from validator.loader import Loaded
from validator.parity import Declared, Difference, Variances, compare, declares, judge
from validator.settings.build import leaves

FILE = Path("pipelines") / "variance.yaml"


@dataclass(frozen=True, slots=True)
class Judged:
    """Two environments or more: what differs, what is declared, and what of it is a finding."""

    differences: tuple[Difference, ...]
    declared: tuple[Declared, ...]
    findings: tuple[Finding, ...]
    values: Mapping[tuple[str, str], Mapping[str, Any]]
    """Every written setting by (workload, path), then by environment."""

    def settings(self) -> dict[tuple[str, str], Declared | None]:
        """Return the settings that cause differences, each with its declaration; None where nobody declared it."""
        causes = sorted(
            {
                (d.stack.split("/")[0], cause.setting)
                for d in self.differences
                for cause in d.causes
                if cause.setting
            }
        )
        return {
            (workload, path): next(
                (d for d in self.declared if declares(d.declaration, workload, path)), None
            )
            for workload, path in causes
        }


def read_declarations(root: Path) -> tuple[Declared, ...]:
    """Return the declared variances of a project with their lines; none where there is no file.

    Raises ConfigurationError with a problem for each entry that is wrong.
    """
    path = root / FILE
    if not path.is_file():
        return ()
    document = strict_yaml.parse(path.read_text(encoding="utf-8"), FILE.as_posix())
    try:
        parsed = Variances.model_validate(document.value)
    except ValidationError as error:
        raise ConfigurationError(
            Problem(
                FILE.as_posix(),
                ".".join(map(str, detail["loc"])),
                str(detail["msg"]).removeprefix("Value error, "),
                "see docs/variances.md for the form of a declaration",
                _line(document.lines, tuple(map(str, detail["loc"]))),
            )
            for detail in error.errors(include_url=False)
        ) from None
    return tuple(
        Declared(declaration, _line(document.lines, ("variances", str(index), "path")))
        for index, declaration in enumerate(parsed.variances)
    )


def _line(lines: Mapping[tuple[str, ...], int], path: tuple[str, ...]) -> int | None:
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path)


def judge_project(root: Path, loaded: Loaded, today: datetime.date) -> Judged:
    """Compare each environment with the next in the promotion order, and judge what differs."""
    environments = loaded.project.environments
    differences = tuple(
        difference
        for left, right in itertools.pairwise(environments)
        for difference in compare(loaded.project.of(left), loaded.project.of(right), (left, right))
    )
    declared = read_declarations(root)
    values = written(loaded)
    found = judge(differences, values, declared, today, _locate(loaded))
    return Judged(differences, declared, merged(found), values)


def written(loaded: Loaded) -> dict[tuple[str, str], dict[str, Any]]:
    """Return every written setting by (workload, path), then by environment."""
    values: dict[tuple[str, str], dict[str, Any]] = {}
    for (environment, workload), settings in loaded.settings.items():
        for path, value in leaves(settings.model_dump()).items():
            values.setdefault((workload, ".".join(path)), {})[environment] = value
    return values


def _locate(loaded: Loaded) -> Any:
    def locate(environment: str, workload: str, path: str) -> tuple[str, str, int | None]:
        return loaded.hierarchy.locate((environment, workload), tuple(path.split(".")))

    return locate


def schema() -> str:
    """Return the JSON schema of the policy file, which editors check it by while it is written."""
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Variances.model_json_schema()}
    return json.dumps(document, indent=2) + "\n"
