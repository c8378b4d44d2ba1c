"""From the JSON of `cfn-guard validate --structured -o json` to results with their places. Pure (REQ-V7, REQ-V9)."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from validator.errors import TechnicalError

Path = tuple[str | int, ...]
_MESSAGE = re.compile(r"Violation:(?P<violation>.*?)Fix:(?P<fix>.*)", re.DOTALL)
_NAMES = re.compile(r"(?:[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*)?")


@dataclass(frozen=True, slots=True)
class Result:
    """One violation of one rule in one stack.

    `path` leads into the effective template, from `Resources` on, as `EffectiveTemplate.position` takes it; it is
    empty where the rule speaks of the stack as a whole. `missing` is the dotted rest of the path that is not there.
    """

    stack: str
    rule: str
    path: Path
    missing: str
    message: str
    fix: str

    @property
    def resource(self) -> str:
        """The logical id; empty where the rule speaks of the stack as a whole."""
        return str(self.path[1]) if len(self.path) > 1 else ""

    @property
    def key(self) -> str:
        """The place as a dotted path, with what is missing."""
        return ".".join([*map(str, self.path), *filter(None, [self.missing])])


def results(
    output: str, stacks: Mapping[str, Mapping[str, Any]], rules: Collection[str]
) -> dict[str, tuple[Result, ...]]:
    """Return every violation in the engine's output, by the file name of its document.

    `stacks` holds the rendered stack of each document by its file name, `rules` the names of all rules. Raises
    TechnicalError where the output cannot be read, or leaves out a document or a rule: what did not run is no pass.
    """
    try:
        reports = {_file_name(report["name"]): report for report in json.loads(output)}
        _complete(reports, stacks, set(rules))
        found = {
            name: [
                result
                for each in report["not_compliant"]
                for result in _violations(each["Rule"], stacks[name])
            ]
            for name, report in reports.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TechnicalError(
            f"cfn-guard: its output cannot be read ({type(error).__name__}: {error})\n"
            f"  mend: run the pinned version; it began with {output[:200]!r}"
        ) from None
    return {name: tuple(dict.fromkeys(those)) for name, those in found.items()}


def _file_name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]


def _complete(reports: Mapping[str, Any], stacks: Mapping[str, Any], rules: set[str]) -> None:
    if reports.keys() != stacks.keys():
        names = ", ".join(sorted(reports.keys() ^ stacks.keys())[:5])
        raise TechnicalError(f"cfn-guard: its output leaves out or adds documents: {names}")
    for name, report in reports.items():
        failed = {each["Rule"]["name"] for each in report["not_compliant"]}
        ran = {*failed, *report["not_applicable"], *report["compliant"]}
        if ran != rules:
            names = ", ".join(sorted(ran ^ rules)[:5])
            raise TechnicalError(
                f"cfn-guard: rules that did not run on {stacks[name]['name']}, or are unknown: {names}\n"
                "  mend: correct the rule files; each holds one rule, named as the file"
            )


def _violations(rule: Mapping[str, Any], stack: Mapping[str, Any]) -> Iterator[Result]:
    """Yield a result for each clause that says what is wrong; clauses of filters say nothing and are left out."""
    said = False
    for clause in _clauses(rule["checks"]):
        parts = _MESSAGE.search(clause["messages"]["custom_message"] or "")
        if parts is None:
            continue
        said = True
        path, missing = _place(clause["check"], stack["resources"])
        texts = [_plain(parts["violation"]), _plain(parts["fix"])]
        yield Result(stack["name"], rule["name"], path, missing, *texts)
    if not said:
        yield Result(stack["name"], rule["name"], (), "", "The rule failed without a word.", "Read the rule.")


def _clauses(checks: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the clauses of nested blocks and disjunctions: whatever has a check and messages."""
    if isinstance(checks, list):
        for item in checks:
            yield from _clauses(item)
    elif isinstance(checks, dict):
        if "check" in checks and "messages" in checks:
            yield checks
        else:
            yield from _clauses(list(checks.values()))


def _plain(text: str) -> str:
    """Return a message on one line; the engine writes its line ends as `;` or as they are, by the kind of clause."""
    return " ".join(text.replace(";", " ").split())


def _place(check: Mapping[str, Any], resources: Mapping[str, Any]) -> tuple[Path, str]:
    """Return where a clause failed, and the rest of its query where that leads further than the template does."""
    for kind, body in check.items():
        if isinstance(body, dict):
            found = body["value"] if kind == "UnResolved" else body
            at = found.get("traversed_to") or found.get("from") or found.get("value") or {}
            rest = _NAMES.match(str(found.get("remaining_query", "")))
            path = _path(str(at.get("path", "")), resources)
            return path, rest[0] if path and rest else ""
    return (), ""


def _path(pointer: str, resources: Mapping[str, Any]) -> Path:
    """Return the longest beginning of a pointer that exists in the template as it was before it was shaped.

    Keys may hold slashes. A list of one that shaping made leads to the single value, and what shaping added, to its
    resource; so does `Type`, by which rules speak of the resource as a whole.
    """
    parts = pointer.strip("/").split("/")
    value: Any = {"Resources": resources}
    path: list[str | int] = []
    while parts:
        key: str | int | None = None
        if isinstance(value, dict):
            size = next((n for n in range(1, len(parts) + 1) if "/".join(parts[:n]) in value), 0)
            key = "/".join(parts[:size]) if size else None
        elif isinstance(value, list) and parts[0].isdigit() and int(parts[0]) < len(value):
            size, key = 1, int(parts[0])
        if key is None:
            if parts[0] != "0":
                break
            parts = parts[1:]
            continue
        parts = parts[size:]
        path.append(key)
        value = value[key]
    return tuple(path[:2]) if path[2:] == ["Type"] else tuple(path)
