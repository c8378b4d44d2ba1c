"""Select, Length, GetAZs and Cidr."""

from __future__ import annotations

import ipaddress

import pytest

from validator.effective import Context, Symbol, to_json

from .evaluating import EXTENSIONS, outcome, problem, symbol, value

LISTS = """
Parameters:
  Names: {Type: CommaDelimitedList, Default: "a,b,c"}
  Index: {Type: Number, Default: 2}
  Block: {Type: String, Default: 10.32.0.0/16}
"""


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!Select [0, [a, b]]", "a"),
        ("!Select ['1', [a, b]]", "b"),
        ("!Select [!Ref Index, !Ref Names]", "c"),
        ("!Select [0, [{k: !Ref Block}]]", {"k": "10.32.0.0/16"}),
        ("!Select [3, !GetAtt Queue.List]", symbol("select(3, att:Queue.List)")),
        ("!Select [0, !GetAZs '']", symbol("az:us-east-1:0")),
        ("!Select [2, !GetAZs eu-west-1]", symbol("az:eu-west-1:2")),
        ("!GetAZs {Ref: AWS::Region}", symbol("azs:us-east-1")),
    ],
)
def test_select_and_zones(snippet: str, expected: object) -> None:
    assert value(snippet, LISTS) == expected


def test_select_by_an_index_that_deployment_knows() -> None:
    assert value("!Select [!GetAtt Queue.Index, [a, b]]") == symbol('select(att:Queue.Index, list("a", "b"))')


@pytest.mark.parametrize(
    ("zones", "expected"), [(2, ["az:us-east-1:0", "az:us-east-1:1"]), (("us-east-1a",), [])]
)
def test_zones_of_the_context(zones: int | tuple[str, ...], expected: list[str]) -> None:
    context = Context("1", "us-east-1", "s", availability_zones=zones)
    assert value("!GetAZs ''", context=context) == (
        [symbol(text) for text in expected] if expected else ["us-east-1a"]
    )


def test_zones_of_a_symbolic_region() -> None:
    context = Context("1", Symbol.named("region"), "s")
    assert value("!Select [1, !GetAZs '']", context=context) == symbol("az:${region}:1")


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!Select [2, [a, b]]", "Fn::Select asks for item 2 of a list of 2"),
        ("!Select [-1, [a, b]]", "the index of Fn::Select must be a whole number, and is '-1'"),
        ("!Select [x, [a, b]]", "the index of Fn::Select must be a whole number, and is 'x'"),
        ("!Select [0, a]", "the second argument of Fn::Select must be a list"),
        ("!Select [0]", "Fn::Select takes a list of 2 arguments"),
        ("!Length [a]", "Fn::Length needs the transform AWS::LanguageExtensions"),
        ("!GetAZs [x]", "the region of Fn::GetAZs must be text, and is a list"),
    ],
)
def test_bad_arguments(snippet: str, expected: str) -> None:
    assert problem(snippet) == expected


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("Fn::Length: !Ref Names", 3),
        ("!Length [a, b]", 2),
        ("Fn::Length: !Split ['|', 'a|b|c|d']", 4),
        ("Fn::Length: !GetAtt Queue.List", symbol("length(att:Queue.List)")),
    ],
)
def test_length(snippet: str, expected: object) -> None:
    assert value(snippet, EXTENSIONS + LISTS) == expected


def test_length_of_no_list() -> None:
    assert problem("Fn::Length: x", EXTENSIONS) == "Fn::Length takes a list"


def test_cidr_as_the_documentation_shows_it() -> None:
    """Template Reference, "Fn::Cidr": 6 blocks of /27 in a /24."""
    assert value('!Cidr ["192.168.0.0/24", 6, 5]') == [
        "192.168.0.0/27",
        "192.168.0.32/27",
        "192.168.0.64/27",
        "192.168.0.96/27",
        "192.168.0.128/27",
        "192.168.0.160/27",
    ]


@pytest.mark.parametrize(
    ("block", "count", "bits"), [("10.32.0.0/16", 256, 8), ("10.0.0.0/8", 7, 20), ("2001:db8::/56", 256, 64)]
)
def test_cidr_is_exact(block: str, count: int, bits: int) -> None:
    network = ipaddress.ip_network(block)
    subnets = network.subnets(new_prefix=network.max_prefixlen - bits)
    expected = [str(next(subnets)) for _ in range(count)]
    assert value(f'!Cidr ["{block}", {count}, "{bits}"]') == expected


def test_cidr_of_a_symbolic_block_does_not_depend_on_the_count() -> None:
    block = Symbol.named("network.cidr")
    many, _ = outcome("!Cidr [!Ref Block, 6, 8]", LISTS, Block=block)
    few, _ = outcome("!Cidr [!Ref Block, 2, 8]", LISTS, Block=block)
    assert many[:2] == few
    assert to_json(few) == [symbol("cidr(network.cidr, 8, 0)"), symbol("cidr(network.cidr, 8, 1)")]


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        (
            "!Cidr [!Select [0, !GetAtt Queue.Blocks], 1, 64]",
            [symbol("cidr(select(0, att:Queue.Blocks), 64, 0)")],
        ),
        ("!Cidr [10.0.0.0/16, 1]", [symbol('cidr("10.0.0.0/16", "", 0)')]),
        ("!Cidr [10.0.0.0/16, !GetAtt Queue.Count, 8]", symbol('cidr("10.0.0.0/16", 8, att:Queue.Count)')),
    ],
)
def test_cidr_that_only_deployment_knows(snippet: str, expected: object) -> None:
    assert value(snippet) == expected


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        ("!Cidr [10.0.0.0/16, 257, 8]", "the count of Fn::Cidr is from 1 to 256, and here 257"),
        ("!Cidr [10.0.0.0/16, 0, 8]", "the count of Fn::Cidr is from 1 to 256, and here 0"),
        ("!Cidr [10.0.0.0/24, 3, 7]", "10.0.0.0/24 holds 2 blocks of 7 host bits, and Fn::Cidr asks for 3"),
        ("!Cidr [10.0.0.0/24, 1, 9]", "Fn::Cidr cannot cut blocks of 9 host bits out of 10.0.0.0/24"),
        ("!Cidr [10.0.0.0/24, 1, 40]", "Fn::Cidr cannot cut blocks of 40 host bits out of 10.0.0.0/24"),
        ("!Cidr [nothing, 1, 8]", "Fn::Cidr needs an address block, not 'nothing'"),
        ("!Cidr [10.0.0.0/24, many, 8]", "the count of Fn::Cidr must be a whole number, and is 'many'"),
        ("!Cidr [10.0.0.0/24]", "Fn::Cidr takes a list of 2 to 3 arguments"),
    ],
)
def test_cidr_that_cannot_be(snippet: str, expected: str) -> None:
    assert problem(snippet) == expected
