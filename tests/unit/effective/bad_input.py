"""Text that is meant to hang the reader or the evaluator, or to exhaust memory; and bytes that are no text."""

from __future__ import annotations

import random
from collections.abc import Callable

from validator.effective.reader import MAX_CHARACTERS

Text = str | bytes
LEVELS = 10_000
GOOD = "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties: {Name: café}\n"
VALUES = "the template expands to more than 400000 values"
DEEP = "nested deeper than 100 levels"
NO_TEXT = "is no UTF-8 text"
NO_YAML = "this is not YAML or JSON"
NO_TEMPLATE = "a template is a mapping with a Resources section"


def resources(properties: str, head: str = "") -> str:
    """Return a template with one resource."""
    return f"{head}\nResources: {{A: {{Type: T, Properties: {{{properties}}}}}}}"


def many(count: int, form: Callable[[int], str], between: str = ", ") -> str:
    """Return `form` of each number below `count`."""
    return between.join(map(form, range(count)))


def looped(items: str, fragment: str) -> str:
    """Return a template with three loops inside each other, all over the same items."""
    inner = f"{{'Fn::ForEach::C': [C, *l, {fragment}]}}"
    middle = f"{{'Fn::ForEach::B': [B, *l, {inner}]}}"
    return f"Transform: AWS::LanguageExtensions\nResources: {{'Fn::ForEach::A': [A, &l [{items}], {middle}]}}"


def long(characters: int) -> str:
    """Return a sound template of exactly so many characters, dense with functions."""
    block = (
        "  Q{}: {{Type: T, Properties: {{A: !Sub '${{AWS::Region}}-x', B: !If [C, a, !Ref AWS::NoValue]}}}}\n"
    )
    pieces = ["Conditions: {C: !Equals [a, b]}\nResources:\n"]
    written = len(pieces[0])
    while written < characters - 200:
        pieces.append(block.format(len(pieces)))
        written += len(pieces[-1])
    return f"{''.join(pieces)}# ".ljust(characters, "x")


def noise(count: int) -> bytes:
    """Return bytes without sense, the same each time."""
    return random.Random(count).randbytes(count)  # noqa: S311 - no secret


NAMES = [f"n{index}" for index in range(60_000)]
LAUGHS = "a0: &a0 {k: lol}\n" + many(60, lambda n: f"a{n + 1}: &a{n + 1} {{x: *a{n}, y: *a{n}}}", "\n")

CASES: dict[str, tuple[Text, str]] = {
    # cycles
    "conditions in a long circle": (
        f"Conditions: {{{many(9_000, lambda n: f'C{n}: !Not [!Condition C{(n + 1) % 9_000}]')}}}\n{GOOD}",
        "circular conditions: C0 needs C1 needs",
    ),
    "conditions in many circles": (
        f"Conditions: {{{many(8_000, lambda n: f'C{n}: !Or [!Condition C{n}, !Condition C{n + 1}]')}}}\n{GOOD}",
        "circular conditions: C",
    ),
    "resources that need each other": (
        "Resources: {A: {Type: T, DependsOn: B}, B: {Type: T, Properties: {P: !Ref A}}}",
        "",  # cfn-lint's finding, E3004
    ),
    "an alias inside itself": ("Resources: &r {A: *r}", "*r is not defined before it is used"),
    # depth
    "deep JSON mappings": ('{"a":' * LEVELS + "1" + "}" * LEVELS, DEEP),
    "deep JSON lists": ("[" * LEVELS + "]" * LEVELS, DEEP),
    "deep flow mappings": ("{a: " * LEVELS + "1" + "}" * LEVELS, DEEP),
    "deep block lists": ("- " * LEVELS + "x", DEEP),
    "deep block mappings": (many(1_400, lambda n: " " * n + "a:", "\n"), DEEP),
    "deeper block mappings than fit": (
        many(3_000, lambda n: " " * n + "a:", "\n"),
        "CloudFormation takes at most",
    ),
    "deep functions": (resources("P: " + "!Sub ['${a}', {a: " * LEVELS + "x" + "}]" * LEVELS), DEEP),
    "deep keys": ("? " * LEVELS + "x", "a key must be text"),
    # laughs
    "laughs": (LAUGHS, "aliases expanded"),
    "merged laughs": (LAUGHS.replace("x: *", "<<: *"), "aliases expanded"),
    "long laughs": (f"a: &a {'x' * 100_000}\nb: [{many(100, lambda _: '*a')}]", "aliases expanded"),
    "quadratic laughs": (
        f"a: &a [{many(20_000, str)}]\nb: [{many(20_000, lambda _: '*a')}]",
        "aliases expanded",
    ),
    # loops
    "a loop of loops of loops": (looped(many(300, str), "{'X${A}x${B}x${C}': {Type: T}}"), VALUES),
    "loops around nothing": (looped(many(600, str), "{}"), VALUES),
    "loops in properties": (
        "Transform: AWS::LanguageExtensions\n"
        + resources(
            f"'Fn::ForEach::L': [N, [{many(60_000, str)}], {{'P${{N}}': {{a: [!Ref N, b, c, d, e, f]}}}}]"
        ),
        VALUES,
    ),
    "a loop over the same item": (
        "Transform: AWS::LanguageExtensions\n"
        f"Resources: {{'Fn::ForEach::L': [N, [{many(60_000, lambda _: 'x')}], {{'R${{N}}': {{Type: T}}}}]}}",
        "the key Rx comes out twice",
    ),
    # size
    "a megabyte": (long(MAX_CHARACTERS), ""),
    "a megabyte and one": (long(MAX_CHARACTERS + 1), "CloudFormation takes at most 1048576"),
    "a megabyte of one text": (GOOD + "# " + "x" * (MAX_CHARACTERS - len(GOOD) - 2), ""),
    "a megabyte of references to nothing": (
        resources(many(60_000, lambda n: f"P{n}: !Ref X")),
        "no parameter or resource is named X",
    ),
    "a megabyte of tag directives": (
        many(60_000, lambda n: f"%TAG !t{n}! x", "\n") + f"\n--- \n{GOOD}",
        "more than 16 lines that begin with %TAG",
    ),
    "tag directives between other breaks": (
        many(40_000, lambda n: f"%TAG !t{n}! x", "\r") + f"\r--- \r{GOOD}",
        "more than 16 lines that begin with %TAG",
    ),
    "a megabyte of line ends": ("\n" * 1_000_000, NO_TEMPLATE),
    "a megabyte of quotes": ("'" * 1_000_000, NO_TEMPLATE),
    "a megabyte of documents": (f"{GOOD}---\n" * 10_000, "a second one begins here"),
    "many members against many allowed values": (
        f"Parameters: {{P: {{Type: CommaDelimitedList, Default: '{'a,' * 2_000}', "
        f"AllowedValues: [{', '.join(NAMES)}]}}}}\n{GOOD}",
        "P must be one of n0, n1",
    ),
    "a pattern that others take forever to match": (
        f"Parameters: {{P: {{Type: String, Default: '{'a' * 4_000}b', AllowedPattern: '(a+)+'}}}}\n{GOOD}",
        "P must match the pattern",
    ),
    "deep paths to many values": (
        resources("k: " + "{k: " * 60 + f"[{many(60_000, lambda _: '{a: b}')}]" + "}" * 60),
        "",
    ),
    # no template
    "nothing": ("", NO_TEMPLATE),
    "a comment": ("# nothing\n", NO_TEMPLATE),
    "a list": ("[1, 2]", NO_TEMPLATE),
    "half a template": ('{"Resources": {"A": {"Type": "T"', NO_YAML),
    # no text
    "noise": (noise(500_000), NO_TEXT),
    "a picture": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + noise(1_000), NO_TEXT),
    "an archive": (b"PK\x03\x04" + noise(1_000), NO_TEXT),
    "nothing but zeros": (bytes(100_000), NO_YAML),
    "zeros in text": (GOOD.replace("Queue", "Que\x00ue"), NO_YAML),
    "control characters": (GOOD.replace("Queue", "Que\x1bue"), NO_YAML),
    # encodings
    "UTF-8 with a mark": (GOOD.encode("utf-8-sig"), ""),
    "line ends of Windows": (GOOD.replace("\n", "\r\n"), ""),
    "UTF-16 with a mark": (GOOD.encode("utf-16"), NO_TEXT),
    "UTF-16 without one": (GOOD.encode("utf-16-le"), NO_TEXT),
    "UTF-16 of ASCII": (GOOD.replace("é", "e").encode("utf-16-be"), NO_YAML),
    "UTF-32": (GOOD.encode("utf-32"), NO_TEXT),
    "Latin-1": (GOOD.encode("latin-1"), NO_TEXT),
    "half a character": (GOOD.encode()[:-5] + b"\xc3", NO_TEXT),
    "UTF-8 of halves": (GOOD.encode() + "\ud83d".encode("utf-8", "surrogatepass"), NO_TEXT),
}
"""Name: what is in the file, and the beginning or part of the first message; empty where nothing is wrong."""
