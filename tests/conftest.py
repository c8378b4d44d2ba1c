"""What every run of the tests ends with."""

from __future__ import annotations

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the share of mutants that were caught, by kind (tests/mutation)."""
    rows: dict[str, list[int]] = {}
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            for kind, *counts in (value for name, value in report.user_properties if name == "mutants"):
                before = rows.get(kind, [0] * len(counts))
                rows[kind] = [old + new for old, new in zip(before, counts, strict=True)]
    if rows:
        terminalreporter.section("mutants")
        terminalreporter.write_line(f"{'kind':<60}{'mutants':>8}{'caught':>8}{'share':>7}{'no effect':>11}")
    for kind, (mutants, caught, spared) in sorted(rows.items()):
        share = f"{caught / mutants:.0%}" if mutants else "none"
        terminalreporter.write_line(f"{kind:<60}{mutants:>8}{caught:>8}{share:>7}{spared:>11}")
