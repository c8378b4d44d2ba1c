"""Templates as the tests of what they state read them. Each check takes one and yields what is wrong with it.

Their form is held by the check `template-style`; what is here, it does not say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.decode import decode_str

from validator.checks.naming import NAMES

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / "templates").glob("*.yaml"))


@dataclass(frozen=True, slots=True)
class Template:
    """One template: its file name, its text, and its content with `Ref` and `Fn::` spelled out."""

    name: str
    text: str
    body: dict[str, Any]

    @classmethod
    def of(cls, name: str, text: str) -> Template:
        """Parse a template; a text that is no YAML mapping fails here."""
        body, matches = decode_str(text)
        assert body is not None and not matches, matches
        return cls(name, text, body)

    def resources(self, *types: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the resources of the given types, or all; those inside a loop by their name in it."""
        for name, resource in self.body["Resources"].items():
            looped = resource[2] if name.startswith("Fn::ForEach::") else {name: resource}
            yield from ((key, value) for key, value in looped.items() if not types or value["Type"] in types)


@cache
def read(name: str) -> Template:
    """Return a template of this repository, parsed once for all tests: none of them changes it."""
    return Template.of(name, (ROOT / "templates" / f"{name}.yaml").read_text(encoding="utf-8"))


Check = Callable[[Template], Iterator[str]]


def wrong(resource: tuple[str, dict[str, Any]], **wanted: Any) -> Iterator[str]:
    """Yield each property that is not what is wanted; `...` wants any value."""
    name, body = resource
    properties = body["Properties"]
    for key, value in wanted.items():
        if key not in properties or (value is not ... and properties[key] != value):
            yield f"{name}.{key} is {properties.get(key)!r}, not {value!r}"


def names_follow_the_pattern(template: Template) -> Iterator[str]:
    """REQ-P5: names are made of prefix, type and suffix; what API Gateway names itself follows its own way."""
    for name, resource in template.resources(*NAMES):
        written = resource["Properties"].get(NAMES[resource["Type"]], {})
        for choice in written.get("Fn::If", ["", written])[1:]:
            given = choice.get("Fn::Sub", "")
            given = given[0] if isinstance(given, list) else given
            if not re.search(r"\$\{NamePrefix\}\S+\$\{NameSuffix\}$", given) and not given.startswith(
                "API-Gateway-"
            ):
                yield f"{name} is named {given or 'by CloudFormation'}"
