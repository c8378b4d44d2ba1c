"""The direction of imports and the purity of the core (design.md)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "validator": {"validator"},
    "pipelines": {"pipelines", "validator"},
    "functions": {"functions", "pipelines", "validator"},
    "sandbox": {"sandbox", "pipelines", "validator"},
}
SCEPTRE = {
    f"validator/{name}.py"
    for name in ("loader", "config_reader", "sceptre_stacks", "sceptre_values", "foreign/merging")
}
"""The validator's only modules that import Sceptre: how a file is read, what a stack is, and both together."""

EDGES = SCEPTRE | {"validator/layout.py", "validator/time_limit.py", "validator/foreign/folders.py"}
"""The validator's only modules that touch the file system, a timer or Sceptre."""

PURE = sorted(
    path for path in (ROOT / "validator").rglob("*.py") if path.relative_to(ROOT).as_posix() not in EDGES
) + [ROOT / "pipelines" / name for name in ("deployment.py", "listing.py", "status.py")]

FORBIDDEN_MODULES = {
    "boto3",
    "botocore",
    "os",
    "sceptre",
    "subprocess",
    "socket",
    "random",
    "time",
    "sys",
    "io",
}
FORBIDDEN_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}
FORBIDDEN_METHODS = {
    "now",
    "today",
    "utcnow",
    "read_text",
    "write_text",
    "read_bytes",
    "write_bytes",
    "environ",
}


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"{package} has no modules: the test looks in the wrong place"
    return found


def imported(path: Path) -> set[str]:
    """Return every module that a file imports, lazily or not, as absolute dotted names."""
    package = path.relative_to(ROOT).with_suffix("").parts
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level] if node.level else ()
            names.add(".".join((*base, *filter(None, [node.module]))))
    return names


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_imports_run_one_way(package: str) -> None:
    """functions, sandbox, scripts -> pipelines -> validator; never back."""
    for path in modules(package):
        ours = {name.split(".")[0] for name in imported(path)} & MAY_IMPORT.keys()
        assert ours <= MAY_IMPORT[package], f"{path.relative_to(ROOT)} imports {ours - MAY_IMPORT[package]}"


def test_only_the_loader_and_what_is_beneath_it_import_sceptre() -> None:
    """Of the validator, the loader and the modules beneath it alone know Sceptre."""
    users = {
        path.relative_to(ROOT).as_posix()
        for path in modules("validator")
        if any(name.split(".")[0] == "sceptre" for name in imported(path))
    }
    assert users == SCEPTRE


@pytest.mark.parametrize("path", PURE, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_core_is_pure(path: Path) -> None:
    """No file, clock, environment, network or output in the core: they are passed in at the edge."""
    roots = {name.split(".")[0] for name in imported(path)}
    assert not roots & FORBIDDEN_MODULES
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in FORBIDDEN_CALLS, f"line {node.lineno} calls {node.func.id}"
        if isinstance(node, ast.Attribute):
            assert node.attr not in FORBIDDEN_METHODS, f"line {node.lineno} uses .{node.attr}"


def test_the_purity_test_can_fail(tmp_path: Path) -> None:
    """The walk above sees what it looks for."""
    sample = tmp_path / "sample.py"
    sample.write_text("from os import environ\n\ndef f():\n    return open('x')\n", encoding="utf-8")
    tree = ast.parse(sample.read_text(encoding="utf-8"))
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert calls & FORBIDDEN_CALLS
