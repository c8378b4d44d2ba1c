"""What a rule file says about itself: its header and its messages. Pure (REQ-V7)."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from validator.errors import ConfigurationError, Problem

RULE_STEM = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")
"""How a rule is named: the service, then what it wants. The file has the same name."""
_FIELDS = ("Rule", "Evaluates", "Requirements", "Controls", "Why")
_RULE = re.compile(r"^rule\s+(\w+)", re.MULTILINE)
_TYPE = re.compile(r"'(AWS::\w+::\w+)'")
_CHOSEN_BY_TYPE = re.compile(r"\bType (?:==|in)")
_CHOSEN_BY_PATTERN = re.compile(r"\bType\s*(?:==|!=|in|not)\s*\[?\s*/|\bType (?:!=|not in)")
_MESSAGE = re.compile(r"<<(.*?)>>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class GuardRule:
    """The header of `guard_rules/<service>/<name>.guard`.

    `controls` are Security Hub control ids, `requirements` ids of requirements.md. `messages` are pairs of what is
    wrong and how to mend it, in the order of the file. `types` are the resource types that
    it chooses by name, none where it chooses otherwise.
    """

    name: str
    service: str
    summary: str
    evaluates: str
    requirements: tuple[str, ...]
    controls: tuple[str, ...]
    why: str
    messages: tuple[tuple[str, str], ...]
    types: frozenset[str] = frozenset()

    def concerns(self, types: Collection[str]) -> bool:
        """Tell whether the rule may say anything of a document with resources of these types.

        A rule chooses resources by their types, so that one which names none of them is not applicable; one that
        chooses by a pattern, or not by type, may always.
        """
        return not self.types or any(name in self.types for name in types)


def parse_rule(text: str, file: str) -> GuardRule:
    """Return what a rule file at `guard_rules/<service>/<name>.guard` says.

    Raises ConfigurationError with everything in it that is not as the others are.
    """
    service, _, name = file.removesuffix(".guard").rpartition("/")
    service = service.rpartition("/")[2]
    summary, fields = _header(text)
    messages = tuple(_message(match) for match in _MESSAGE.findall(text))
    wrong = [
        (not RULE_STEM.fullmatch(name), f"the name {name!r} is not in snake case"),
        (_RULE.findall(text) != [name], f"it must hold one rule, named {name}"),
        (fields.get("Rule") != name, f"its header must say `Rule: {name}`"),
        (not summary.endswith("."), "its header must begin with a sentence"),
        (not fields.get("Evaluates"), "its header must say what it evaluates"),
        (not messages or ("", "") in messages, "each message must say `Violation: ... Fix: ...`"),
        (any(";" in part for pair in messages for part in pair), "a message holds a semicolon"),
    ]
    problems = [Problem(file, "", message, "follow the other rule files") for bad, message in wrong if bad]
    if problems:
        raise ConfigurationError(problems)
    return GuardRule(
        name=name,
        service=service,
        summary=summary,
        evaluates=fields["Evaluates"],
        requirements=_listed(fields.get("Requirements", "")),
        controls=_listed(fields.get("Controls", "")),
        why=fields.get("Why", ""),
        messages=messages,
        types=_types(text),
    )


def _types(text: str) -> frozenset[str]:
    """Return the resource types that a rule names; none where it chooses by a pattern, or not by type at all."""
    code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    if _CHOSEN_BY_PATTERN.search(code):
        return frozenset()
    return frozenset(_TYPE.findall(code)) if _CHOSEN_BY_TYPE.search(code) else frozenset()


def _header(text: str) -> tuple[str, dict[str, str]]:
    """Return the first sentence and the fields of the comment at the top; a field goes on where it is indented."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    fields: dict[str, str] = {}
    last = ""
    for line in lines[1:]:
        key, _, value = line.partition(": ")
        if key in _FIELDS:
            fields[key], last = value.strip(), key
        elif last and line.startswith(" "):
            fields[last] += f" {line.strip()}"
    return (lines[0].strip() if lines else ""), fields


def _message(text: str) -> tuple[str, str]:
    plain = " ".join(text.split())
    match = re.fullmatch(r"Violation: (.+) Fix: (.+)", plain)
    return (match[1], match[2]) if match else ("", "")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
