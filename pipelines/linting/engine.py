"""One template through cfn-lint. Imported in worker processes only: it imports cfn-lint."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint.rules
from cfnlint.config import ConfigMixIn
from cfnlint.context import ParameterSet
from cfnlint.decode import decode_str
from cfnlint.exceptions import CfnLintExitException
from cfnlint.match import Match
from cfnlint.rules import Rules
from cfnlint.runner import run_template_by_data
from cfnlint.runner.template.runner import _run_template_per_config
from cfnlint.template import Template

from pipelines.linting import faster
from pipelines.linting.job import Job, Outcome, unanswered
from pipelines.linting.matches import is_about, outcome_of
from validator.effective.parameters import is_list, is_secret

_FAULTS = "E0"
"""Rules about cfn-lint itself and about text that is no template. They cannot be turned off: silence is no pass."""
_SSM_VALUE = "AWS::SSM::Parameter::Value<"

faster.install()
logging.getLogger("cfnlint").addHandler(logging.NullHandler())  # what it logs comes as a finding too


class _Template(Template):  # type: ignore[misc] # cfn-lint is not followed by the type checker
    """A template that still knows its parameters once transformed: cfn-lint 1.58 forgets them.

    Where a function can come to several values, cfn-lint is content with one that fits, except for values that come
    from parameters. With `every_value` it takes all for such.
    """

    every_value = False

    def transform(self) -> Any:
        """Apply the template's transforms; return what is wrong with them."""
        before: Any = self.context
        matches = super().transform()
        self.context: Any = self.context.evolve(
            parameter_sets=before.parameter_sets, is_resolved_from_parameters=self.every_value
        )
        return matches


@dataclass(frozen=True, slots=True)
class _Values:
    """Parameters as cfn-lint takes them, and the names that are supplied without a value to check."""

    known: Mapping[str, str | list[str]]
    deferred: frozenset[str]


@cache
def rules() -> Rules:
    """Return every rule of cfn-lint, loaded once a process."""
    return Rules.create_from_directory(str(Path(cfnlint.rules.__file__).parent))


def is_silent(jobs: Sequence[Job]) -> bool:
    """Tell whether cfn-lint has nothing to say of one template, in all the regions and with all the values at once.

    It resolves a reference with each set of parameters and each region in turn, so that one run costs little more than
    one of them alone. Every value has to fit, so that where it is silent, each alone is; what it says does not tell
    which of them it is of. A look-up in a mapping is content with one key that is there, so a template with one is
    never taken for silent.
    """
    template, faults = decode_str(jobs[0].text)
    if faults or not isinstance(template, dict) or "FindInMap" in jobs[0].text:
        return False
    values = [_values(template, job) for job in jobs]
    config = _config(jobs[0], *values, regions=sorted({job.region for job in jobs}))
    deferred = frozenset[str]().union(*(each.deferred for each in values))
    return all(is_about(match, deferred) for match in _run(template, config, every_value=True))


def lint_one(job: Job) -> Outcome:
    """Return what cfn-lint says. Its faults that it does not report itself are raised."""
    template, faults = decode_str(job.text)
    if faults:
        return outcome_of(faults)
    values = _values(template, job)
    config = _config(job, values)
    try:
        matches = list(_run(template, config))
    except CfnLintExitException as error:  # an unknown region; the error does not survive pickling
        return unanswered(job.region, str(error), "correct the region, or take a cfn-lint that knows it")
    return outcome_of([match for match in matches if not is_about(match, values.deferred)])


def _run(template: Any, config: ConfigMixIn, *, every_value: bool = False) -> Iterator[Match]:
    if isinstance(template, dict):
        config.set_template_args(template)
        cfn = _Template(None, template, config.regions, config.parameters)
        cfn.every_value = every_value
        yield from _run_template_per_config(cfn, config, rules())
    else:
        yield from run_template_by_data(template, config, rules())


def _config(job: Job, *values: _Values, regions: Sequence[str] = ()) -> ConfigMixIn:
    # The null device stands for a configuration file: else cfn-lint reads those of the home and of this folder.
    config = ConfigMixIn(
        ["--config-file", os.devnull],
        regions=list(regions or [job.region]),
        parameters=[ParameterSet(None, dict(each.known)) for each in values],
        mandatory_checks=[*job.settings.get("mandatory_checks", ()), _FAULTS],
    )
    config.file_args = dict(job.settings)
    return config


def _values(template: Any, job: Job) -> _Values:
    """Return the values that cfn-lint may check against what the properties take.

    It would take the name of an SSM parameter for the value, so those are left out, and secrets are: its messages
    repeat the value. A list is split as CloudFormation splits it.
    """
    section = template.get("Parameters") if isinstance(template, dict) else None
    known: dict[str, str | list[str]] = {}
    deferred = set(job.deferred)
    for name, value in job.parameters.items():
        declaration = section.get(name) if isinstance(section, dict) else None
        declaration = declaration if isinstance(declaration, dict) else {}
        kind = str(declaration.get("Type", ""))
        if kind.startswith(_SSM_VALUE) or is_secret(declaration):
            deferred.add(name)
        elif is_list(kind):
            members = value.split(",") if isinstance(value, str) else value
            known[name] = [member.strip() for member in members]
        else:
            known[name] = value if isinstance(value, str) else ",".join(value)
    return _Values(known, frozenset(deferred))
