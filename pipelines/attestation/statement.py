"""A statement in the form of in-toto: what it is about, by digest, and what is said of it. Pure (REQ-G6).

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.configuration.encoding import canonical, digest_of

from .errors import StatementError

TYPE = "https://in-toto.io/Statement/v1"
DECISION = "urn:lockstep:decision:v1"
DEPLOYMENT = "urn:lockstep:deployment:v1"
BEGUN = "begun"
"""The outcome of a deployment that no gate was asked for, as long as nothing tells how it ended."""
_SHA256 = "sha256:"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about: a manifest, by workload and environment, under the digest of its stored text."""

    name: str
    digest: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `kind` is DECISION or DEPLOYMENT, `said` plain values as JSON has them."""

    kind: str
    subjects: tuple[Subject, ...]
    said: Mapping[str, Any]

    @property
    def text(self) -> bytes:
        """The statement as it is kept: canonical JSON, so that the same content has the same digest."""
        subjects = [
            {"name": one.name, "digest": {"sha256": one.digest.removeprefix(_SHA256)}}
            for one in self.subjects
        ]
        return canonical(
            {"_type": TYPE, "subject": subjects, "predicateType": self.kind, "predicate": dict(self.said)}
        )

    @property
    def digest(self) -> str:
        """The digest that names the statement."""
        return digest_of(self.text)


def read(text: bytes, digest: str) -> Statement:
    """Return the statement that `digest` names.

    Raises StatementError where the text has another digest, or is no statement of ours in its canonical form.
    """
    found = digest_of(text)
    if found != digest:
        raise StatementError(
            f"the evidence {digest} was changed after it was written: it now is {found}\n"
            "  mend: restore the version of the object that its digest names, and find out who wrote over it"
        )
    try:
        document = json.loads(text)
        subjects = tuple(
            Subject(str(one["name"]), _SHA256 + str(one["digest"]["sha256"])) for one in document["subject"]
        )
        statement = Statement(str(document["predicateType"]), subjects, document["predicate"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _none(digest, f"{type(error).__name__}: {error}") from None
    if document.get("_type") != TYPE or statement.kind not in (DECISION, DEPLOYMENT):
        raise _none(digest, f"its type is {document.get('_type')!r}, of {statement.kind!r}")
    if not isinstance(statement.said, dict) or statement.text != text:
        raise _none(digest, "it is not in canonical form")
    return statement


def _none(digest: str, why: str) -> StatementError:
    return StatementError(
        f"the evidence {digest} is no statement: {why[:200]}\n  mend: see who wrote it, and with what"
    )
