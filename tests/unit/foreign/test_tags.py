"""Reading values the short way gives what the long way gives, and tags stay what they are."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from validator.errors import ConfigurationError
from validator.foreign.tags import Tag, document, values

PIECES = st.sampled_from(
    [
        *(
            "a: ",
            "b: ",
            "\n",
            "\n",
            "  ",
            "- ",
            "1",
            "1.5",
            "yes",
            "~",
            "x",
            "2026-01-01",
            "017",
            "'1'",
            '"y"',
            "1: ",
        ),
        *(
            "!t ",
            "!!str ",
            "! ",
            "&a ",
            "*a",
            "<<: ",
            "[",
            "]",
            "{",
            "}",
            ", ",
            "|\n  text\n",
            "# c\n",
            "---\n",
            "=",
            "2026-99-01",
        ),
    ]
)


def outcome(read: object, text: str) -> object:
    try:
        return read(text)  # type: ignore[operator]
    except ConfigurationError as error:
        return str(error)


@given(st.lists(PIECES, max_size=14).map("".join))
def test_both_ways_read_the_same(text: str) -> None:
    """In kind too: `1`, `1.0` and `true` are three values."""
    short = outcome(lambda text: values(text, "x.yaml"), text)
    assert repr(short) == repr(outcome(lambda text: document(text, "x.yaml").value, text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !ssm /x", Tag("ssm", "/x")),
        ("a: !no_value", Tag("no_value", None)),
        ('a: !x "5"', Tag("x", 5)),
        ("a: !join [-, [1, !y z]]", Tag("join", ["-", [1, Tag("y", "z")]])),
        ("a: !sub\n  k: 1", Tag("sub", {"k": 1})),
    ],
)
def test_a_tag_keeps_its_argument(text: str, expected: Tag) -> None:
    """Read as if it stood alone, as Sceptre reads it."""
    assert values(text, "x.yaml") == {"a": expected}
    assert document(text, "x.yaml").value == {"a": expected}


def test_a_tag_is_copied_as_itself_and_has_no_text() -> None:
    tag = Tag("ssm", ["/x"])
    assert copy.deepcopy({"a": tag})["a"] is tag
    with pytest.raises(ValueError, match="!ssm has no value"):
        str(tag)
