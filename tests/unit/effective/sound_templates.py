"""Templates without mistakes, for two evaluators to compare: every function, nested at random.

They keep clear of what the corpus lists as the oracle's faults: texts are ASCII without `${`, indexes are numbers, what
is joined or compared is text, lists hold no `AWS::NoValue`.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Value = st.SearchStrategy[Any]

TEXT = st.text(string.ascii_letters + string.digits + " -_,:/.!", max_size=8)
CONDITIONS = ("Always", "Never", "ByText", "ByBoth", "ByStored")
_VALUES = (
    "Text",
    "Count",
    "AWS::Region",
    "AWS::AccountId",
    "AWS::StackName",
    "AWS::StackId",
    "AWS::Partition",
)
_RUNTIME = ("Queue", "Stored", "AWS::URLSuffix")


@dataclass(frozen=True, slots=True)
class Case:
    """A template and the parameters that it gets."""

    body: dict[str, Any]
    parameters: dict[str, str]


def call(name: str, *arguments: Value) -> Value:
    """Return calls of a function with a list of arguments."""
    return st.tuples(*arguments).map(lambda parts: {name: list(parts)})


def refs(*names: str) -> Value:
    """Return references to one of `names`."""
    return st.sampled_from(names).map(lambda name: {"Ref": name})


def lists(text: Value) -> Value:
    """Return expressions that come to a list of at least two texts."""
    written = st.lists(text, min_size=2, max_size=3)
    return st.one_of(
        written,
        refs("Names"),
        call("Fn::Split", st.just("<"), text.map(lambda part: {"Fn::Join": ["<", [part, "end"]]})),
        call("Fn::If", st.sampled_from(CONDITIONS), written, refs("Names")),
        call("Fn::FindInMap", st.just("Map"), st.just("b"), st.just("list")),
        call("Fn::Cidr", st.just("10.0.0.0/16"), st.integers(2, 4), st.integers(4, 8)),
        st.sampled_from(
            [{"Fn::GetAZs": ""}, {"Fn::GetAZs": "eu-west-1"}, {"Fn::GetAZs": {"Ref": "AWS::Region"}}]
        ),
        st.just({"Fn::Split": [",", {"Fn::ImportValue": "Subnets"}]}),
    )


def texts_of(inner: Value) -> Value:
    """Return the functions that make text, of text that is known before deployment or not."""
    return st.one_of(
        call(
            "Fn::Sub",
            st.just("${a}/${b.c}/${a}-${!a}-${Text}"),
            st.fixed_dictionaries({"a": inner, "b.c": inner}),
        ),
        call("Fn::Join", st.sampled_from(["", ",", ":"]), lists(inner)),
        call("Fn::Select", st.integers(0, 1), lists(inner)),
        call("Fn::If", st.sampled_from(CONDITIONS), inner, inner),
        inner.map(lambda part: {"Fn::Base64": part}),
        call(
            "Fn::FindInMap", st.just("Map"), st.sampled_from(["a", "gone"]), st.just("size"), default(inner)
        ),
    )


def default(inner: Value) -> Value:
    """Return the `DefaultValue` argument of `Fn::FindInMap`."""
    return inner.map(lambda part: {"DefaultValue": part})


KNOWN = st.recursive(
    TEXT
    | refs(*_VALUES)
    | st.sampled_from(["${Text}-${Count}", "${AWS::Region}${!x}"]).map(lambda t: {"Fn::Sub": t}),
    lambda inner: st.one_of(
        call("Fn::Join", st.sampled_from(["", "-"]), st.lists(inner, min_size=1, max_size=3)),
        call("Fn::Select", st.integers(0, 1), st.lists(inner, min_size=2, max_size=2) | refs("Names")),
        call("Fn::FindInMap", st.just("Map"), st.sampled_from(["a", "b"]), st.just("size")),
    ),
    max_leaves=4,
)
"""Texts that conditions may be made of."""

TEXTS = st.recursive(
    st.one_of(
        TEXT,
        refs(*_VALUES, *_RUNTIME),
        st.sampled_from(
            ["${Text}-${Queue.Arn}", "${!Text}${Count}", "arn:${AWS::Partition}:${Queue}", "${Queue.A.B}"]
        ).map(lambda text: {"Fn::Sub": text}),
        st.just({"Fn::GetAtt": ["Queue", "Arn"]}),
        st.sampled_from(["{{resolve:ssm:/a:1}}", "x-{{resolve:secretsmanager:S:SecretString:k}}-y"]),
        st.sampled_from(["Name", {"Fn::Sub": "${Text}-Export"}]).map(lambda name: {"Fn::ImportValue": name}),
    ),
    texts_of,
    max_leaves=8,
)

NOTHING = {"Ref": "AWS::NoValue"}
KEYS = st.sampled_from(["A", "B", "Key"])


def written(inner: Value, maybe: Value) -> Value:
    """Return lists, mappings and choices of values; those of mappings are `maybe` left out."""
    return st.one_of(
        st.lists(inner, max_size=3),
        lists(TEXTS),
        st.dictionaries(KEYS, maybe, max_size=3),
        call("Fn::If", st.sampled_from(CONDITIONS), inner, inner),
    )


SCALARS = TEXTS | st.integers(-5, 300) | st.booleans() | lists(TEXTS).map(lambda part: {"Fn::Length": part})
JSON = st.recursive(SCALARS, lambda inner: written(inner, inner), max_leaves=4).map(
    lambda value: {"Fn::ToJsonString": {"value": value}}
)
VALUES = st.recursive(SCALARS | JSON, lambda inner: written(inner, inner | st.just(NOTHING)), max_leaves=8)

TRUTHS = st.recursive(
    call("Fn::Equals", KNOWN, KNOWN) | st.sampled_from(CONDITIONS[:3]).map(lambda name: {"Condition": name}),
    lambda inner: st.one_of(
        call("Fn::And", inner, inner), call("Fn::Or", inner, inner, inner), call("Fn::Not", inner)
    ),
    max_leaves=4,
)


def properties(*values: Value) -> Value:
    """Return properties with these values, and one that a condition may leave out."""
    maybe = call("Fn::If", st.sampled_from(CONDITIONS), TEXTS, st.just(NOTHING))
    return st.fixed_dictionaries(
        {"Maybe": maybe} | {f"P{index}": value for index, value in enumerate(values)}
    )


def policies() -> Value:
    """Return a policy that a condition decides."""
    return call(
        "Fn::If", st.sampled_from(CONDITIONS), st.just("Retain"), st.sampled_from(["Delete", NOTHING])
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return a template without mistakes, and parameters for it."""
    items = draw(st.sampled_from([["x", "y"], {"Ref": "Names"}, {"Fn::FindInMap": ["Map", "b", "list"]}]))
    copied = {
        "Type": "T",
        "Properties": {"P": draw(TEXTS), "I": {"Fn::Sub": "${Item}-${Other}"}, "R": {"Ref": "Item"}},
    }
    queue = {"Type": "T", "Properties": draw(properties(VALUES, VALUES)), "DeletionPolicy": draw(policies())}
    topic = {"Type": "T", "Condition": draw(st.sampled_from(CONDITIONS)), "Metadata": {"M": draw(VALUES)}}
    inner = {"Fn::ForEach::Inner": ["Other", ["1", "2"], {"Copy${Item}${Other}": copied}]}
    output = {"Value": draw(TEXTS), "Condition": draw(st.sampled_from(CONDITIONS))}
    exported = {"Value": {"Ref": "Item"}, "Export": {"Name": {"Fn::Sub": "${Item}-${Queue.Arn}"}}}
    body = {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {
            "Text": {"Type": "String"},
            "Count": {"Type": "Number", "MinValue": 0, "MaxValue": 9},
            "Names": {"Type": "CommaDelimitedList"},
            "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/b"},
        },
        "Mappings": {"Map": {"a": {"size": "5"}, "b": {"size": "6", "list": ["p", "q"]}}},
        "Conditions": {
            "Always": {"Fn::Equals": ["a", "a"]},
            "Never": {"Fn::Equals": ["a", "b"]},
            "ByText": {"Fn::Equals": [{"Ref": "Text"}, draw(TEXT)]},
            "ByBoth": draw(TRUTHS),
            "ByStored": {"Fn::Equals": [{"Ref": "Stored"}, draw(TEXT)]},
        },
        "Resources": {"Queue": queue, "Topic": topic, "Fn::ForEach::Outer": ["Item", items, inner]},
        "Outputs": {"O": output, "Fn::ForEach::Outs": ["Item", items, {"Out${Item}": exported}]},
    }
    count, names = draw(st.integers(0, 9)), draw(st.sampled_from(["a,b", "a,b,c"]))
    return Case(body, {"Text": draw(TEXT), "Count": str(count), "Names": names})
