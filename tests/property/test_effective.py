"""Laws of the evaluator: it is a function, it never raises, and what it made needs no making again."""

from __future__ import annotations

import ipaddress
import json
import re
import string
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from validator.effective import (
    NO_VALUE,
    Context,
    EffectiveTemplate,
    Symbol,
    evaluate,
    parse,
    symbolic,
)
from validator.effective.intrinsics import FUNCTIONS
from validator.effective.patterns import Steps, matches
from validator.errors import ConfigurationError

LAW = settings(
    derandomize=True, deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow]
)
CONTEXT = Context(account="111111111111", region="us-east-1", stack_name="stack")
PARAMETERS = ("Text", "Count", "Names")
CONDITIONS = ("Always", "Never", "ByText", "ByBoth")
RESOURCES = ("Queue", "Topic", "Absent")
NAMES = (*PARAMETERS, *RESOURCES, "AWS::Region", "AWS::StackId", "AWS::NoValue")
SAFE = st.text(string.ascii_letters + string.digits + " -,:/${}!.é", max_size=8)
SCALARS = (
    SAFE | st.integers(-5, 300) | st.booleans() | st.just("{{resolve:ssm:/a:1}}") | st.just("10.0.0.0/16")
)


def call(name: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(*arguments).map(lambda parts: {name: list(parts)})


def functions(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Every function, with arguments that are right often and wrong sometimes."""
    conditions = st.sampled_from((*CONDITIONS, "Gone"))
    listed = st.lists(inner, max_size=3) | inner
    return st.one_of(
        st.sampled_from((*NAMES, "Gone")).map(lambda name: {"Ref": name}),
        st.sampled_from(("Queue.Arn", "Absent.Arn", "Gone.Arn", "Queue")).map(lambda at: {"Fn::GetAtt": at}),
        st.sampled_from(("${Text}-${Queue.Arn}", "${!Text}${Count}", "${Names}", "${Gone}", "x")).map(
            lambda text: {"Fn::Sub": text}
        ),
        call("Fn::Sub", st.just("${a}${a}-${Text}"), st.fixed_dictionaries({"a": inner})),
        call("Fn::Join", st.sampled_from(["", ",", ":"]), listed),
        call("Fn::Split", st.sampled_from([",", "-", ""]), inner),
        call("Fn::Select", st.integers(0, 2) | inner, listed),
        call("Fn::If", conditions, inner, inner),
        call("Fn::FindInMap", st.just("Map"), st.sampled_from(["a", "gone"]) | inner, st.just("size")),
        call("Fn::Cidr", st.just("10.0.0.0/16") | inner, st.integers(0, 4), st.integers(0, 40) | inner),
        inner.map(lambda value: {"Fn::Base64": value}),
        inner.map(lambda value: {"Fn::ToJsonString": value}),
        inner.map(lambda value: {"Fn::Length": value}),
        inner.map(lambda value: {"Fn::ImportValue": value}),
        inner.map(lambda value: {"Fn::GetAZs": value}),
        inner.map(lambda value: {"Fn::Transform": value}),
        inner.map(lambda value: {"Fn::Unknown": value}),
    )


def structures(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from(["A", "B", "Ref", "Condition", "Fn::Join", "$symbol", "Key"])
    return functions(inner) | st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)


VALUES = st.recursive(SCALARS, structures, max_leaves=12)


def sound_texts(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Functions with arguments of the right kind, so that whole templates come out without problems."""
    texts = st.lists(inner, min_size=1, max_size=3)
    return st.one_of(
        st.sampled_from(("Text", "Count", "Queue", "AWS::Region", "AWS::StackId")).map(lambda n: {"Ref": n}),
        st.sampled_from(("${Text}-${Queue.Arn}", "${!Text}${Count}", "x")).map(lambda t: {"Fn::Sub": t}),
        call("Fn::Sub", st.just("${a}${a}-${Text}"), st.fixed_dictionaries({"a": inner})),
        call("Fn::Join", st.sampled_from(["", ",", ":"]), texts),
        call("Fn::Select", st.just(0), texts),
        call("Fn::Select", st.just(0), call("Fn::Split", st.just("-"), inner)),
        call("Fn::If", st.sampled_from(CONDITIONS), inner, inner),
        call("Fn::FindInMap", st.just("Map"), st.just("a"), st.just("size")),
        inner.map(lambda value: {"Fn::Base64": value}),
        inner.map(lambda value: {"Fn::ImportValue": value}),
        texts.map(lambda value: {"Fn::ToJsonString": value}),
    )


NOTHING = {"Ref": "AWS::NoValue"}
SOUND = st.recursive(
    st.recursive(SAFE, sound_texts, max_leaves=8),
    lambda inner: st.one_of(
        st.lists(inner | st.just(NOTHING), max_size=3),
        st.dictionaries(st.sampled_from(["A", "B", "Key"]), inner | st.just(NOTHING), max_size=3),
        call("Fn::If", st.sampled_from(CONDITIONS), inner, inner | st.just(NOTHING)),
    ),
    max_leaves=8,
)


def truths(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        call("Fn::And", inner, inner),
        call("Fn::Or", inner, inner),
        call("Fn::Not", inner),
        st.sampled_from((*CONDITIONS, "Gone")).map(lambda name: {"Condition": name}),
    )


TRUTHS = st.recursive(call("Fn::Equals", VALUES, VALUES), truths, max_leaves=4)


EQUALITIES = call("Fn::Equals", SAFE, st.just({"Ref": "Text"}))


@st.composite
def templates(draw: st.DrawFn) -> dict[str, Any]:
    values, truth = draw(st.sampled_from(((SOUND, EQUALITIES), (VALUES, TRUTHS))))
    loop = ["Item", draw(st.sampled_from([["x", "y"], {"Ref": "Names"}]))]
    copied = {"Type": "T", "Properties": {"P": draw(values), "I": {"Fn::Sub": "${Item}&{Item}"}}}
    return {
        "Transform": draw(st.sampled_from(["AWS::LanguageExtensions", ["AWS::LanguageExtensions", "Macro"]])),
        "Parameters": {
            "Text": {"Type": "String", "Default": draw(SAFE), "AllowedPattern": ".*"},
            "Count": {"Type": "Number", "Default": draw(st.integers(0, 9))},
            "Names": {"Type": "CommaDelimitedList", "Default": draw(st.sampled_from(["a", "a,b", "a, b,c"]))},
        },
        "Mappings": {"Map": {"a": {"size": 5}, "b": {"size": ["x", "y"]}}},
        "Conditions": {
            "Always": {"Fn::Equals": ["a", "a"]},
            "Never": {"Fn::Equals": ["a", "b"]},
            "ByText": {"Fn::Equals": [{"Ref": "Text"}, draw(SAFE)]},
            "ByBoth": draw(truth),
        },
        "Resources": {
            "Queue": {"Type": "T", "Properties": {"P": draw(values), "Q": draw(values)}},
            "Topic": {"Type": "T", "Condition": draw(st.sampled_from(CONDITIONS)), "Metadata": draw(values)},
            "Absent": {"Type": "T", "Condition": "Never", "Properties": {"P": draw(values)}},
            "Fn::ForEach::Loop": [*loop, {"Copy${Item}": copied}],
        },
        "Outputs": {"O": {"Value": draw(values), "Condition": draw(st.sampled_from(CONDITIONS))}},
    }


def evaluated(body: Any, **parameters: str | Symbol) -> EffectiveTemplate:
    return evaluate(parse(json.dumps(body), "t.json"), parameters, CONTEXT)


def holds_no_value(value: Any) -> bool:
    if isinstance(value, dict):
        return any(holds_no_value(item) for item in value.values())
    return value is NO_VALUE or (isinstance(value, list) and any(map(holds_no_value, value)))


def functions_in(value: Any) -> Iterator[str]:
    """Yield the functions that are left in an effective template."""
    if isinstance(value, dict):
        if len(value) == 1:
            yield from (key for key in value if key in FUNCTIONS and key != "$symbol")
        for item in value.values():
            yield from functions_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from functions_in(item)


def the_same_input_gives_the_same_result(body: dict[str, Any], found: EffectiveTemplate) -> None:
    other = evaluated(json.loads(json.dumps(body)))
    assert found.to_json() == other.to_json()
    assert (found.problems, found.origins, found.conditions) == (
        other.problems,
        other.origins,
        other.conditions,
    )


def the_template_is_not_changed(body: dict[str, Any], _found: EffectiveTemplate) -> None:
    template = parse(json.dumps(body), "t.json")
    evaluate(template, {}, CONTEXT)
    assert template.body == json.loads(json.dumps(body))


def no_value_never_survives(_body: dict[str, Any], found: EffectiveTemplate) -> None:
    for resource in found.resources.values():
        assert not holds_no_value(dict(resource.properties))
        assert not holds_no_value(dict(resource.attributes))
    assert not holds_no_value(dict(found.outputs))


def no_function_survives(_body: dict[str, Any], found: EffectiveTemplate) -> None:
    assert not list(functions_in(found.to_json()))


def an_effective_template_evaluates_to_itself(_body: dict[str, Any], found: EffectiveTemplate) -> None:
    assert evaluated(found.to_json()).to_json() == found.to_json()


def every_effective_value_has_a_position(_body: dict[str, Any], found: EffectiveTemplate) -> None:
    for name, resource in found.resources.items():
        for key in resource.properties:
            assert found.position(("Resources", name, "Properties", key)) is not None
    assert all(problem.line for problem in found.problems)


def what_is_known_of_a_symbolic_parameter_holds_for_every_value(body: dict[str, Any], text: str) -> None:
    """A value without symbols, and a condition that is decided, do not depend on the unknown."""
    unknown, known = evaluated(body, Text=Symbol.named("text")), evaluated(body, Text=text)
    for name, truth in unknown.conditions.items():
        assert isinstance(truth, Symbol) or known.conditions[name] is truth
    for name, resource in unknown.resources.items():
        if name not in known.resources:
            assert "Condition" in resource.attributes or name.startswith("Copy")
            continue
        for key, value in resource.properties.items():
            if not symbolic(value):
                assert known.resources[name].properties[key] == value


LAWS = (
    the_same_input_gives_the_same_result,
    the_template_is_not_changed,
    no_value_never_survives,
    no_function_survives,
    an_effective_template_evaluates_to_itself,
    every_effective_value_has_a_position,
)


def test_every_law_holds_of_every_template() -> None:
    """Making a template takes longer than judging it, so that all laws are held against each.

    The generator is no use if nearly everything it makes is refused or written down plainly.
    """
    seen: Counter[str] = Counter()

    @settings(LAW, max_examples=200)
    @given(templates(), SAFE)
    def look(body: dict[str, Any], text: str) -> None:
        found = evaluated(body)
        for law in LAWS:
            law(body, found)
        what_is_known_of_a_symbolic_parameter_holds_for_every_value(body, text)
        seen["templates"] += 1
        seen["without problems"] += not found.problems
        seen["with a function"] += any(True for _ in functions_in(body["Resources"]["Queue"]))
        seen["with a symbol"] += any(symbolic(dict(r.properties)) for r in found.resources.values())
        seen["with a copy"] += any(name.startswith("Copy") for name in found.resources)

    look()
    for kind, count in seen.items():
        assert count * 8 > seen["templates"], (kind, seen)


@LAW
@given(st.recursive(SCALARS | st.none(), structures, max_leaves=30))
@example({"Resources": {"A": {"Type": "T", "Properties": {"Fn::ForEach::L": []}}}})
@example({"Resources": {"A": {"Type": "T", "Condition": {"Ref": "AWS::NoValue"}}}})
@example({"Parameters": {"P": {"Type": "Number", "Default": []}}, "Resources": {"A": {"Type": "T"}}})
@example({"Mappings": [], "Conditions": "x", "Rules": {"R": 1}, "Outputs": [1], "Resources": {"A": []}})
def test_anything_evaluates_or_is_refused(body: Any) -> None:
    for document in (body, {"Resources": body}, {"Resources": {"A": body}, "Conditions": {"C": body}}):
        try:
            found = evaluated(document)
        except ConfigurationError as error:
            assert error.problems
        else:
            json.dumps(found.to_json())


@LAW
@given(st.text(max_size=200) | st.text("{}[]:,-&*!<>?|#'\" \n\tab1", max_size=200) | st.binary(max_size=200))
def test_any_text_is_read_or_refused_soon(text: str | bytes) -> None:
    written = text.decode("latin-1") if isinstance(text, bytes) else text
    start = time.process_time()
    try:
        evaluate(parse(written, "t.yaml"), {}, CONTEXT)
    except ConfigurationError as error:
        assert error.problems
        assert all(problem.file == "t.yaml" for problem in error.problems)
    assert time.process_time() - start < 5


@LAW
@given(st.lists(st.text("abc", max_size=3), min_size=1, max_size=5), st.data())
def test_split_takes_apart_what_join_put_together(items: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(items) - 1))
    joined = {"Fn::Join": [",", items]}
    value = {"Fn::Select": [index, {"Fn::Split": [",", joined]}]}
    found = evaluated({"Resources": {"A": {"Type": "T", "Properties": {"P": value}}}})
    assert found.resources["A"].properties["P"] == items[index]


@LAW
@given(st.integers(0, 2**32 - 1), st.integers(8, 28), st.integers(1, 16), st.integers(2, 12))
def test_cidr_blocks_are_disjoint_and_inside(address: int, prefix: int, count: int, bits: int) -> None:
    block = ipaddress.ip_network((address, prefix), strict=False)
    value = {"Fn::Cidr": [str(block), count, bits]}
    found = evaluated({"Resources": {"A": {"Type": "T", "Properties": {"P": value}}}})
    fits = prefix <= 32 - bits and count <= 2 ** (32 - bits - prefix)
    assert fits is not bool(found.problems)
    if fits:
        made = [ipaddress.ip_network(text) for text in found.resources["A"].properties["P"]]
        assert len(made) == count
        assert all(part.prefixlen == 32 - bits and part.subnet_of(block) for part in made)  # type: ignore[arg-type]
        assert len({part.network_address for part in made}) == count


PARTS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", "^", "$", r"\w"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        inner.map(lambda part: f"({part})*"),
        inner.map(lambda part: f"(?:{part}){{1,2}}"),
        inner.map(lambda part: f"({part})?"),
        inner.map(lambda part: f"(?!{part})"),
    ),
    max_leaves=6,
)


@LAW
@given(PARTS, st.text("ab1", max_size=5))
def test_patterns_match_what_a_backtracking_engine_matches(pattern: str, text: str) -> None:
    assert matches(pattern, text, Steps()) is (re.fullmatch(pattern, text) is not None)
