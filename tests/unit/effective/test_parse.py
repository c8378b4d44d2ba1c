"""Reading text: YAML 1.1 as CloudFormation takes it, JSON, positions, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from validator.effective import Position, parse
from validator.effective.reader import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES
from validator.errors import ConfigurationError


def body(text: str) -> object:
    return parse(text, "t.yaml").body


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        parse(text, "t.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("yes", True),
        ("Off", False),
        ("true", True),
        ("'true'", "true"),
        ("y", "y"),
        ("12", 12),
        ("-1_000", -1000),
        ("0x1F", 31),
        ("010", 8),
        ("0b11", 3),
        ("012345678901", "012345678901"),
        ("09", "09"),
        ("22:22", 1342),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e5", "1e5"),
        ("1.0e+3", 1000.0),
        (".inf", ".inf"),
        ("2012-10-17", "2012-10-17"),
        ("2001-12-14t21:59:43.10-05:00", "2001-12-14t21:59:43.10-05:00"),
        ("!!str 12", "12"),
        ("!!int '12'", 12),
        ("=", "="),
        ("+", "+"),
        ("~x", "~x"),
        ("0x", "0x"),
    ],
)
def test_plain_scalars_follow_yaml_1_1_without_timestamps(written: str, expected: object) -> None:
    read = parse(f"a: {written}", "t.yaml").body["a"]
    assert (read, type(read)) == (expected, type(expected))


def test_short_tags_become_their_long_form() -> None:
    assert body(
        "a: !Ref X\nb: !GetAtt X.Arn\nc: !Sub [x, {y: !Ref Z}]\nd: !And [!Condition A, !Condition B]"
    ) == {
        "a": {"Ref": "X"},
        "b": {"Fn::GetAtt": "X.Arn"},
        "c": {"Fn::Sub": ["x", {"y": {"Ref": "Z"}}]},
        "d": {"Fn::And": [{"Condition": "A"}, {"Condition": "B"}]},
    }


def test_keys_are_the_text_that_is_written() -> None:
    assert body("123456789012: a\nyes: b\n1.10: c") == {"123456789012": "a", "yes": "b", "1.10": "c"}


def test_json_is_read_with_its_own_numbers_tabs_and_escapes() -> None:
    text = '{\n\t"a": 1e2,\t"b": "\\ud83d\\ude00 \\/ \\\\ud83d", "c": [true, -0.5]}'
    assert body(text) == json.loads(text)


def test_every_node_has_the_position_of_its_key_or_item() -> None:
    template = parse("Resources:\n  A:\n    L:\n      - x\n      - !Sub y\n      -  !Join [a]\n", "t.yaml")
    assert template.position(("Resources", "A", "L", 2, "Fn::Join")) == Position(6, 10)
    assert template.position(("Resources", "A", "L", 2, "Fn::Join", 0)) == Position(6, 17)
    assert template.position(("Resources", "A", "L", 1, "Fn::Sub")) == Position(5, 9)
    assert template.position(("Resources", "A", "L")) == Position(3, 5)
    assert template.position(("Resources", "A", "L", 0)) == Position(4, 9)


def test_the_position_of_what_is_not_written_is_that_of_its_parent() -> None:
    template = parse("Resources:\n  A: {Type: T}\n", "t.yaml")
    assert template.position(("Resources", "A", "Properties", "X")) == Position(2, 3)


def test_aliases_and_merges_are_written_out() -> None:
    assert body("a: &a {x: 1, y: 2}\nb: *a\nc:\n  <<: *a\n  y: 3") == {
        "a": {"x": 1, "y": 2},
        "b": {"x": 1, "y": 2},
        "c": {"x": 1, "y": 3},
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [", "t.yaml:2: this is not YAML or JSON: did not find expected node content"),
        ("a: 1\nb: 2\na: 3", "t.yaml:3: a: the key stands twice; first in line 1"),
        ("a:\n  b: !Foo 1", "t.yaml:2: a.b: CloudFormation knows no tag !Foo"),
        ("a: !!binary x", "t.yaml:1: a: CloudFormation knows no tag !!binary"),
        ("a: !Foo {x: 1}", "t.yaml:1: a: CloudFormation knows no tag !Foo"),
        ("a:\n  b:\n", "t.yaml:2: a.b: CloudFormation allows no null value"),
        ("? [x]\n: y", "t.yaml:1: a key must be text, not a mapping or a list"),
        ("!Sub x: y", "t.yaml:1: x: a key must be text, not a function"),
        ("a: &a [*a]", "t.yaml:1: a.0: *a is not defined before it is used"),
        ("a: &a x\n*a : y", "t.yaml:2: a key must be text, not an alias"),
        ("<<: x", "t.yaml:1: <<: only mappings can be merged"),
        ("a: 1\n---\nb: 1", "t.yaml:2: a template is one document, and a second one begins here"),
        ("", "t.yaml:1: a template is a mapping with a Resources section"),
        ("[1]", "t.yaml:1: a template is a mapping with a Resources section"),
        ("a: \x00", "t.yaml: this is not YAML or JSON: control characters are not allowed"),
        ("a: \ud800", "t.yaml:1: this is not YAML or JSON: half of a character"),
        ('{"a": "\\ud83d"}', "t.yaml:1: this is not YAML or JSON: found invalid Unicode character escape"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, expected: str) -> None:
    (found,) = problems(text)
    assert found.startswith(expected)
    assert "\n  mend: " in found


def test_all_problems_come_in_one_run() -> None:
    found = problems("a: !Foo 1\nb:\na: 2\nc: 3")
    assert [line.split(":")[1] for line in found] == ["1", "2", "3"]


def test_problems_beyond_a_bound_are_left_out() -> None:
    assert len(problems("\n".join(f"k{index}: !Foo 1" for index in range(200)))) == 50


HOSTILE = {
    "deep lists": "[" * 10_000 + "]" * 10_000,
    "deep blocks": "- " * 10_000 + "x",
    "deep mappings": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "unclosed": "[" * 1_000_000,
    "wide": "a: [" + "x, " * 300_000 + "x]",
    "wide lists": "a: [" + "[], " * 260_000 + "[]]",
    "too long": "a: " + "x" * MAX_CHARACTERS,
    "laughs": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)),
    "long laughs": f"a: &a {'x' * 100_000}\nb: [{', '.join(['*a'] * 100)}]",
    "deep aliases": "a: &a0 [[[[[[[[x]]]]]]]]\n"
    + "".join(f"k{i}: &a{i + 1} [[[[[[[[*a{i}]]]]]]]]\n" for i in range(20)),
    "many anchors": "".join(f"k{i}: &a{i} x\n" for i in range(80_000)),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_ends_in_a_clear_error_within_seconds(text: str) -> None:
    start = time.process_time()
    (found,) = problems(text)
    assert time.process_time() - start < 10
    assert "t.yaml" in found
    assert "Traceback" not in found


def test_the_bounds_admit_what_cloudformation_does() -> None:
    deep = "a: " + "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)
    assert body(deep)
    wide = "a: [" + "x, " * (MAX_NODES - 10) + "x]"
    assert body(wide)


def test_importing_is_cheap() -> None:
    """Nothing that takes long to import comes along: the command line imports this for every command."""
    code = "import sys, validator.effective; print(*sorted(m.split('.')[0] for m in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"cfnlint", "boto3", "botocore", "pydantic", "sceptre", "jinja2"} & set(loaded.split())
