"""The two templates that follow from the policy: the pipeline, and the machine that asks the gate (REQ-G10)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.promotion.policy import Policy

from .builds import builds
from .machine import definition
from .stages import stages, title

TEMPLATES = ("promotion-gate.yaml", "promotion-pipeline.yaml")


def render(policy: Policy) -> dict[str, str]:
    """Return each template by its file name. Raises ValueError for a policy of no environment."""
    jinja = Environment(  # noqa: S701 - YAML, whose texts are quoted by the filter `quoted`
        loader=PackageLoader("pipelines.codepipeline", "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    jinja.filters |= {"handed": handed, "quoted": quoted, "title": title, "yaml": yaml}
    values = {
        "rules": policy.rules,
        "stages": stages(policy),
        "builds": builds(policy),
        "machine": definition(policy),
    }
    return {name: jinja.get_template(f"{name}.j2").render(values) for name in TEMPLATES}


def quoted(text: str) -> str:
    """Return a text as YAML takes it, whatever is in it: JSON is YAML."""
    return json.dumps(text, ensure_ascii=False)


def handed(variables: Iterable[tuple[str, str]]) -> str:
    """Return variables as a build action takes them."""
    return json.dumps([{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables])


def yaml(value: Any, indent: int) -> str:
    """Return plain values as YAML in block style, each line behind so many blanks."""
    return "\n".join(f"{' ' * indent}{line}" for line in _lines(value))


def _lines(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [line for name, held in value.items() for line in _entry(f"{name}:", held)]
    return [line for held in value for line in _entry("-", held)]


def _entry(head: str, held: Any) -> list[str]:
    if not isinstance(held, Mapping | list):
        return [f"{head} {quoted(held) if isinstance(held, str) else json.dumps(held)}"]
    inner = _lines(held)
    if head == "-":
        return [f"- {inner[0]}", *(f"  {line}" for line in inner[1:])]
    return [head, *(f"  {line}" for line in inner)]
