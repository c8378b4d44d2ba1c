"""Bounds of config files as YAML: what is taken for shallow without reading it is shallow."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from validator.errors import ConfigurationError
from validator.strict_yaml import MAX_DEPTH, is_shallow, parse

PIECES = st.sampled_from(
    [
        *(
            "- ",
            "? ",
            "a: ",
            "  ",
            " ",
            "[",
            "{",
            "]",
            "}",
            ",",
            "a",
            ":",
            "\n",
            "\r",
            "\u2028",
            "\x85",
            "\t",
        ),
        *("- " * 30, "\n- ", "[" * 30, "a:\n", "--- ", "'", '"', "|\n", "\ufeff", "&a ", "*a", "!t "),
    ]
)


def depth(text: str) -> int:
    """Return how deep a text nests, as far as it is YAML."""
    found = most = 0
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            found += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            most = max(most, found)
    except yaml.YAMLError:
        pass
    return most


@given(st.lists(PIECES, max_size=80).map("".join))
def test_what_is_shallow_nests_no_deeper_than_the_bound(text: str) -> None:
    if is_shallow(text):
        assert depth(text) <= MAX_DEPTH


@pytest.mark.parametrize("end", ["\n", "\r", "\u2028", "\u2029", "\x85"])
def test_every_end_of_line_counts(end: str) -> None:
    """A list in a mapping in a list, each further in, whatever ends the lines."""
    text = end.join("  " * level + "a:" for level in range(MAX_DEPTH + 1))
    assert not is_shallow(text)
    with pytest.raises(ConfigurationError, match="levels deep"):
        parse(text, "config.yaml")


def test_a_usual_file_is_shallow() -> None:
    assert is_shallow(
        "template: {path: a.yaml}\nparameters:\n  Subnets:\n    - a\n    - b\nhooks: {a: [!cmd b]}\n"
    )
