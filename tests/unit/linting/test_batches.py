"""Jobs of one template together: silence means that each of them alone is silent (REQ-V6)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.linting import requests_of
from pipelines.linting.engine import is_silent, lint_one
from pipelines.linting.job import Job
from pipelines.linting.pool import _batches
from pipelines.linting.worker import work
from pipelines.workspace import Workspace

from .samples import FINISHED, GOOD

ROOT = Path(__file__).parents[3]
SAMPLE = ("queue", "table")
"""Templates whose parameters are broken one by one; all would take a minute."""
WRONG = ("many", "-7", "")


def batches() -> Iterator[list[Job]]:
    """Yield the jobs of each template of this repository: one for each environment that deploys it."""
    jobs = {
        str(number): Job(request.text, request.region, request.parameters, request.deferred, {})
        for number, request in enumerate(requests_of(Workspace(ROOT).project()))
        if Path(request.file).stem in SAMPLE
    }
    for names in _batches(jobs):
        yield [jobs[name] for name in names]


def test_a_wrong_value_in_one_environment_breaks_the_silence_of_all() -> None:
    """Whatever cfn-lint says of one environment alone, it does not keep silent about it for all together."""
    tried = said = silent = 0
    for jobs in batches():
        assert len(jobs) > 1
        silent += is_silent(jobs)
        for name, wrong in zip(sorted(jobs[-1].parameters), itertools.cycle(WRONG), strict=False):
            last = replace(jobs[-1], parameters={**jobs[-1].parameters, name: wrong})
            tried += 1
            if lint_one(last).findings:
                said += 1
                assert not is_silent([*jobs[:-1], last]), (name, wrong)
    assert said > 6, f"of {tried} wrong values cfn-lint said something about {said}"
    assert silent == len(SAMPLE)


def test_a_region_without_the_resource_breaks_the_silence_of_all() -> None:
    properties = (
        "IAMRoleARN: arn:aws:iam::111111111111:role/dax, NodeType: dax.t3.small, ReplicationFactor: 1"
    )
    text = f"Resources:\n  Cluster:\n    Type: AWS::DAX::Cluster\n    Properties: {{{properties}}}\n"
    near, far = (Job(text, region, {}, frozenset(), {}) for region in ("us-east-1", "ap-southeast-6"))
    assert not lint_one(near).findings
    assert lint_one(far).findings
    assert not is_silent([near, far])


@pytest.mark.parametrize("text", ["{", "3", GOOD + "  Queue: {}\n"])
def test_what_is_no_template_is_never_silent(text: str) -> None:
    assert not is_silent([Job(text, "us-east-1", FINISHED, frozenset(), {})] * 2)


def test_each_job_of_a_batch_gets_its_own_outcome() -> None:
    """Where the batch is not silent, what is wrong is said of the environment that it is wrong in."""
    jobs = [Job(GOOD, "us-east-1", {"Delay": delay}, frozenset(), {}) for delay in ("10", "9999", "20")]
    outcomes = work(jobs)
    assert outcomes == [lint_one(job) for job in jobs]
    assert [bool(outcome.findings) for outcome in outcomes] == [False, True, False]
