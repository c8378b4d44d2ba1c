"""Jinja of config files ends, whatever it says: in a clear problem, within seconds, without filling the memory."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validator.config_jinja import _plain, _whole, expand
from validator.errors import ConfigurationError
from validator.jinja_bounds import budget
from validator.jinja_sandbox import compiled, sandbox
from validator.time_limit import time_limit

GROWING = (
    "{%% set ns = namespace(x=%s) %%}{%% for i in range(60) %%}{%% set ns.x = %s %%}{%% endfor %%}{{ ns.x }}"
)
HOSTILE = {
    "repeated text": '{{ "a" * 10**10 }}',
    "a literal format": '{{ "%1000000000d" % 1 }}',
    "a format from arguments": '{{ "%*d" % (1000000000, 1) }}',
    "a format of a filter": '{{ "%1000000000d"|format(1) }}',
    "a precision": '{{ "%.1000000000f" % 1 }}',
    "a padding filter": '{{ "a"|center(10000000000) }}',
    "a padding method": '{{ "a".center(10000000000) }}',
    "a method by subscript": '{{ "a"["ljust"](10000000000) }}',
    "a width": '{{ "{:1000000000}".format(1) }}',
    "a nested width": '{{ "{:{w}}".format(1, w=1000000000) }}',
    "a mapped width": '{{ "{a:1000000000}".format_map({"a": 1}) }}',
    "nested loops": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "recursive loops": "{% for i in range(9) recursive %}{{ loop(range(99999)) }}{% endfor %}",
    "a doubled text": GROWING % ('"a"', "ns.x ~ ns.x"),
    "an added text": GROWING % ('"a"', "ns.x + ns.x"),
    "a doubled list": GROWING % ("[1]", "ns.x + ns.x"),
    "a nested list": GROWING % ("[1]", "[ns.x, ns.x]"),
    "a nested mapping": GROWING % ("1", '{"a": ns.x, "b": ns.x}'),
    "a squared number": GROWING % ("2", "ns.x * ns.x"),
    "a power": "{{ 10 ** (10 ** 10) }}",
    "a macro that doubles": "{% macro f(x) %}{{ x }}{{ x }}{% endmacro %}" + GROWING % ('"a"', "f(ns.x)"),
    "a macro that calls itself twice": "{% macro f(n) %}{{ f(n-1) if n }}{{ f(n-1) if n }}{% endmacro %}{{ f(60) }}",
    "a macro without end": "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "bytes of a number": '{{ (5).to_bytes(10000000000, "big") }}',
    "a replacement": '{{ "aaaa"|replace("", "b" * 90000)|replace("", "c" * 90000) }}',
    "an output": '{% for i in range(9999) %}{{ "a" * 90000 }}{% endfor %}',
    "a block": '{% set x %}{% for i in range(99999) %}{{ "a" * 1000 }}{% endfor %}{% endset %}',
    "an indented document": "{{ [1]|tojson(indent=1000000000) }}",
    "a batch": "{{ [1]|batch(1000000000, 1)|list }}",
    "filler": "{{ lipsum(n=10000000) }}",
    "chance": "{{ [1, 2]|random }}",
    "a lazy map": '{{ range(99999)|map("center", 900)|join }}',
    "sums in a loop": "{% for i in range(99999) %}{% set x = range(99999)|sum %}{% endfor %}",
    "parentheses": "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "expressions": "{{ 1 }}" * 200_000,
    "a class": '{{ "{0.__class__}".format(1) }}',
    "an attribute": '{{ ""|attr("__class__") }}',
    "the environment": "{{ environment_variable.get('HOME', 'x') }}",
    "a file": '{% include "/etc/passwd" %}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_jinja_is_a_problem_within_seconds(text: str) -> None:
    started = time.process_time()
    with pytest.raises(ConfigurationError) as caught:
        expand(text, "sceptre/config/config.yaml", {})
    (problem,) = caught.value.problems
    assert problem.message.startswith("Jinja: ")
    assert problem.hint
    assert time.process_time() - started < 5


def test_the_bounds_hold_in_another_thread_too() -> None:
    """They count, and need no timer."""
    found: list[str] = []

    def run() -> None:
        with time_limit(), pytest.raises(ConfigurationError) as caught:
            expand(HOSTILE["nested loops"], "config.yaml", {})
        found.append(caught.value.problems[0].message)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert "steps" in found[0]


def test_the_timer_stops_what_the_bounds_do_not_count() -> None:
    with pytest.raises(TimeoutError, match=r"0\.05 seconds"), time_limit(0.05):
        while True:
            pass


def test_what_a_config_file_needs_still_works() -> None:
    text = (
        "{% for k, v in {'a': 1}.items() %}{{ k }}{{ v }}/{{ loop.length }}{{ loop.last }}{% endfor %}|"
        "{{ '%s-%05d' | format('a', 3) }}|{{ '{} {x:>3}'.format(1, x=2) }}|{{ [1, 2]|join('-') }}|"
        "{{ 'a-b'.split('-')[0] }}|{{ 'a' ~ 1 }}|{{ 2 ** 8 }}|{{ [1, 2]|sum }}|{{ 'abc'|replace('b', 'xx') }}|"
        "{{ 'a'.rjust(3) }}|{{ '-'.join(['a', 'b']) }}|{{ 'x'|indent(2) }}|{{ {'a': [1]}|tojson }}|"
        "{{ range(3)|map('string')|list }}|{{ 'b' in ['a', 'b'] }}|{{ [3, 1]|sort|first }}"
    )
    expected = "a1/1True|a-00003|1   2|1-2|a|a1|256|3|axxc|  a|a-b|x|{\"a\": [1]}|['0', '1', '2']|True|1"
    assert expand(text, "config.yaml", {}) == expected


NAMES = st.sampled_from(["a", "b", "group.a", "group.items", "true", "self", "missing", "none"])
PIECES = st.one_of(
    NAMES.map(lambda name: "{{ " + name + " }}"),
    NAMES.map(lambda name: "{{" + name + "}}"),
    st.text(alphabet="ab: {}%#\r\n'\"", max_size=8),
)
VALUES = st.one_of(st.text(max_size=5), st.integers(), st.floats(), st.booleans(), st.none(), st.just([1]))


@given(text=st.lists(PIECES, max_size=6).map("".join), a=VALUES, b=VALUES)
def test_the_short_way_gives_what_jinja_gives(text: str, a: object, b: object) -> None:
    """Where names of texts and numbers are all that a file holds, nothing is compiled."""
    variables = {"a": a, "b": b, "group": {"a": b, "items": 3}, "true": "no", "self": "no"}
    found = _plain(text, variables)
    if found is not None:
        with budget():
            assert found == _whole(compiled(sandbox(), text, "x.yaml"), variables)
