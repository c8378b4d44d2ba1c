"""What differs between environments, the regions of a workload, or two parameter files; and who declared it. I/O."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import Any

from pipelines.variances import policy_of, written
from pipelines.workspace import Workspace
from validator.config_reader import read_text
from validator.errors import ConfigurationError
from validator.findings import Finding, merged
from validator.model import Project, Stack
from validator.parity import (
    Difference,
    Explained,
    Pair,
    Policy,
    compare,
    explain,
    judge,
    pair_of,
    pairs_of,
    propose,
)
from validator.places import StackPlaces
from validator.rendering import Wrong
from validator.strict_yaml import parse

Progress = Callable[[int], None]
"""Told how many stacks were evaluated so far."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs, the findings, and every written setting by (group, path), then by environment."""

    differences: tuple[Difference, ...]
    findings: tuple[Finding, ...]
    settings: Mapping[tuple[str, str], Mapping[str, Any]]
    sides: tuple[str, ...]
    policy: Policy
    places: StackPlaces

    def explained(self) -> Iterator[Explained]:
        """Yield each difference with its story."""
        return explain(self.differences, self.policy, self.places)


def compare_project(
    workspace: Workspace,
    selectors: tuple[str, ...],
    today: datetime.date,
    *,
    proposing: bool = False,
    progress: Progress = lambda count: None,
) -> Compared:
    """Compare the two sides that are named, or each environment with the next and the regions of each workload.

    Raises ConfigurationError where the project cannot be read as a whole, a side does not exist, or the policy file is
    wrong; while `proposing`, a policy file with entries that nobody filled in yet will do.
    """
    loaded = workspace.loaded()
    project = loaded.project
    pairs = [pair_of(project, *selectors)] if selectors else list(pairs_of(project))
    sides = _sides(pairs) if selectors else project.environments
    settings = written(loaded)
    if selectors:
        settings = {place: _of(values, sides) for place, values in settings.items()}
    places = StackPlaces(project, loaded.hierarchy)
    policy = policy_of(workspace.root, project.environments)
    if not proposing:
        policy.checked()
    return _compared(
        pairs, Compared((), (), settings, sides, policy, places), today, progress, bool(selectors)
    )


def _compared(
    pairs: list[Pair], empty: Compared, today: datetime.date, progress: Progress, partial: bool
) -> Compared:
    """Return what comparing the pairs fills in; raises ConfigurationError where a template is wrong."""
    stacks = [stack for pair in pairs for half in (pair.left, pair.right) for stack in half.stacks.values()]
    wrong = Wrong.in_templates(stacks)
    differences = tuple(compare(pairs, lambda side: progress(wrong.add(side.stack, side.deployed))))
    wrong.refuse()
    found = judge(differences, empty.settings, empty.policy, today, empty.places, partial=partial)
    return replace(empty, differences=differences, findings=merged(found))


def _sides(pairs: list[Pair]) -> tuple[str, ...]:
    return tuple(half.label for pair in pairs for half in (pair.left, pair.right))


def _of(values: Mapping[str, Any], sides: tuple[str, ...]) -> dict[str, Any]:
    """Return the values of the environments that are compared."""
    wanted = {side.split("/")[0] for side in sides}
    return {name: value for name, value in values.items() if name in wanted}


@dataclass(slots=True)
class _Files:
    """Where the values of plain parameter files are written; there is no hierarchy and there are no settings."""

    files: Mapping[str, str]

    def written(self, stack: str, file: str, path: tuple[str, ...]) -> tuple[str, int | None]:
        """Return the parameter file; its form has no fixed place for a value."""
        return file, None

    def levels(self, stack: str, file: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return nothing: nothing is inherited."""
        return []

    def setting(self, environment: str, group: str, path: tuple[str, ...]) -> tuple[str, str, int | None]:
        """Return the parameter file of a side."""
        return self.files.get(environment, ""), ".".join(path), None


def compare_files(template: Path, parameters: tuple[Path, Path], today: datetime.date) -> Compared:
    """Compare one template evaluated with two parameter files: the values, tags and resources that differ.

    Each side is called by its file's name. Raises ConfigurationError for a file that cannot be read.
    """
    body = read_text(template, str(template))
    labels = _labels(parameters)
    stacks = tuple(
        _plain_stack(label, template, body, path) for label, path in zip(labels, parameters, strict=True)
    )
    project = Project(labels, stacks)
    places = StackPlaces(project, _Files({s.environment: s.file for s in stacks}))
    policy = policy_of(template.resolve().parent, labels).checked()
    empty = Compared((), (), {}, labels, policy, places)
    return _compared(list(pairs_of(project)), empty, today, lambda count: None, partial=True)


def _labels(files: tuple[Path, Path]) -> tuple[str, str]:
    one, two = (file.name.split(".")[0] or file.name for file in files)
    return (one, two) if one != two else (str(files[0]).replace("/", "-"), str(files[1]).replace("/", "-"))


def _plain_stack(label: str, template: Path, body: str, file: Path) -> Stack:
    name = template.name.split(".")[0]
    return Stack(
        name=f"{label}/{name}",
        environment=label,
        workload="",
        account="",
        region="",
        role_arn="",
        external_name=name,
        file=str(file),
        template=str(template),
        body=body,
        parameters=read_parameters(read_text(file, str(file)), str(file)),
        tags={},
        dependencies=(),
    )


def read_parameters(text: str, file: str) -> dict[str, str | list[str]]:
    """Return the parameters in a file of any of the forms in use, as JSON or YAML.

    These are a list of `ParameterKey` and `ParameterValue` (AWS CLI), a mapping under `Parameters` (CodePipeline's
    template configuration), and a plain mapping. Raises ConfigurationError for another.
    """
    value = parse(text, file).value
    if isinstance(value, Mapping) and isinstance(value.get("Parameters"), Mapping):
        value = value["Parameters"]
    if isinstance(value, list) and all(isinstance(one, Mapping) and "ParameterKey" in one for one in value):
        value = {str(one["ParameterKey"]): one.get("ParameterValue", "") for one in value}
    if not isinstance(value, Mapping) or any(isinstance(one, Mapping) for one in value.values()):
        hint = (
            'write {"Name": "value"}, or the list of ParameterKey and ParameterValue that the AWS CLI takes'
        )
        raise ConfigurationError.single("holds no parameters", file=file, hint=hint)
    return {
        str(key): [str(one) for one in item] if isinstance(item, list) else _text(item)
        for key, item in value.items()
    }


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def declare(root: Path, compared: Compared) -> int:
    """Add the proposal to the policy file, whose comments and order stay; return how many declarations it has.

    Reasons and owners are empty: the file is refused until somebody fills them in. A second call adds nothing.
    """
    from ruamel.yaml import YAML

    proposal = propose(compared.differences, compared.settings, compared.policy)
    if not proposal:
        return 0
    path = root / compared.policy.file
    path.parent.mkdir(parents=True, exist_ok=True)
    text = path.read_text(encoding="utf-8") if path.is_file() else "variances:\n"
    if any(problem.key == "" for problem in compared.policy.problems):
        raise ConfigurationError(compared.policy.problems)
    yaml = YAML()
    yaml.width = 120
    yaml.indent(mapping=2, sequence=4, offset=2)
    stream = StringIO()
    yaml.dump([_flow(entry) for entry in proposal], stream)
    draft = path.with_suffix(".draft")
    draft.write_text(
        text.rstrip("\n") + "\n\n  # Proposed: say why, and who answers for it.\n" + stream.getvalue(),
        encoding="utf-8",
    )
    draft.replace(path)
    return len(proposal)


def _flow(entry: Mapping[str, Any]) -> Any:
    """Return an entry as the policy file writes them: the bound on one line."""
    from ruamel.yaml.comments import CommentedMap

    def inline(value: Any) -> Any:
        if isinstance(value, Mapping):
            found = CommentedMap({key: inline(item) for key, item in value.items()})
            found.fa.set_flow_style()
            return found
        return value

    return {**entry, "bound": inline(entry["bound"])}
