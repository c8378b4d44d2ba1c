"""What hostile text looks like once it is harmless."""

from __future__ import annotations

import pytest

from validator.reports.escaping import (
    harmless,
    name,
    paragraph,
    shortened,
    visible,
    visible_lines,
    without_commands,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 \U0001f9e8", "plain é 日本 \U0001f9e8"),
        ("a\nb\tc\x1b[0m", "a\\nb\\tc\\x1b[0m"),
        ("\u202e\ud800\ufffe\xa0", "\\u202e\\ud800\\ufffe\\xa0"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_does_not_print_is_shown_as_its_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_end_at_every_kind_of_newline() -> None:
    """Of Unix, Windows and old Macs; margins are left out, blank lines inside are kept."""
    assert visible_lines("\n a  \r\nb\rc\n\nd\x0b\n") == ["a", "b", "c", "", "d"]


def test_a_cut_says_how_much_is_missing() -> None:
    assert shortened("x" * 10, 10) == "x" * 10
    assert shortened("x" * 1_234, 4) == "xxxx… (1,230 more characters)"
    assert name("\x1b" * 3, 8) == "\\x1b\\x1b… (4 more characters)"
    assert paragraph("a\nb\nc", 3) == "a\nb… (2 more characters)"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("::error::x", "\\::error::x"),
        ("a ::error::x", "a ::error::x"),
        ("a\n \u2003::error::x", "a\n \u2003\\::error::x"),
        ("AWS::SQS::Queue", "AWS::SQS::Queue"),
        ("a ##[error]x", "a ##\\[error]x"),
        ("###[[", "###\\[["),
    ],
)
def test_no_line_commands_the_runner(text: str, safe: str) -> None:
    assert without_commands(text) == safe


def test_lines_for_a_log_keep_their_form_and_lose_what_a_runner_obeys() -> None:
    """Problems and differences quote what is checked, on standard error too."""
    text = harmless("a: key\n::error::forged\n  mend: \x1b[31mred\r\n##[error]old")
    assert "\n::" not in text
    assert "##[" not in text
    assert "\x1b" not in text
    assert text.splitlines()[2].startswith("  mend: ")
