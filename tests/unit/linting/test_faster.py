"""What is made sooner is what cfn-lint makes: contexts and validators, field by field (REQ-V6)."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import sys
from pathlib import Path
from cfnlint.context.context import Context
from cfnlint.jsonschema.validators import CfnTemplateValidator, StandardValidator
ours = (Context, CfnTemplateValidator, StandardValidator)
theirs = [kind.evolve for kind in ours]
from pipelines.linting import engine, requests_of
from pipelines.linting.job import Job
from pipelines.workspace import Workspace
quick = [kind.evolve for kind in ours]
assert all(slow is not fast for slow, fast in zip(theirs, quick))
requests = {
    Path(request.file).stem: request
    for request in requests_of(Workspace(Path()).project())
    if request.environments == ("prod",) and Path(request.file).stem in {"queue", "table", "keys"}
}
for ways in (theirs, quick):
    for kind, evolve in zip(ours, ways):
        kind.evolve = evolve
    print("way")
    for request in requests.values():
        broken = request.text.replace("300", "many").replace("Enabled: true", "Enabled: 7")
        broken = broken.replace("KmsMasterKeyId", "KmsKey").replace("AttributeType: S", "AttributeType: X")
        for text in (request.text, broken):
            job = Job(text, request.region, request.parameters, request.deferred, {"include_checks": ["I"]})
            for finding in engine.lint_one(job).findings:
                print(finding)
"""


@pytest.fixture
def context() -> Any:
    from cfnlint.template import Template

    return Template(None, {"Resources": {"A": {"Type": "AWS::SQS::Queue"}}}, ["us-east-1"]).context


@pytest.mark.parametrize(
    "changes",
    [{}, {"regions": ["eu-west-1"]}, {"ref_values": {"A": "1"}}, {"resources": {}, "strict_types": False}],
    ids=str,
)
def test_a_context_is_copied_as_cfn_lint_copies_it(context: Any, changes: dict[str, Any]) -> None:
    from pipelines.linting.faster import COMPUTED, THEIRS, evolved_context

    assert context.module_names == ()  # computed, and not to be taken along
    start = THEIRS(context, ref_values={"B": "2"})
    one, two = THEIRS(start, **changes), evolved_context(start, **changes)
    assert type(one) is type(two)
    assert {field.name: getattr(one, field.name) for field in fields(one)} == {
        field.name: getattr(two, field.name) for field in fields(two)
    }
    assert COMPUTED not in two.__dict__
    assert start.ref_values == {"B": "2"}, "the original stays as it was"


def test_cfn_lint_says_the_same_either_way() -> None:
    """On good templates and on broken ones, informational findings included."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True
    )
    nothing, slow, fast = ended.stdout.split("way\n")
    assert (nothing, slow) == ("", fast)
    assert slow.count("\n") > 7
