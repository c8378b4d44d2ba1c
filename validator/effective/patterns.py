"""Full matches of regular expressions in bounded time, for a template's `AllowedPattern`.

Python's own engine backtracks, so that a pattern such as `(a+)+` from a template under check could hang it.
This one walks all alternatives at once, remembers its steps, and never goes back. It covers what Java's
expressions and Python's have in common except lookbehind, backreferences and possessive repeats; a pattern
with those, or one that takes too much work, is left to CloudFormation.

Source: AWS CloudFormation User Guide, "Parameters", AllowedPattern (Java regular expressions, whole value).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from validator.effective.pattern_syntax import Node, Test, UnsupportedError, parse_pattern

MAX_STATES = 5_000
"""The largest pattern, in parts after counted repeats are written out."""
MAX_STEPS = 2_000_000
"""The work that one evaluation spends on all patterns, in states visited (about a second)."""
_MAX_REMEMBERED = 4_000


class Steps:
    """How much work may still be done; the count does not depend on what was remembered before."""

    __slots__ = ("left",)

    def __init__(self, left: int = MAX_STEPS) -> None:
        self.left = left

    def take(self, count: int) -> None:
        """Count `count` steps; raise `UnsupportedError` when there are no more."""
        self.left -= count
        if self.left < 0:
            raise UnsupportedError


class Pattern:
    """A compiled pattern: numbered states, each with a test and its way on, or with ways on for nothing."""

    def __init__(self, node: Node, made: list[int] | None = None) -> None:
        self._made = [0] if made is None else made
        self._tests: list[Test | None] = []
        self._next: list[list[int]] = []
        self._guards: dict[int, tuple[str, Pattern | None]] = {}
        self._final = self._state()
        self._start = self._build(node, self._final)
        self._looks_ahead = any(inner is not None for _, inner in self._guards.values())
        self._memory: dict[tuple[frozenset[int], str, bool], frozenset[int]] = {}

    def _state(self, test: Test | None = None, ways: Iterable[int] = ()) -> int:
        self._tests.append(test)
        self._next.append(list(ways))
        return len(self._tests) - 1

    def _build(self, node: Node, goal: int) -> int:
        """Add `node` in front of the state `goal` and return the state it begins with."""
        self._made[0] += 1
        if self._made[0] > MAX_STATES:
            raise UnsupportedError
        kind = node.kind
        if kind == "test":
            return self._state(node.test, [goal])
        if kind == "sequence":
            for part in reversed(node.parts):
                goal = self._build(part, goal)
            return goal
        if kind == "either":
            return self._state(None, [self._build(part, goal) for part in node.parts])
        if kind == "repeat":
            return self._repeat(node, goal)
        state = self._state(None, [goal])
        self._guards[state] = (kind, Pattern(node.parts[0], self._made) if node.parts else None)
        return state

    def _repeat(self, node: Node, goal: int) -> int:
        (part,) = node.parts
        if node.most is None:
            loop = self._state(None, [goal])
            self._next[loop].insert(0, self._build(part, loop))
            goal = loop
        else:
            end = goal
            for _ in range(node.most - node.least):
                goal = self._state(None, [self._build(part, goal), end])
        for _ in range(node.least):
            goal = self._build(part, goal)
        return goal

    def _reach(self, states: Iterable[int], text: str, index: int, steps: Steps) -> frozenset[int]:
        """Return the states that `states` reach without a character."""
        reached: set[int] = set()
        queue = list(states)
        while queue:
            state = queue.pop()
            if state in reached:
                continue
            reached.add(state)
            if self._tests[state] is None and self._holds(state, text, index, steps):
                queue += self._next[state]
        return frozenset(reached)

    def _holds(self, state: int, text: str, index: int, steps: Steps) -> bool:
        guard = self._guards.get(state)
        if guard is None:
            return True
        kind, inner = guard
        if inner is None:
            return index == (0 if kind == "begin" else len(text))
        return inner.matches(text, steps, index, whole=False) == (kind == "ahead")

    def matches(self, text: str, steps: Steps, index: int = 0, *, whole: bool = True) -> bool:
        """Tell whether the pattern matches all of `text` from `index` on, or some beginning of it.

        Raises `UnsupportedError` when `steps` run out.
        """
        end = len(text) - 1
        current = self._reach([self._start], text, index, steps)
        for position in range(index, len(text)):
            if not current or (not whole and self._final in current):
                break
            character = text[position]
            seen = (current, character, position == end)
            step = None if self._looks_ahead else self._memory.get(seen)
            if step is None:
                ahead = self._ahead(current, character)
                step = self._reach(ahead, text, position + 1, steps)
                if len(self._memory) < _MAX_REMEMBERED:
                    self._memory[seen] = step
            steps.take(len(current) + len(step))
            current = step
        return self._final in current

    def _ahead(self, current: frozenset[int], character: str) -> list[int]:
        """Return the states that `character` leads to."""
        ahead: list[int] = []
        for state in current:
            test = self._tests[state]
            if test is not None and test(character):
                ahead += self._next[state]
        return ahead


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> Pattern | None:
    try:
        return Pattern(parse_pattern(pattern))
    except UnsupportedError:
        return None


def matches(pattern: str, text: str, steps: Steps) -> bool | None:
    """Tell whether `pattern` matches all of `text`; `None` when only CloudFormation can tell."""
    found, taken = _result(pattern, text)
    try:
        steps.take(taken)
    except UnsupportedError:
        return None
    return found


@lru_cache(maxsize=4096)
def _result(pattern: str, text: str) -> tuple[bool | None, int]:
    """Return whether the pattern matches, and the work it takes to tell."""
    compiled = _compiled(pattern)
    steps = Steps()
    if compiled is None:
        return None, 0
    try:
        return compiled.matches(text, steps), MAX_STEPS - steps.left
    except UnsupportedError:
        return None, MAX_STEPS
