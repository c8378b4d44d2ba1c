"""Gates are one file each; half a gate fails here: a file that nobody asks, a line without a file, a page behind."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from pipelines.promotion import gates
from pipelines.promotion.evidence import Checked, Missing
from pipelines.promotion.gates import GATES
from pipelines.promotion.gates.gate import Gate
from pipelines.promotion.reference import BEGINS, ENDS, page, table

from .good import COMMIT, PROD, ROOT, evidence

FOLDER = Path(gates.__file__).parent
PAGE = ROOT / "docs" / "promotion.md"
NO_GATES = {"__init__", "gate"}
REQUIREMENT = re.compile(r"REQ-[A-Z]\d+")


def test_every_file_is_a_gate_that_is_asked() -> None:
    """Under the id that its name gives, once."""
    files = {path.stem for path in FOLDER.glob("*.py")} - NO_GATES
    assert {name.replace("_", "-") for name in files} == set(GATES)
    for name in files:
        gate = import_module(f"{gates.__name__}.{name}").GATE
        assert GATES[name.replace("_", "-")] is gate
        assert gate.id == name.replace("_", "-")


@pytest.mark.parametrize("gate", GATES.values(), ids=lambda gate: gate.id)
def test_a_gate_says_all_about_itself(gate: Gate) -> None:
    """In a line without a full stop; whoever asks for it is named, and its file says the same."""
    assert gate.summary
    assert "\n" not in gate.summary
    assert not gate.summary.endswith(".")
    assert gate.requirements
    assert all(map(REQUIREMENT.fullmatch, gate.requirements))
    text = (FOLDER / f"{gate.id.replace('-', '_')}.py").read_text(encoding="utf-8")
    told = set(REQUIREMENT.findall(ast.get_docstring(ast.parse(text)) or ""))
    assert set(gate.requirements) <= told | {"REQ-R3"}


def test_only_these_may_be_left_out() -> None:
    """A policy that could do without another would let through what a requirement forbids."""
    assert {gate.id for gate in GATES.values() if gate.optional} == {
        "branch",
        "recovery-drill",
        "freeze-window",
    }


def test_the_page_has_every_gate() -> None:
    """After a change: `python -m pipelines.promotion.reference`."""
    text = PAGE.read_text(encoding="utf-8")
    assert page(text, GATES.values()) == text
    rows = re.findall(r"^\| `([a-z-]+)` \|", text.partition(BEGINS)[2].partition(ENDS)[0], flags=re.MULTILINE)
    assert rows == list(GATES)


def test_a_page_that_is_behind_is_seen() -> None:
    """Another summary, a gate more, and no place for the table."""
    text = PAGE.read_text(encoding="utf-8")
    (first, *others) = GATES.values()
    assert page(text, [replace(first, summary="x"), *others]) != text
    assert page(text, [*GATES.values(), replace(first, id="new")]) != text
    assert "`new`" in table([replace(first, id="new")])
    for gone in (BEGINS, ENDS):
        with pytest.raises(ValueError, match="the page has no"):
            page(text.replace(gone, ""), GATES.values())


def test_the_example_of_how_to_add_a_gate_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The module in the document judges as it says, and misses no evidence quietly."""
    text = (ROOT / "docs" / "how-to-add-a-gate.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    module = ModuleType(f"{gates.__name__}.no_warnings")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(dedent(example), "no_warnings.py", "exec"), module.__dict__)  # noqa: S102
    judge = module.GATE.judge
    for checked, state in (
        (Checked(COMMIT, 0, 0), "success"),
        (Checked(COMMIT, 0, 1), "failure"),
        (Missing("nobody checked"), "error"),
    ):
        assert judge(evidence(checked=checked), PROD).state == state


def test_a_function_can_ask_the_gates_without_what_it_does_not_carry() -> None:
    """Neither pydantic, nor a client of AWS, nor a reader of YAML comes with deciding (REQ-G9, REQ-G10)."""
    code = (
        "import sys, pipelines.promotion.decide, pipelines.promotion.policy\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}"
        " & {'pydantic', 'boto3', 'botocore', 'yaml', 'sceptre', 'click', 'rich', 'cfnlint'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


PURE = sorted({*FOLDER.glob("*.py"), *FOLDER.parent.glob("*.py")} - {FOLDER.parent / "reference.py"})


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.stem)
def test_deciding_reads_no_clock_and_no_file(path: Path) -> None:
    """What is decided follows from what is given alone, so that a decision can be made again (REQ-G6)."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {
        node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    assert not called & {
        "now",
        "today",
        "utcnow",
        "open",
        "print",
        "read_text",
        "getenv",
        "random",
        "time_ns",
    }
