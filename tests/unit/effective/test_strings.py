"""Sub, Join, Split, Base64, ToJsonString and dynamic references."""

from __future__ import annotations

import pytest

from .evaluating import EXTENSIONS, outcome, problem, symbol, value

PARAMETERS = """
Parameters:
  Name: {Type: String, Default: orders}
  Size: {Type: Number, Default: 512}
  Flag: {Type: String, Default: true}
  Names: {Type: CommaDelimitedList, Default: "a, b,c"}
"""


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!Sub '${Name}-${Size}-${Flag}-${AWS::Region}'", "orders-512-true-us-east-1"),
        ("!Sub '${!Name} ${Name}'", "${Name} orders"),
        ("!Sub 'no variable $ { } $Name ${'", "no variable $ { } $Name ${"),
        ("!Sub ['${A}-${Name}', {A: !Ref Size}]", "512-orders"),
        ("!Sub ['${Name}', {Name: own}]", "own"),
        ("!Sub ['${A.B}', {A.B: own}]", "own"),
        ("!Sub ['${A}', {A: true}]", "true"),
        ("!Sub ['${A}', {A: 1.50}]", "1.5"),
        ("!Sub '${Queue}'", symbol("ref:Queue")),
        ("!Sub '${Queue.Arn}/*'", symbol("${att:Queue.Arn}/*")),
        ("!Sub '${!x}${Queue}'", symbol("${!x}${ref:Queue}")),
        ("!Join ['-', [a, !Ref Name, 1, true]]", "a-orders-1-true"),
        ("!Join ['', []]", ""),
        ("!Join [',', !Ref Names]", "a,b,c"),
        ("!Join ['/', [a, !Ref Queue, b]]", symbol("a/${ref:Queue}/b")),
        ("!Join ['', [a, !Ref AWS::NoValue, b]]", "ab"),
        ("!Join [',', !GetAtt Queue.List]", symbol('join(",", att:Queue.List)')),
        ("!Split ['-', a-b--c]", ["a", "b", "", "c"]),
        ("!Split ['-', '']", [""]),
        ("!Split ['.', !GetAtt Queue.Arn]", symbol('split(".", att:Queue.Arn)')),
        ("!Select [1, !Split [',', !ImportValue Subnets]]", symbol('select(1, split(",", import:Subnets))')),
        ("!Base64 abc", "YWJj"),
        ("Fn::Base64: !Sub 'é${Name}'", "w6lvcmRlcnM="),
        ("Fn::Base64: !Ref Queue", symbol("base64(ref:Queue)")),
        ("Fn::Base64: !Sub '${Queue}\"'", symbol('base64("${ref:Queue}\\"")')),
    ],
)
def test_strings(snippet: str, expected: object) -> None:
    assert value(snippet, PARAMETERS) == expected


def test_sub_and_join_make_the_same_symbol() -> None:
    one, _ = outcome("!Sub 'a-${Queue}-b'")
    other, _ = outcome("!Join ['-', [a, !Ref Queue, b]]")
    assert one == other


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!Sub '${Names}'", "${Names} in Fn::Sub must be text, and is a list"),
        ("!Sub ['${A}', {A: {b: c}}]", "${A} in Fn::Sub must be text, and is a mapping"),
        ("!Sub ['${A}', {A: !Ref AWS::NoValue}]", "${A} in Fn::Sub must be text, and is AWS::NoValue"),
        ("!Sub '${not a name}'", "${not a name} is no name"),
        ("!Sub [x]", "Fn::Sub takes a list of 2 arguments"),
        ("!Sub [x, y]", "the second argument of Fn::Sub is a mapping of its variables"),
        ("!Sub {a: b}", "Fn::Sub takes a string, or a list of a string and its variables"),
        ("!Join [a]", "Fn::Join takes a list of 2 arguments"),
        ("!Join [[a], [b]]", "the delimiter of Fn::Join must be text"),
        ("!Join [a, b]", "the second argument of Fn::Join must be a list"),
        ("!Join [a, [[b]]]", "each item of Fn::Join must be text, and is a list"),
        ("!Split ['', abc]", "the delimiter of Fn::Split must be text, at least one character"),
        ("!Split [',', [a]]", "the string of Fn::Split must be text, and is a list"),
        ("Fn::Base64: [a]", "the argument of Fn::Base64 must be text, and is a list"),
        ("!ToJsonString {a: b}", "Fn::ToJsonString needs the transform AWS::LanguageExtensions"),
    ],
)
def test_bad_arguments(snippet: str, expected: str) -> None:
    assert problem(snippet, PARAMETERS) == expected


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("Fn::ToJsonString: {b: 1, a: [true, !Ref Name]}", '{"b":1,"a":[true,"orders"]}'),
        ("Fn::ToJsonString: [!Ref AWS::NoValue, {a: !Ref AWS::NoValue}]", "[{}]"),
        ("Fn::ToJsonString: {n: !Ref Size, m: 5, l: !Ref Names}", '{"n":"512","m":5,"l":["a","b","c"]}'),
        ("Fn::ToJsonString: {é: x}", '{"é":"x"}'),
        ("Fn::ToJsonString: {a: !Ref Queue}", symbol('json(map("a", ref:Queue))')),
    ],
)
def test_to_json_string(snippet: str, expected: object) -> None:
    """Numbers of parameters are text in it: `Ref` gives them as text."""
    assert value(snippet, EXTENSIONS + PARAMETERS) == expected


def test_to_json_string_takes_structure_only() -> None:
    assert problem("Fn::ToJsonString: x", EXTENSIONS) == "Fn::ToJsonString takes a mapping or a list"


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("'{{resolve:ssm:/a/b:1}}'", symbol("resolve:ssm:/a/b:1")),
        (
            "'x-{{resolve:secretsmanager:S:SecretString:k}}-{{resolve:ssm:/a}}'",
            symbol("x-${resolve:secretsmanager:S:SecretString:k}-${resolve:ssm:/a}"),
        ),
        ("!Sub '{{resolve:ssm:/${Name}/x}}'", symbol("resolve:ssm:/orders/x")),
        ("!Join ['', ['{{resolve:ssm:', /a, '}}']]", symbol("resolve:ssm:/a")),
        (
            "!Sub '{{resolve:secretsmanager:${Queue}:SecretString}}'",
            symbol("{{resolve:secretsmanager:${ref:Queue}:SecretString}}"),
        ),
        ("'{{resolve:ssm:/a'", "{{resolve:ssm:/a"),
        ("'{{ x }}'", "{{ x }}"),
    ],
)
def test_dynamic_references(snippet: str, expected: object) -> None:
    assert value(snippet, PARAMETERS) == expected
