"""Write what `lockstep check` finds now into the `expected.json` of every foreign project of the corpus.

    python -m tests.unit.foreign.expect

It decides nothing: read the difference in git before it is committed.
"""

from __future__ import annotations

import json

from .projects import CASES, EXPECTED
from .test_corpus import checked


def main() -> None:
    """Renew the findings of every case."""
    for case in CASES:
        text = json.dumps(checked(case), indent=2) + "\n"
        (case / EXPECTED).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
