"""Headers of rule files and rule sets: what is not as the others are is refused with its file."""

from __future__ import annotations

import pytest

from validator.errors import ConfigurationError
from validator.guard import parse_rule, parse_rule_set
from validator.guard.reference import reference

RULE = """\
# Every thing is right.
#
# Rule: s3_thing
# Evaluates: AWS::S3::Bucket
# Requirements: REQ-V5, REQ-O4
# Controls: S3.1
# Why: because it must,
#   and at once.

rule s3_thing when %x !empty {
  A exists
  <<
    Violation: It is
    wrong.
    Fix: Mend it.
  >>
}
"""
SET = """\
name: a-standard
title: A Standard
version: "1.0"
source: https://example.com/standard
controls:
  - id: "1.1"
    security_hub: S3.1
    title: Things are right
    rules: [s3_thing]
"""


def test_the_header_is_read() -> None:
    """With continued lines, and messages on one line."""
    rule = parse_rule(RULE, "guard_rules/s3/s3_thing.guard")
    assert (rule.name, rule.service, rule.summary) == ("s3_thing", "s3", "Every thing is right.")
    assert (rule.requirements, rule.controls) == (("REQ-V5", "REQ-O4"), ("S3.1",))
    assert rule.why == "because it must, and at once."
    assert rule.messages == (("It is wrong.", "Mend it."),)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("rule s3_thing", "rule s3_other", "must hold one rule, named s3_thing"),
        ("rule s3_thing", "rule s3_more { A exists }\nrule s3_thing", "must hold one rule"),
        ("# Rule: s3_thing", "# Rule: s3_thin", "its header must say `Rule: s3_thing`"),
        ("# Every thing is right.", "#", "begin with a sentence"),
        ("# Evaluates: AWS::S3::Bucket\n", "", "what it evaluates"),
        ("Fix: Mend it.", "Mend it.", "Violation: ... Fix"),
        ("  <<\n    Violation: It is\n    wrong.\n    Fix: Mend it.\n  >>\n", "", "Violation: ... Fix"),
        ("wrong.", "wrong; very.", "semicolon"),
    ],
)
def test_a_rule_file_that_is_not_as_the_others_is_refused(before: str, after: str, said: str) -> None:
    """Each mistake by itself."""
    assert before in RULE
    with pytest.raises(ConfigurationError, match=said) as error:
        parse_rule(RULE.replace(before, after), "guard_rules/s3/s3_thing.guard")
    assert "guard_rules/s3/s3_thing.guard" in str(error.value)


def test_an_empty_rule_file_is_refused() -> None:
    """The engine would pass over it."""
    with pytest.raises(ConfigurationError, match="must hold one rule"):
        parse_rule("", "guard_rules/s3/s3_thing.guard")
    with pytest.raises(ConfigurationError, match="snake case"):
        parse_rule(RULE, "guard_rules/s3/S3-Thing.guard")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("rules: [s3_thing]", "rules: []", r"controls\.0\.rules"),
        ("title: A Standard\n", "", "title"),
        ('version: "1.0"', 'version: "1.0"\nextra: 1', "extra"),
        ("name: a-standard", "name: a-standard\nname: b", "duplicate|twice"),
        ("controls:", "controls: [", "YAML"),
    ],
)
def test_a_rule_set_that_is_not_well_formed_is_refused(before: str, after: str, said: str) -> None:
    """With the key path."""
    with pytest.raises(ConfigurationError, match=said):
        parse_rule_set(SET.replace(before, after), "guard_rules/rule_sets/a.yaml")


def test_the_reference_says_all_of_it() -> None:
    """A page of one rule and one set."""
    page = reference(
        [parse_rule(RULE, "guard_rules/s3/s3_thing.guard")],
        [parse_rule_set(SET, "guard_rules/rule_sets/a.yaml")],
    )
    assert (
        "## s3\n### s3_thing\nEvery thing is right.\n\nEvaluates AWS::S3::Bucket. "
        "Serves REQ-V5, REQ-O4, S3.1. because it must, and at once.\n\n"
        "| violation | fix |\n|---|---|\n| It is wrong. | Mend it. |\n" in page
    )
    assert page.endswith("| 1.1 | S3.1 | Things are right | `s3_thing` |")
