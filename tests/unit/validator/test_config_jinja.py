"""Jinja of config files and templates gives what it gives in Sceptre, and names what is not defined."""

from __future__ import annotations

import pytest

from validator.config_jinja import expand
from validator.errors import ConfigurationError, Problem

GIVEN = {"var": {"known": "k"}, "stack_group_config": {}, "sceptre_user_data": {"list": []}}
STANDS_IN = {
    '{{ var.region | default("us-east-1") }}': "us-east-1",
    '{{ var["b"] | default("b") }}': "b",
    '{{ var.known | default("b") }}': "k",
    "{{ nope | default(3) }}": "3",
    "{{ nope | d(3) }}": "3",
    '{{ stack_group_config.nope | default("d") }}': "d",
    '{{ sceptre_user_data.name | default("nm") }}': "nm",
    "{{ sceptre_user_data.list | default([1]) | length }}": "0",
    "{{ nope | default([]) | length }}": "0",
    '{{ [nope, 1] | map("default", 2) | join(",") }}': "2,1",
    "{{ nope is defined }} {{ var.known is defined }} {{ var.nope is undefined }}": "False True True",
    "{% if nope is defined %}a{% else %}b{% endif %}": "b",
}
UNDEFINED = {
    "{{ nope }}": "nope",
    "{{ var.region }}": "region",
    "{{ var['a.b'] }}": "a.b",
    "{{ var.known.more }}": "more",
    "{{ nope | upper }}": "nope",
    "{{ nope | length }}": "nope",
    "{{ nope.more | default(1) }}": "nope",
    "{{ [] | first }}": "",
    "{{ [1][5] }}": "",
}


def problem_of(text: str, included: dict[str, str] | None = None) -> Problem:
    with pytest.raises(ConfigurationError) as caught:
        expand(text, "config/config.yaml", GIVEN, include=(included or {}).get)
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(("text", "expected"), STANDS_IN.items(), ids=STANDS_IN)
def test_a_default_stands_in_for_what_is_not_defined(text: str, expected: str) -> None:
    assert expand(text, "config/config.yaml", GIVEN) == expected


@pytest.mark.parametrize(("text", "name"), UNDEFINED.items(), ids=UNDEFINED)
def test_a_problem_names_what_is_not_defined(text: str, name: str) -> None:
    assert problem_of(text).key == name


@pytest.mark.parametrize("included", ["\n\n\n\n{{ nope }}", "\n\n\n\n{% if"])
def test_a_problem_in_an_included_file_is_in_the_line_that_includes_it(included: str) -> None:
    assert problem_of('a: b\n{% include "other" %}\n', {"other": included}).line == 2
