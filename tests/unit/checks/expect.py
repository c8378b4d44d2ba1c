"""Write what the checks find now into every `case.json`, or into those whose names hold an argument.

    python -m tests.unit.checks.expect [NAME]...

It decides nothing: read the difference in git before it is committed. What cfn-lint and cfn-guard say is kept in the
project's own cache, so that a second run takes seconds.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from .corpus import CASES, findings, run_tools

KEPT = Path(__file__).parents[3] / ".lockstep" / "cache"


def main(wanted: list[str]) -> None:
    """Renew the findings of the cases, and say of each that changed how many it has now."""
    KEPT.mkdir(parents=True, exist_ok=True)
    cases = [case for case in CASES if not wanted or any(name in case.name for name in wanted)]
    with tempfile.TemporaryDirectory(prefix="lockstep-corpus-") as folder:
        roots = {case: case.assemble(Path(folder, "projects", case.name)) for case in cases}
        run_tools(roots.values(), KEPT)
        for case, root in roots.items():
            said = case.description
            found = findings(root, KEPT)
            if found != said.get("findings"):
                text = json.dumps({**said, "findings": found}, indent=2) + "\n"
                case.file.write_text(text, encoding="utf-8")
                sys.stdout.write(f"{case.name}: {len(found)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
