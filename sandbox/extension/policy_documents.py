"""What a policy says is read once for each text of it, and not at each request that it is asked about."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sandbox.extension.claims import Extension, emulated
from sandbox.extension.names import Name, replace

PARSE = Name.function("core.iam_evaluator", "parse_policy_document", "doc")

KEPT = 4096
"""Documents that are kept; those of a whole run of tests are fewer."""


def _once(original: Any) -> Any:
    parsed = lru_cache(KEPT)(original)

    def parse(doc: Any) -> Any:
        return parsed(doc) if isinstance(doc, str) else original(doc)

    return parse


EXTENSION = Extension(
    name="policy_documents",
    claims=(
        emulated("IAM: a changed policy", "holds for the next request; on AWS it takes seconds to arrive"),
    ),
    names=(PARSE,),
    install=lambda: replace(PARSE, _once),
)
