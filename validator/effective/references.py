"""References by a literal name that CloudFormation checks in every branch, taken or not.

A `Ref` in the branch of an `Fn::If` that is not taken, or in a resource whose condition is false, must name
something that is declared all the same ("Unresolved resource dependencies").
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from validator.effective.context import PSEUDO_PARAMETERS
from validator.effective.modules import may_hold, modules_in
from validator.effective.substitution import NAME, pieces
from validator.effective.template import LANGUAGE_EXTENSIONS, Path, Reference, Template


@dataclass(frozen=True, slots=True)
class Declared:
    """The names that references may use, by the kind of the reference."""

    names: Mapping[str, Collection[str]]
    modules: Collection[str]

    @classmethod
    def of(
        cls, template: Template, resources: Mapping[str, Any], conditions: Mapping[str, Any]
    ) -> Declared | None:
        """Return what is declared; `None` when other transforms may add what is referred to."""
        if any(name != LANGUAGE_EXTENSIONS for name in template.transforms):
            return None
        anything = resources.keys() | template.section("Parameters").keys() | PSEUDO_PARAMETERS
        names = {"any": anything, "resource": resources.keys(), "condition": conditions.keys()}
        return cls(names, modules_in(resources))

    def has(self, reference: Reference) -> bool:
        """Tell whether what `reference` names is declared, or may be part of a module."""
        if reference.name in self.names[reference.kind]:
            return True
        return reference.kind != "condition" and may_hold(self.modules, reference.name)


def dangling(body: Mapping[str, Any], declared: Declared | None) -> Iterator[Reference]:
    """Yield every reference in resources and outputs that names nothing."""
    if declared is not None:
        sections = {name: body[name] for name in ("Resources", "Outputs") if name in body}
        for reference in references(sections):
            if not declared.has(reference):
                yield reference


_NESTED = frozenset({dict, list})
_FUNCTIONS = frozenset({"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If"})


def references(sections: Mapping[str, Any]) -> Iterator[Reference]:
    """Yield every reference in `sections`, with the path of the function that makes it."""
    queue: list[tuple[Path, Any]] = [((name,), section) for name, section in sections.items()]
    while queue:
        path, node = queue.pop()
        if type(node) is list:
            queue += [((*path, index), item) for index, item in enumerate(node) if type(item) in _NESTED]
        elif type(node) is dict:
            if len(node) == 1:
                (key,) = node
                if key in _FUNCTIONS:
                    yield from _of_function(key, node[key], (*path, key))
            queue += [((*path, key), item) for key, item in node.items() if type(item) in _NESTED]


def _of_function(key: str, argument: Any, path: Path) -> Iterator[Reference]:
    first = argument[0] if isinstance(argument, list) and argument else argument
    if not isinstance(first, str):
        return
    if key == "Ref":
        if first is argument:
            yield Reference("any", first, path)
    elif key == "Fn::GetAtt":
        resource, dot, _ = first.partition(".")
        if dot or first is not argument:
            yield Reference("resource", resource, path)
    elif key == "Fn::If":
        if first is not argument:
            yield Reference("condition", first, (*path, 0))
    else:
        yield from _of_sub(first, argument, path)


def _of_sub(template: str, argument: Any, path: Path) -> Iterator[Reference]:
    own = argument[1] if isinstance(argument, list) and len(argument) == 2 else {}
    for variable, name in pieces(template):
        if variable and NAME.fullmatch(name) and not (isinstance(own, dict) and name in own):
            resource, dot, _ = name.partition(".")
            yield Reference("resource" if dot else "any", resource, path)
