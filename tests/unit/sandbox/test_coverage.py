"""The sandbox's page says what its code claims, and names every resource type of the templates."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from sandbox.coverage import PAGE, claims, tables, written
from sandbox.extension.claims import Level, emulated
from sandbox.extension.property_types import TYPES

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted((ROOT / "templates").glob("*.yaml"))
REGION = "us-east-1"
SIMPLE = {"integer", "number", "boolean"}


def _resources(section: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the resources of a template, those inside loops too."""
    found = []
    for name, value in section.items():
        found += _resources(value[2]) if name.startswith("Fn::ForEach") else [value]
    return found


def _all_resources() -> list[dict[str, Any]]:
    return [one for template in TEMPLATES for one in _resources(decode(str(template))[0]["Resources"])]


def test_the_page_is_what_the_code_claims() -> None:
    """`python -m sandbox.coverage` has nothing left to write."""
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    assert written(page, tables(claims())) == page


def test_the_page_names_every_resource_type_of_the_templates() -> None:
    """A template cannot use a type of which the page says nothing."""
    named = {word for claim in claims() for word in re.findall(r"AWS::\w+::\w+", claim.subject)}
    assert {one["Type"] for one in _all_resources()} <= named


def test_no_subject_is_claimed_at_two_levels() -> None:
    """A thing is emulated or recorded or absent."""
    levels: dict[str, set[Level]] = {}
    for claim in claims():
        levels.setdefault(claim.subject, set()).add(claim.level)
    assert [subject for subject, found in levels.items() if len(found) > 1] == []


def test_a_page_without_its_part_is_refused() -> None:
    """The tables are never written into the wrong file."""
    with pytest.raises(ValueError, match="has no generated part"):
        written("# Another page\n", tables([emulated("a", "b")]))


def _dereferenced(schema: Any, root: Any) -> Any:
    while "$ref" in schema:
        target = root
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target[step]
        schema = target
    return schema


def _members(schema: Any, root: Any) -> dict[str, Any]:
    members = dict(schema.get("properties", {}))
    for choice in ("allOf", "anyOf", "oneOf"):
        for alternative in schema.get(choice, []):
            members |= _dereferenced(alternative, root).get("properties", {})
    return members


def _simple_paths(value: Any, schema: Any, root: Any, path: str) -> set[str]:
    """Return the paths of numbers and, with a question mark, of booleans that a value uses."""
    schema = _dereferenced(schema, root)
    if isinstance(value, dict) and set(value) == {"Fn::If"}:
        return set().union(*(_simple_paths(one, schema, root, path) for one in value["Fn::If"][1:]))
    kinds = {schema["type"]} if isinstance(schema.get("type"), str) else set(schema.get("type") or ())
    if kinds & SIMPLE and "object" not in kinds:
        return {f"{path}?" if "boolean" in kinds else path}
    if isinstance(value, list):
        return set().union(*(_simple_paths(one, schema.get("items", {}), root, f"{path}.*") for one in value))
    members = _members(schema, root)
    used = value.items() if isinstance(value, dict) else ()
    known = [(name, one) for name, one in used if name in members]
    return set().union(*(_simple_paths(one, members[name], root, f"{path}.{name}") for name, one in known))


def test_every_number_and_boolean_of_the_templates_is_converted() -> None:
    """What CloudFormation converts by its schema, the sandbox converts too."""
    missing = set()
    for resource in _all_resources():
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, resource["Type"]).schema
        used = _simple_paths(resource.get("Properties", {}), schema, schema, "")
        known = set(TYPES.get(resource["Type"], ()))
        missing |= {f"{resource['Type']} {path[1:]}" for path in used if path[1:] not in known}
    assert sorted(missing) == []
