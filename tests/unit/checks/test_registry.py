"""The registry: every check says all about itself, under one name, and the page says the same."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import fields
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from validator import checks
from validator.checks import CHECKS, Check
from validator.checks.reference import reference

from .subjects import stack, subject_of

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "validator" / "checks"


def modules() -> list[str]:
    """Return the names of the modules that define a check."""
    found = []
    for path in sorted(FOLDER.glob("*.py")):
        nodes = ast.parse(path.read_text(encoding="utf-8")).body
        targets = [node.targets[0] for node in nodes if isinstance(node, ast.Assign)]
        if any(isinstance(target, ast.Name) and target.id == "CHECK" for target in targets):
            found.append(path.stem)
    return found


def test_every_module_with_a_check_is_registered() -> None:
    """And under the id that its name gives."""
    assert sorted(CHECKS) == sorted(name.replace("_", "-") for name in modules())
    for name in modules():
        module: ModuleType = getattr(checks, name)
        assert CHECKS[name.replace("_", "-")] is module.CHECK


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_a_check_says_all_about_itself(check: Check) -> None:
    """No field is empty; the summary is one line without a full stop; the source is a page or a requirement."""
    for field in fields(check):
        if field.name != "house":
            assert getattr(check, field.name), field.name
    assert "\n" not in check.summary
    assert not check.summary.endswith(".")
    assert check.before != check.after
    assert re.fullmatch(r"https://\S+|REQ-[A-Z]\d+", check.source)


def test_the_page_says_what_the_registry_says() -> None:
    """After a change: `python -m pipelines.check`."""
    assert (ROOT / "docs" / "checks.md").read_text(encoding="utf-8") == reference(CHECKS.values())


@pytest.mark.parametrize("check", CHECKS.values(), ids=lambda check: check.id)
def test_the_page_holds_everything_of_a_check(check: Check) -> None:
    """Under a heading that a link finds."""
    page = reference([check])
    for text in (
        f"\n## {check.id}\n",
        check.summary,
        check.why,
        check.before,
        check.after,
        check.remediation,
    ):
        assert text in page
    assert check.source in page
    assert ("*house*" in page.partition("\n## ")[2]) == check.house
    assert f"Severity: {check.severity}." in page


QUEUE = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      MessageRetentionPeriod: {}\n"


def test_the_example_of_how_to_add_a_check_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module in the document finds what it says, and nothing at the edge."""
    text = (ROOT / "docs" / "how-to-add-a-check.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    module = ModuleType("validator.checks.queue_retention")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(dedent(example), "queue_retention.py", "exec"), module.__dict__)  # noqa: S102
    check: Check = module.CHECK
    for seconds, expected in ((3600, 1), (86_400, 0)):
        assert len(list(check.run(subject_of(stack(QUEUE.format(seconds)))))) == expected
