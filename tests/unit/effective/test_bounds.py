"""No template hangs or exhausts memory: what grows too far is a problem."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from validator.effective import EffectiveTemplate

from .evaluating import effective


def chain(link: str, links: int, text: str) -> str:
    """Return one value in which each link holds the one before it twice."""
    for _ in range(links):
        text = link.replace("@", text)
    return text


HOSTILE = {
    "sub of sub": ("!Sub ['${a}${a}${a}${a}', {a: @}]", "x"),
    "join of join": ("!Join ['', [!Sub ['${a}${a}${a}', {a: @}], !Ref P]]", "x"),
    "text with symbols": ("!Sub ['${a}${a}${a}${a}${Q}', {a: @}]", "x"),
    "symbols of symbols": ("!Split [',', !Sub ['${a}${a}${a}${Q}', {a: !Select [0, @]}]]", "[x]"),
}


def bounded(text: str, **parameters: str) -> EffectiveTemplate:
    start = time.process_time()
    found = effective(text, **parameters)
    assert time.process_time() - start < 10
    return found


@pytest.mark.parametrize(("link", "first"), HOSTILE.values(), ids=HOSTILE)
def test_growing_text_ends(link: str, first: str) -> None:
    value = chain(link, 18, first)
    found = bounded(
        f"Parameters: {{P: {{Type: String, Default: {'y' * 4000}}}}}\n"
        f"Resources: {{Q: {{Type: T}}, A: {{Type: T, Properties: {{V: {value}}}}}}}"
    )
    (problem,) = found.problems
    assert problem.message == "the template's functions produce more than 8000000 characters"


def test_doubling_conditions_end() -> None:
    links = ", ".join(f"C{i}: !And [!Condition C{i + 1}, !Not [!Condition C{i + 1}]]" for i in range(60))
    found = bounded(
        f"Conditions: {{{links}, C60: !Equals [!Ref AWS::StackId, x]}}\nResources: {{A: {{Type: T}}}}"
    )
    assert [p.message for p in found.problems] == [
        "the template's functions produce more than 8000000 characters"
    ]


def test_a_long_list_referred_to_often_ends() -> None:
    listed = ", ".join("x" for _ in range(20_000))
    uses = ", ".join(f"P{i}: !FindInMap [M, a, b]" for i in range(2_000))
    found = bounded(
        f"Mappings: {{M: {{a: {{b: [{listed}]}}}}}}\nResources: {{A: {{Type: T, Properties: {{{uses}}}}}}}"
    )
    assert [p.message for p in found.problems] == ["the template expands to more than 400000 values"]


def test_long_text_in_a_long_loop_ends() -> None:
    items = ", ".join(f"V{i}" for i in range(20_000))
    copied = f"{{'X${{N}}': {{Type: T, Properties: {{P: {'z' * 100_000}}}}}}}"
    found = bounded(
        f"Transform: AWS::LanguageExtensions\nResources: {{'Fn::ForEach::L': [N, [{items}], {copied}]}}"
    )
    assert [p.message for p in found.problems] == [
        "the template's functions produce more than 8000000 characters"
    ]


def test_identifiers_in_long_text_end() -> None:
    copied = f"{{'X': {{Type: T, Properties: {{P: '{'${N}' * 100_000}'}}}}}}"
    tracemalloc.start()
    found = bounded(
        "Transform: AWS::LanguageExtensions\n"
        f"Parameters: {{P: {{Type: CommaDelimitedList, Default: {'v' * 4000}}}}}\n"
        f"Resources: {{'Fn::ForEach::L': [N, !Ref P, {copied}]}}"
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 50_000_000
    assert "more than 8000000 characters" in found.problems[0].message


def test_hostile_patterns_of_many_parameters_end() -> None:
    declared = ", ".join(
        f"P{i}: {{Type: String, AllowedPattern: '(a|aa)+b{i}', Default: {'a' * 4000}}}" for i in range(200)
    )
    found = bounded(f"Parameters: {{{declared}}}\nResources: {{A: {{Type: T}}}}")
    assert all("must match" in p.message or "more than 200" in p.message for p in found.problems)


def test_many_modules_and_many_references_to_nothing_end() -> None:
    modules = ", ".join(f"{'m' * 200}{i}: {{Type: 'A::B::C::MODULE'}}" for i in range(1_500))
    uses = ", ".join(f"P{i}: !Ref {'m' * 240}" for i in range(1_500))
    found = bounded(f"Resources: {{{modules}, A: {{Type: T, Properties: {{{uses}}}}}}}")
    assert {p.message for p in found.problems[:200]} == {f"no parameter or resource is named {'m' * 240}"}


def test_many_address_blocks_end() -> None:
    uses = ", ".join(f"P{i}: !Cidr [10.0.0.0/8, 256, 8]" for i in range(2_000))
    found = bounded(f"Resources: {{A: {{Type: T, Properties: {{{uses}}}}}}}")
    assert [p.message for p in found.problems] == ["the template expands to more than 400000 values"]


def test_a_split_into_many_parts_ends() -> None:
    uses = ", ".join(f"P{i}: !Split [',', !Ref P]" for i in range(110))
    found = bounded(
        f"Parameters: {{P: {{Type: String, Default: '{',' * 4000}'}}}}\n"
        f"Resources: {{A: {{Type: T, Properties: {{{uses}}}}}}}"
    )
    assert [p.message for p in found.problems] == ["the template expands to more than 400000 values"]


def test_many_encodings_end() -> None:
    uses = ", ".join(f"P{i}: {{Fn::Base64: !Ref P}}" for i in range(1_500))
    found = bounded(
        f"Parameters: {{P: {{Type: String, Default: {'y' * 4000}}}}}\n"
        f"Resources: {{A: {{Type: T, Properties: {{{uses}}}}}}}"
    )
    assert [p.message for p in found.problems] == [
        "the template's functions produce more than 8000000 characters"
    ]


def test_deep_values_do_not_exhaust_the_stack() -> None:
    value = "x"
    for _ in range(45):
        value = f"!Sub ['${{a}}', {{a: {value}}}]"
    found = bounded(f"Resources: {{A: {{Type: T, Properties: {{V: {value}}}}}}}")
    assert found.problems == ()
    assert found.resources["A"].properties == {"V": "x"}
