"""From the engine's JSON to results; the real engine's output is in test_runner.py."""

from __future__ import annotations

import json
from typing import Any

import pytest

from validator.errors import TechnicalError
from validator.guard import results

STACK: dict[str, Any] = {
    "name": "dev/orders/queue",
    "resources": {
        "Policy": {
            "Type": "P",
            "Properties": {
                "PolicyDocument": {"Statement": {"Action": "s3:*", "Resource": ["a", "b"]}},
                "RequestModels": {"application/json": {"Ref": "Model"}},
            },
        }
    },
}
MESSAGE = ";      Violation: It is wrong,;      in two lines.;      Fix: Mend it.;    "


def output(check: Any, message: str = MESSAGE, **changes: Any) -> str:
    """Return the engine's output with one failed clause of rule `a_rule`."""
    clause = {"Clause": {"Unary": {"check": check, "context": "", "messages": {"custom_message": message}}}}
    rule = {"Rule": {"name": "a_rule", "checks": [{"Disjunctions": {"checks": [clause]}}]}}
    report = {"name": "/any/0.json", "not_compliant": [rule], "not_applicable": ["b_rule"], "compliant": []}
    return json.dumps([report | changes])


def at(pointer: str) -> dict[str, Any]:
    """Return the check of a clause that failed at a place."""
    return {"Resolved": {"value": {"path": pointer, "value": 1}, "comparison": ["Exists", True]}}


def read(text: str) -> list[tuple[str, str, str]]:
    """Return key, message and fix of each result."""
    return [
        (r.key, r.message, r.fix) for r in results(text, {"0.json": STACK}, ["a_rule", "b_rule"])["0.json"]
    ]


@pytest.mark.parametrize(
    ("pointer", "key"),
    [
        ("/Resources/Policy/Type", "Resources.Policy"),
        ("/Resources/Policy", "Resources.Policy"),
        ("/Resources/Policy/Lockstep/Ref", "Resources.Policy"),
        (
            "/Resources/Policy/Properties/PolicyDocument/Statement/0/Action/0",
            "Resources.Policy.Properties.PolicyDocument.Statement.Action",
        ),
        (
            "/Resources/Policy/Properties/PolicyDocument/Statement/0/Resource/1",
            "Resources.Policy.Properties.PolicyDocument.Statement.Resource.1",
        ),
        (
            "/Resources/Policy/Properties/RequestModels/application/json/Ref",
            "Resources.Policy.Properties.RequestModels.application/json.Ref",
        ),
        ("/Stack/Parameters/Lifecycle", ""),
        ("", ""),
    ],
)
def test_a_place_in_the_document_becomes_a_place_in_the_template(pointer: str, key: str) -> None:
    """Lists that shaping made, facts that it added and slashes in keys included."""
    assert read(output(at(pointer))) == [(key, "It is wrong, in two lines.", "Mend it.")]


def test_a_missing_property_is_named() -> None:
    """The path ends where the template does; the rest is what is missing."""
    missing = {
        "UnResolved": {
            "value": {
                "traversed_to": {"path": "/Resources/Policy/Properties", "value": {}},
                "remaining_query": "Versioning.Status",
            }
        }
    }
    (found,) = results(output(missing), {"0.json": STACK}, ["a_rule", "b_rule"])["0.json"]
    assert (found.path, found.missing) == (("Resources", "Policy", "Properties"), "Versioning.Status")
    assert (found.stack, found.resource, found.rule) == ("dev/orders/queue", "Policy", "a_rule")
    assert found.key == "Resources.Policy.Properties.Versioning.Status"


def test_a_query_that_is_no_plain_path_is_named_as_far_as_it_is_one() -> None:
    """Such as one that ends in a filter: what stands before it is named."""
    missing = {
        "UnResolved": {
            "value": {
                "traversed_to": {"path": "/Resources/Policy"},
                "remaining_query": "Condition.*. (map-key-filter-clauses)",
            }
        }
    }
    assert read(output(missing))[0][0] == "Resources.Policy.Condition"


def test_clauses_of_filters_say_nothing() -> None:
    """They carry no message; a rule whose every clause is silent is told all the same."""
    (found,) = read(output(at("/Resources/Policy"), message=""))
    assert found == ("", "The rule failed without a word.", "Read the rule.")


def test_a_variable_has_no_place() -> None:
    """The engine gives its query as text."""
    assert read(output({"UnResolvedContext": " %own not EMPTY  "}))[0][0] == ""


def test_the_same_result_comes_once() -> None:
    """Two clauses may say the same of one place."""
    report = json.loads(output(at("/Resources/Policy")))
    report[0]["not_compliant"][0]["Rule"]["checks"] *= 2
    assert len(read(json.dumps(report))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "{}",
        "[1]",
        "null",
        '[{"name": "0.json"}]',
        output("text"),
        "[" * 100_000,
        output({"UnResolved": {}}),
    ],
)
def test_output_that_cannot_be_read_is_an_error(text: str) -> None:
    """Never a pass, never a traceback."""
    with pytest.raises(TechnicalError, match=r"mend|leaves out") as error:
        read(text)
    assert "cfn-guard" in str(error.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "/any/1.json"}, "0.json, 1.json"),
        ({"not_applicable": []}, "b_rule"),
        ({"compliant": ["c_rule"]}, "c_rule"),
    ],
)
def test_what_did_not_run_is_an_error(changes: dict[str, Any], said: str) -> None:
    """A document or a rule that the output leaves out was not judged; one that it adds is not ours."""
    with pytest.raises(TechnicalError, match=said):
        read(output(at(""), **changes))
    with pytest.raises(TechnicalError, match=r"0\.json"):
        read("[]")
