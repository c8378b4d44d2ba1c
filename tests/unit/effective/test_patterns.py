"""AllowedPattern: the same answers as a backtracking engine, in bounded time."""

from __future__ import annotations

import random
import re
import time

import pytest

from validator.effective.patterns import Steps, matches

PATTERNS = [
    r"^(-[a-z0-9-]+)?$",
    r"^[a-z]{1,3}\d+$",
    r"(a|b)*c",
    r"^(/[a-zA-Z0-9_.-]+)+$",
    r"[^abc]+",
    r"^(?!aws)[a-z]+$",
    r"\d{3,}",
    r"a{2}",
    r"[]a]+",
    r"[a-c\]-]+",
    r"(?:ab|cd)?x",
    r".*",
    r"^$",
    r"\S+@\S+",
    r"(?=.*\d)(?=.*[a-z])[a-z\d]{3,8}",
    r"a||b",
    r"[\w.-]+",
    r"^arn:(aws[a-zA-Z-]*)?:s3:::[a-z0-9.-]{3,63}$",
    r"a\.b",
    r"x*?y",
    r"[-a]+",
    r"[a-]+",
    r"(a*)*b",
    r"\x61\u0062",
    r"\Aab?\Z",
    r"[\d\s]+",
    r"[^\w]+",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_agrees_with_the_standard_library(pattern: str) -> None:
    chooser = random.Random(pattern)  # noqa: S311 - test data
    for _ in range(400):
        text = "".join(chooser.choice("abcdxy-]/.@1aws:3rn A_") for _ in range(chooser.randint(0, 7)))
        assert matches(pattern, text, Steps()) is (re.fullmatch(pattern, text) is not None), text


def test_java_classes_and_groups() -> None:
    assert matches("[a&b]+", "a&b", Steps()) is True
    assert matches("[a[b]]", "a", Steps()) is None
    assert matches(r"\p{Upper}\p{Alnum}*\P{Digit}", "Ab1-", Steps()) is True
    assert matches(r"(?<name>a)b", "ab", Steps()) is True


@pytest.mark.parametrize(
    "pattern",
    [
        *(r"(a)\1", r"(?<=a)b", r"(?i)a", "a++", "[a&&b]", "(", "a{2,1}", "[b-a]", "*", r"\p{IsGreek}"),
        *("[", "\\", "a{", "a)", "x" * 3000),
    ],
)
def test_what_is_not_covered_is_left_to_cloudformation(pattern: str) -> None:
    assert matches(pattern, "a", Steps()) is None


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+b", "a" * 4096),
        (r"(a*)*(a*)*(a*)*c", "a" * 4096),
        (r"((){999999}){999999}", "a"),
        (r"(a{900}){900}", "a" * 4096),
        ("(" * 1000 + ")" * 1000, "a"),
        (r"(?=(a+)+b)" * 30 + "a*", "a" * 4096),
        (r"(?=a{4000})" * 100, "a" * 4096),
        (r".{0,1200}x.{0,1200}x", "x" * 4096),
    ],
)
def test_hostile_patterns_end_soon(pattern: str, text: str) -> None:
    start = time.process_time()
    assert matches(pattern, text, Steps()) in {None, False}
    assert time.process_time() - start < 5


def test_the_steps_of_one_evaluation_run_out_for_good() -> None:
    steps = Steps(100)
    assert matches("a*", "a" * 60, steps) is None
    assert steps.left < 0


def test_the_count_of_steps_does_not_depend_on_what_was_matched_before() -> None:
    first, second = Steps(), Steps()
    for steps in (first, second):
        matches("(ab|c)*d{2,7}e?", "ababcabdddd", steps)
    assert first.left == second.left
