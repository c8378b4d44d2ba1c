"""GitHub's published description, as what the test double holds every request and every answer to.

`tests/schemas/github/openapi.json` is the extract that `scripts/github_openapi.py` makes.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FILE = Path(__file__).parent / "schemas/github/openapi.json"
HERE = "urn:github"
DEPARTURES = {"put /repos/{owner}/{repo}/environments/{environment_name}": {"can_admins_bypass"}}
"""What GitHub takes though the description does not have it: google/go-github and the Terraform provider send it."""


def as_json_schema(value: Any) -> Any:
    """Return a part of the description as JSON Schema: `nullable` is OpenAPI's own, and references get an address."""
    if isinstance(value, list):
        return [as_json_schema(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: as_json_schema(one) for key, one in value.items() if key != "nullable"}
    if isinstance(found.get("$ref"), str):
        found["$ref"] = HERE + found["$ref"]
    return {"anyOf": [found, {"type": "null"}]} if value.get("nullable") is True else found


@functools.cache
def published() -> dict[str, Any]:
    """Return the extract as it lies there."""
    document: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return document


@functools.cache
def registry() -> Registry[Any]:
    converted = as_json_schema(published())
    return Registry().with_resource(HERE, Resource(contents=converted, specification=DRAFT202012))


@dataclass(frozen=True, slots=True)
class Operation:
    """One path and method, and how it is written there."""

    method: str
    template: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"

    def mistakes(self, query: dict[str, str], body: Any) -> Iterator[str]:
        """Yield what the description does not have of a request."""
        described = published()["paths"][self.template][self.method]
        known = {
            one["name"]: one["schema"]
            for one in map(resolved, described.get("parameters", []))
            if one["in"] == "query"
        }
        yield from (f"{self.name}: no query {name}" for name in query.keys() - known.keys())
        for name, value in query.items():
            if known.get(name, {}).get("type") == "boolean" and value not in ("true", "false"):
                yield f"{self.name}: {name} is {value}"
            if known.get(name, {}).get("type") == "integer" and not value.isdigit():
                yield f"{self.name}: {name} is {value}"
        if "requestBody" not in described:
            if body is not None:
                yield f"{self.name}: takes no body"
            return
        departing = DEPARTURES.get(self.name, set())
        if isinstance(body, dict):
            body = {key: value for key, value in body.items() if key not in departing}
        yield from self._unfit(("requestBody", "content", "application/json", "schema"), body)

    def unfit_answers(self, status: int, body: Any) -> Iterator[str]:
        """Yield what the description does not have of an answer. Errors of every operation are not in it."""
        answers = published()["paths"][self.template][self.method]["responses"]
        if str(status) not in answers:
            if status < 300:
                yield f"{self.name}: answers with {status}"
            return
        answer = resolved(answers[str(status)])
        if "content" not in answer:
            return
        if "$ref" in answers[str(status)]:
            place = answers[str(status)]["$ref"].removeprefix("#/").split("/")
            yield from self._unfit((*place, "content", "application/json", "schema"), body, inside=False)
        else:
            yield from self._unfit(("responses", str(status), "content", "application/json", "schema"), body)

    def _unfit(self, place: tuple[str, ...], value: Any, *, inside: bool = True) -> Iterator[str]:
        whole = ("paths", self.template, self.method, *place) if inside else place
        yield from (f"{self.name}: {each}" for each in unfit(whole, json.dumps(value)))


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference names, or the part itself."""
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    found: dict[str, Any] = published()["components"][kind][name]
    return found


@functools.cache
def unfit(place: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Return what does not fit in a value; the same value is asked for again and again."""
    errors = validator(place).iter_errors(json.loads(text))
    return tuple(f"{'.'.join(map(str, one.path))}: {one.message[:300]}" for one in errors)


@functools.cache
def validator(place: tuple[str, ...]) -> Draft202012Validator:
    pointer = "/".join(one.replace("~", "~0").replace("/", "~1") for one in place)
    pointer = pointer.replace("{", "%7B").replace("}", "%7D")
    return Draft202012Validator({"$ref": f"{HERE}#/{pointer}"}, registry=registry())


def operation(method: str, path: str) -> Operation | None:
    """Return the operation that a request is; None where the description, or its extract, has none."""
    for template, methods in published()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        if method.lower() in methods and re.fullmatch(pattern, path):
            return Operation(method.lower(), template)
    return None
