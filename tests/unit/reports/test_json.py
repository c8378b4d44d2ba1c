"""The contract of `lockstep check --format json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given

from validator.findings import Finding, Severity
from validator.reports import FORMATS, Report

from .samples import ORDINARY, SAMPLES
from .test_laws import LAW, reports

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "check.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def strict(text: str) -> Any:
    """Read JSON that is standard and whole."""
    text.encode("ascii")
    return json.loads(text, parse_constant=pytest.fail)


@pytest.mark.parametrize("sample", ["ordinary", "clean"])
def test_the_document_keeps_its_contract(sample: str) -> None:
    VALIDATOR.validate(strict(FORMATS["json"](SAMPLES[sample])))


def test_every_finding_is_whole() -> None:
    """As it was found, in order; the numbers count them."""
    document = strict(FORMATS["json"](ORDINARY))
    back = {
        Finding(
            one["check"],
            Severity(one["severity"]),
            one["file"],
            one["key"],
            one["line"],
            one["message"],
            one["remediation"],
            tuple(one["environments"]),
        )
        for one in document["findings"]
    }
    assert back == set(ORDINARY.findings)
    assert document["summary"] == {"error": 3, "warning": 2, "stacks": 54, "seconds": 2.346}


@LAW
@given(reports())
def test_any_text_comes_back_as_it_was(report: Report) -> None:
    """Save half of a surrogate pair, which is no text."""
    document = strict(FORMATS["json"](report))
    checks = [one["check"] for one in document["findings"]]
    assert VALIDATOR.is_valid(document) is all(checks)
    messages = sorted(one["message"] for one in document["findings"])
    expected = [
        one.message.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for one in report.findings
    ]
    assert messages == sorted(expected)


def test_half_of_a_surrogate_pair_becomes_the_replacement_character() -> None:
    """Both halves alone; a whole pair is a character."""
    finding = Finding("c", Severity.ERROR, "", "", None, "a\ud83d b\udca9 \U0001f4a9", "")
    [one] = strict(FORMATS["json"](Report((finding,), 1, 0.0, {})))["findings"]
    assert one["message"] == "a\ufffd b\ufffd \U0001f4a9"


def test_the_schema_refuses_what_the_contract_does_not_have() -> None:
    document = strict(FORMATS["json"](ORDINARY))
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for broken in (
        {**document, "more": 1},
        {**document, "schema": "lockstep/check/v2"},
        {**document, "summary": {**document["summary"], "seconds": "2"}},
        {**document, "findings": [{**document["findings"][0], "line": 0}]},
        {**document, "findings": [{**document["findings"][0], "severity": "note"}]},
    ):
        assert not VALIDATOR.is_valid(broken)
