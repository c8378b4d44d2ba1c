"""Templates of real resource types: sound ones, which cfn-lint mostly accepts, and ones with damage done to them."""

from __future__ import annotations

import string
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

Value = st.SearchStrategy[Any]
WORDS = st.text(string.ascii_lowercase, min_size=1, max_size=6)
CONDITIONS = st.sampled_from(["IsLarge", "IsSmall", "IsOther"])
NOTHING = {"Ref": "AWS::NoValue"}


def call(name: str, *arguments: Value) -> Value:
    """Return calls of a function with a list of arguments."""
    return st.tuples(*arguments).map(lambda parts: {name: list(parts)})


def functions(inner: Value) -> Value:
    """Return the functions that make text, in the forms that cfn-lint knows."""
    several = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        call("Fn::Sub", st.just("${own}-${Text}-${!own}"), st.fixed_dictionaries({"own": inner})),
        call("Fn::Join", st.sampled_from(["", ",", ":"]), several | st.just({"Ref": "Names"})),
        call("Fn::Select", st.integers(0, 1), several | st.just({"Fn::GetAZs": ""})),
        call("Fn::Select", st.just(0), call("Fn::Split", st.just("-"), inner)),
        call("Fn::Select", st.just(1), st.just({"Fn::Cidr": ["10.0.0.0/16", 2, 8]})),
        call("Fn::If", CONDITIONS, inner, inner),
        call("Fn::FindInMap", st.just("Sizes"), st.sampled_from(["small", "large"]), st.just("Cpu")),
        call(
            "Fn::FindInMap", st.just("Sizes"), st.just("gone"), st.just("Cpu"), st.just({"DefaultValue": "1"})
        ),
        st.lists(WORDS, max_size=3).map(lambda items: {"Fn::ToJsonString": {"items": items}}),
    )


TEXTS = st.recursive(
    st.one_of(
        WORDS,
        st.sampled_from(["Text", "Topic", "AWS::Region", "AWS::StackName", "Stored"]).map(
            lambda name: {"Ref": name}
        ),
        st.sampled_from(["${Text}-${AWS::AccountId}", "${Topic.TopicName}", "${!Text}-${Topic}"]).map(
            lambda text: {"Fn::Sub": text}
        ),
        st.just({"Fn::GetAtt": ["Topic", "TopicName"]}),
        st.just({"Fn::GetAtt": "Topic.TopicArn"}),
        st.just({"Fn::ImportValue": "Exported"}),
        st.just("{{resolve:ssm:/a/b:1}}"),
    ),
    functions,
    max_leaves=4,
)
LOGIC = st.recursive(
    call("Fn::Equals", st.sampled_from([{"Ref": "Text"}, {"Ref": "AWS::Region"}]), WORDS),
    lambda inner: st.one_of(
        call("Fn::And", inner, inner),
        call("Fn::Or", inner, inner),
        call("Fn::Not", inner),
        st.just({"Condition": "IsLarge"}),
    ),
    max_leaves=3,
)


@st.composite
def sound(draw: st.DrawFn) -> dict[str, Any]:
    """Return a template without mistakes."""
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    maybe = draw(call("Fn::If", CONDITIONS, TEXTS, st.just(NOTHING)))
    items = draw(
        st.sampled_from([["one", "two"], {"Ref": "Names"}, {"Fn::FindInMap": ["Sizes", "large", "Kinds"]}])
    )
    copied = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Value": {"Fn::Sub": "${Kind}-x"}},
    }
    tags = [{"Key": "a", "Value": draw(TEXTS)}, draw(st.sampled_from([NOTHING, {"Key": "b", "Value": "c"}]))]
    parameter = {"Type": "String", "Value": draw(TEXTS), "Description": maybe}
    return {
        "Transform": "AWS::LanguageExtensions",
        "Parameters": {
            "Text": {"Type": "String", "Default": draw(WORDS)},
            "Names": {"Type": "CommaDelimitedList", "Default": "red,blue"},
            "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/b"},
        },
        "Mappings": {"Sizes": {"small": {"Cpu": "1"}, "large": {"Cpu": "4", "Kinds": ["p", "q"]}}},
        "Conditions": {
            "IsLarge": {"Fn::Equals": [{"Ref": "Text"}, draw(WORDS)]},
            "IsSmall": {"Fn::Not": [{"Condition": "IsLarge"}]},
            "IsOther": draw(LOGIC),
        },
        "Rules": {
            "Named": {"Assertions": [{"Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Text"}, ""]}]}}]}
        },
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"Tags": tags}, **kept},
            "Parameter": {"Type": "AWS::SSM::Parameter", "Properties": parameter, "DependsOn": ["Queue"]},
            "Absent": {"Type": "AWS::SNS::Topic", "Condition": "IsOther", "Metadata": {"M": draw(TEXTS)}},
            "Fn::ForEach::Loop": ["Kind", items, {"Copy${Kind}": copied}],
        },
        "Outputs": {"Value": {"Value": draw(TEXTS), "Condition": draw(CONDITIONS)}},
    }


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a template but its sections."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, item in items:
        if path:
            yield (*path, key)
        yield from places(item, (*path, key))


WRONG = st.sampled_from([None, "", "x", "${Gone}", -1, 1e300, True, [], {}, [[]]])
MISUSED = st.sampled_from(
    [
        {"Ref": "Gone"},
        {"Ref": []},
        {"Condition": "Gone"},
        {"Fn::If": ["Gone", 1, 2]},
        {"Fn::GetAtt": "Queue"},
        {"Fn::Sub": ["${", {}]},
        {"Fn::Select": [99, []]},
        {"Fn::Split": ["", "x"]},
        {"Fn::Cidr": ["x", 1, 99]},
        {"Fn::FindInMap": ["Sizes", "gone", {}]},
        {"Fn::Transform": []},
        {"Fn::ForEach::X": ["A", ["b"], {"${A}": 1}]},
        {"Fn::Nothing": 1},
    ]
)
KEYS = st.sampled_from(["Ref", "Fn::Sub", "Condition", "Fn::ForEach::Y", "Type", "Gone"])


@st.composite
def damaged(draw: st.DrawFn, body: dict[str, Any]) -> dict[str, Any]:
    """Return a template with one thing in it replaced, removed or renamed."""
    changed = deepcopy(body)
    *path, last = draw(st.sampled_from(sorted(places(changed), key=str)))
    holder: Any = changed
    for key in path:
        holder = holder[key]
    kind = draw(st.sampled_from(["replace", "remove", "rename"]))
    if kind == "replace" or isinstance(holder, list):
        holder[last] = draw(WRONG | MISUSED)
        return changed
    item = holder.pop(last)
    if kind == "rename":
        holder[draw(KEYS)] = item
    return changed


@st.composite
def templates(draw: st.DrawFn) -> tuple[dict[str, Any], int]:
    """Return a template that is sound or has one or two things done to it, and how many."""
    body, times = draw(sound()), draw(st.sampled_from([0, 1, 1, 2]))
    for _ in range(times):
        body = draw(damaged(body))
    return body, times
