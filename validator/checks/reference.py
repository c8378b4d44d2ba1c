"""The reference of all checks, `docs/checks.md`, made from the registry. Pure (REQ-X5)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .check import Check

_TOP = """\
<!-- Made by `python -m pipelines.check`; a test fails when it differs from the registry. -->
# Checks

What `lockstep check` looks for, in one run over the whole project, offline. A finding says check, severity, file, key,
line, what is wrong and how to mend it (REQ-V9). An error makes the exit code 1; a warning is shown and does not. What
keeps a check from its answer is a finding of severity error, beside what it found until then.

A check marked *house* holds conventions of this repository; in [another Sceptre project](other-projects.md) it does not
run. There `lockstep.yaml` may leave out any other check by its id (`checks: {without: [cfn-guard]}`).

How to add one: [how-to-add-a-check.md](how-to-add-a-check.md).
"""


def reference(checks: Iterable[Check]) -> str:
    """Return the whole page: a table of all checks, then a section for each, in the order in which they run."""
    held = list(checks)
    rows = [f"| [{one.id}](#{one.id}) | {one.severity} | {one.summary} |" for one in held]
    table = "\n".join(["| check | severity | what holds where it finds nothing |", "|---|---|---|", *rows])
    return "\n".join([_TOP, table, *(part for one in held for part in _section(one))]) + "\n"


def _section(check: Check) -> Iterator[str]:
    """Yield the parts of one section; each is a paragraph."""
    runs = "this repository alone (*house*)" if check.house else "any Sceptre project"
    yield f"\n## {check.id}\n\n{check.summary}. Severity: {check.severity}. Runs on {runs}.\n"
    yield f"Why: {_sentence(check.why)}\n"
    yield f"Before:\n\n```yaml\n{check.before}\n```\n"
    yield f"After:\n\n```yaml\n{check.after}\n```\n"
    yield f"Mend: {_sentence(check.remediation)}\n"
    yield f"Source: {_source(check.source)}"


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _source(text: str) -> str:
    return f"<{text}>" if text.startswith("https://") else text
