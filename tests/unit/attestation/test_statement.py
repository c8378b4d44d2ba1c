"""Statements are the same for the same content, and read only as they were kept (REQ-G6)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pipelines.attestation import Ended, Statement, StatementError, Subject, decided, deployed, read
from pipelines.attestation.statement import DECISION
from pipelines.configuration.encoding import canonical, digest_of
from pipelines.promotion.decide import decide
from pipelines.promotion.evidence import Missing
from tests.unit.promotion import good

TOOLS = {"lockstep": "0.1.0"}


@pytest.fixture
def statement() -> Statement:
    evidence = good.evidence(plan=replace(good.plan(), change_sets={"prod/orders/table": "arn:change-set/1"}))
    return decided(evidence, decide(evidence, good.PROD), TOOLS)


def test_a_decision_says_every_gate_and_all_that_it_read(statement: Statement) -> None:
    document = json.loads(statement.text)
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == DECISION
    said = document["predicate"]
    assert said["decision"] == "success"
    assert [one["gate"] for one in said["gates"]] == list(good.PROD.gates)
    assert said["evidence"]["sources"]["orders"]["latest"]["state"] == "succeeded"
    assert said["evidence"]["plan"]["change_sets"] == {"prod/orders/table": "arn:change-set/1"}
    assert said["tools"] == TOOLS


def test_its_subjects_are_what_would_be_deployed(statement: Statement) -> None:
    assert Subject("orders@prod", good.DIGESTS["prod"]) in statement.subjects


def test_what_was_missing_says_so_and_why() -> None:
    evidence = replace(good.evidence(), approvals=Missing("GitHub did not answer"))
    said = decided(evidence, decide(evidence, good.PROD), TOOLS).said
    assert said["evidence"]["approvals"] == {"missing": "GitHub did not answer"}
    assert said["decision"] == "error"


def test_the_same_content_has_the_same_digest(statement: Statement) -> None:
    again = read(statement.text, statement.digest)
    assert (again.text, again.digest, again.subjects) == (
        statement.text,
        statement.digest,
        statement.subjects,
    )
    another = replace(statement, said={**statement.said, "decision": "failure"})
    assert another.digest != statement.digest


def test_one_that_was_changed_is_named_with_both_digests(statement: Statement) -> None:
    changed = statement.text.replace(b'"decision":"success"', b'"decision":"failure"')
    assert changed != statement.text
    with pytest.raises(StatementError) as caught:
        read(changed, statement.digest)
    assert statement.digest in str(caught.value)
    assert digest_of(changed) in str(caught.value)


def _with(text: bytes, **given: Any) -> bytes:
    return canonical({**json.loads(text), **given})


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: b"",
        lambda text: b"null",
        lambda text: b"[]",
        lambda text: b"\xff",
        lambda text: b"[" * 100_000,
        lambda text: _with(text, _type="another"),
        lambda text: _with(text, predicateType="urn:another"),
        lambda text: _with(text, predicate=[]),
        lambda text: _with(text, subject=[{"name": "orders@prod"}]),
        lambda text: _with(text, further=1),
        lambda text: text + b" ",
        lambda text: json.dumps(json.loads(text)).encode(),
    ],
)
def test_what_is_no_statement_of_ours_is_refused_under_its_own_digest(
    statement: Statement, spoilt: Any
) -> None:
    text = spoilt(statement.text)
    with pytest.raises(StatementError, match="is no statement"):
        read(text, digest_of(text))


def test_a_deployment_names_the_decision_that_let_it_begin(statement: Statement) -> None:
    deployments = [good.deployment("prod")]
    made = deployed("prod", good.TAG, deployments, statement.digest, Ended(good.NOW, True), TOOLS)
    assert made.said["decision"] == statement.digest
    assert made.said["outcome"] == "succeeded"
    assert made.subjects == (Subject("orders@prod", deployments[0].manifest_digest),)
    bare = deployed("prod", good.TAG, deployments, "", Ended(good.NOW, False), TOOLS, "without gates: a fire")
    assert (bare.said["decision"], bare.said["note"], bare.said["outcome"]) == (
        None,
        "without gates: a fire",
        "failed",
    )
    assert read(bare.text, bare.digest) == Statement(
        bare.kind, bare.subjects, json.loads(bare.text)["predicate"]
    )
