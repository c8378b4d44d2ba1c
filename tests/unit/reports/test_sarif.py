"""SARIF, against the standard's schema and against what GitHub code scanning asks for beyond it.

`tests/schemas/sarif-2.1.0.json` is the OASIS schema (2.1.0 rtm.5) as npm `@microsoft/jest-sarif` 1.0.0-beta.0 ships it
(MIT), unchanged.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import jsonschema
import pytest
from hypothesis import given

from validator.findings import Finding, Severity
from validator.reports import FORMATS, Report

from .samples import ATTACKS, CLEAN, HOSTILE, ORDINARY, SAMPLES, hostile, many
from .test_laws import LAW, reports

STANDARD = jsonschema.Draft4Validator(
    json.loads((Path(__file__).parents[2] / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
)


def text(limit: int | None = None) -> dict[str, Any]:
    string: dict[str, Any] = {"type": "string", "minLength": 1}
    said = string if limit is None else {**string, "maxLength": limit}
    return {"type": "object", "properties": {"text": said}, "required": ["text"]}


def whole(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


NUMBER = {"type": "integer", "minimum": 1}
FILLED = {"type": "string", "minLength": 1}
LOCATION = whole(
    physicalLocation=whole(
        artifactLocation=whole(uri=FILLED, uriBaseId={"const": "%SRCROOT%"}),
        region=whole(startLine=NUMBER, startColumn=NUMBER, endLine=NUMBER, endColumn=NUMBER),
    )
)
RULE = whole(
    id=FILLED,
    name={**FILLED, "maxLength": 255},
    shortDescription=text(1_024),
    fullDescription=text(1_024),
    help=text(),
)
RESULT = whole(
    ruleId=FILLED,
    ruleIndex={"type": "integer", "minimum": 0},
    level={"enum": ["error", "warning"]},
    message=text(),
    locations={"type": "array", "minItems": 1, "maxItems": 1, "items": LOCATION},
    partialFingerprints=whole(primaryLocationLineHash={"type": "string", "pattern": "^[0-9a-f]{16}:[0-9]+$"}),
)
RUN = whole(
    tool=whole(driver=whole(name=FILLED, rules={"type": "array", "maxItems": 25_000, "items": RULE})),
    results={"type": "array", "maxItems": 25_000, "items": RESULT},
)
GITHUB = jsonschema.Draft202012Validator(
    whole(
        **{"$schema": FILLED},
        version={"const": "2.1.0"},
        runs={"type": "array", "minItems": 1, "maxItems": 1, "items": RUN},
    )
)
"""What docs.github.com ("SARIF support for code scanning") marks as required, where an empty string does not count, and
limits."""


def run(report: Report) -> Any:
    """The one run, after both schemas and the references between rules and results were checked."""
    output = FORMATS["sarif"](report)
    assert len(output.encode("ascii")) <= 10_000_000
    document = json.loads(output)
    STANDARD.validate(document)
    GITHUB.validate(document)
    found = document["runs"][0]
    for result in found["results"]:
        assert found["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert (region["startLine"], region["startColumn"]) <= (region["endLine"], region["endColumn"])
        uri = urlsplit(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        assert not uri.scheme and not uri.netloc and not uri.path.startswith("/")
    return found


def prints(report: Report) -> dict[str, str]:
    """The fingerprint of each finding, by its message."""
    return {
        result["message"]["text"]: result["partialFingerprints"]["primaryLocationLineHash"]
        for result in run(report)["results"]
    }


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples_are_accepted(sample: str) -> None:
    assert len(run(SAMPLES[sample])["results"]) == len(SAMPLES[sample].findings)


@LAW
@given(reports())
def test_any_report_is_accepted(report: Report) -> None:
    assert len(run(report)["results"]) == len(report.findings)


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_attack_makes_a_link(attack: str) -> None:
    """SARIF reads `[text](target)` in a message as one."""
    found = run(hostile(attack))
    assert not [result for result in found["results"] if "](" in result["message"]["text"]]


def test_a_rule_helps() -> None:
    """With its summary, its mend, and the page it rests on where that is a page."""
    rules = {rule["id"]: rule for rule in run(ORDINARY)["tool"]["driver"]["rules"]}
    assert rules["encryption"]["helpUri"] == ORDINARY.checks["encryption"].source
    assert "helpUri" not in rules["parity"]
    assert rules["parity"]["help"]["text"] == (
        "Environments differ only where someone declared it\n\nMend: Declare it.\n\nSource: REQ-V3"
    )
    assert run(CLEAN)["tool"]["driver"]["rules"] == [
        rules[check] for check in ("cidr", "encryption", "parity")
    ]


def test_a_result_covers_what_is_meant() -> None:
    """`Queue` in line 2, in characters from 1, the end exclusive; the start of the line without a text."""
    regions = {
        unquote(place["artifactLocation"]["uri"]): place["region"]
        for result in run(replace(ORDINARY, findings=(ORDINARY.findings[0], ORDINARY.findings[3])))["results"]
        for place in [result["locations"][0]["physicalLocation"]]
    }
    assert regions == {
        "templates/queue.yaml": {"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 8},
        "pipelines/variance.yaml": {"startLine": 40, "startColumn": 1, "endLine": 40, "endColumn": 1},
    }


@pytest.mark.parametrize("file", ["a b#c?.yaml", "//host/x", "C:/x.yaml", "é\udcff.yaml", "%41.yaml"])
def test_a_path_is_one_relative_reference(file: str) -> None:
    """And leads back to the path."""
    [result] = run(Report((Finding("c", Severity.ERROR, file, "", 1, "m", ""),), 1, 0.0, {}))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri, errors="surrogatepass") == file.lstrip("/")


def test_fingerprints_stay_while_lines_move() -> None:
    """Lines put in above, and figures in the message, are the same alerts."""
    moved = replace(
        ORDINARY,
        findings=tuple(replace(one, line=one.line and one.line + 7) for one in ORDINARY.findings),
        sources={file: "#\n" * 7 + source for file, source in ORDINARY.sources.items()},
    )
    assert prints(moved) == prints(ORDINARY)
    said = [
        replace(ORDINARY, findings=(replace(ORDINARY.findings[1], message=f"{n} MB"),)) for n in (512, 1024)
    ]
    assert len({value for report in said for value in prints(report).values()}) == 1


def test_fingerprints_tell_findings_apart() -> None:
    """By check, file, key and message; alike findings are counted down the file."""
    one = ORDINARY.findings[0]
    others = [
        replace(one, check="other"),
        replace(one, file="other"),
        replace(one, key="other"),
        replace(one, message="other"),
        replace(one, line=90),
        replace(one, environments=("dev",)),
    ]
    results = run(replace(ORDINARY, findings=(one, *others)))["results"]
    values = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    assert len(set(values)) == len(values) == 7
    assert sorted(value.split(":")[1] for value in values) == ["1", "1", "1", "1", "1", "2", "3"]


@pytest.mark.parametrize(("number", "message"), [(30_000, "m"), (30_000, ""), (6_000, "\U0001f9e8" * 5_000)])
def test_beyond_the_limits_warnings_are_left_out_first_and_it_is_said(number: int, message: str) -> None:
    """10 MB, which is less than 25,000 results; what is said to be missing is what is missing."""
    report = many(number, message)
    output = FORMATS["sarif"](report)
    assert 9_900_000 < len(output) <= 10_000_000
    found = json.loads(output)["runs"][0]
    levels = [result["level"] for result in found["results"]]
    assert levels == sorted(levels)
    assert len(levels) < min(number, 25_000)
    [note] = found["invocations"][0]["toolExecutionNotifications"]
    assert note["message"]["text"].startswith(f"{number - len(levels):,} findings more")


def test_hostile_rules_keep_to_the_limits() -> None:
    rules = run(HOSTILE)["tool"]["driver"]["rules"]
    assert max(len(rule["name"]) for rule in rules) <= 255
    assert len({rule["id"] for rule in rules}) == len(rules)
