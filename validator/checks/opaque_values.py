"""What a resource is made of can be seen before it is deployed (REQ-V2, REQ-V5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..effective import Path, Symbol
from ..findings import Finding, Severity
from ..parity.security import guards
from ..rendering import RenderedStack
from .check import Check
from .subject import Subject, at

KNOWN_TRANSFORM = "AWS::LanguageExtensions"
CHOICES = frozenset({"if", "mapping", "transform"})
"""Kinds of symbols that stand for one of several values, or for whatever a macro makes: nobody can judge them."""
LATE = frozenset({"resolve"})
"""Kinds of symbols that are read at deployment by a name of the author's choice."""
MEND = "choose by a setting of the environment, so that what is deployed can be seen before"


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each macro, each choice that only a deployment decides, and each late value that security rests on."""
    for item in subject.rendered:
        yield from _transforms(item)
        for name, resource in item.effective.resources.items():
            path = ("Resources", name)
            condition = resource.attributes.get("Condition")
            if isinstance(condition, Symbol):
                message = f"whether {name} exists is known only once deployed: {condition.text}"
                yield at(CHECK.id, item, (*path, "Condition"), message, MEND)
            for place, symbol in _symbols(resource.properties, (*path, "Properties")):
                kinds = set(_kinds(symbol))
                late = kinds & LATE and guards(resource.type, place) and not _is_secret(symbol)
                if kinds & CHOICES or late:
                    what = f"{'.'.join(map(str, place[3:]))} of {name}"
                    message = f"what {what} is, only a deployment decides: {symbol.text}"
                    yield at(CHECK.id, item, place, message, MEND)


def _transforms(item: RenderedStack) -> Iterator[Finding]:
    for name in item.effective.template.transforms:
        if name != KNOWN_TRANSFORM:
            message = (
                f"the macro {name or '(computed)'} makes resources that nobody sees before they are deployed"
            )
            mend = f"write out what it makes; {KNOWN_TRANSFORM} alone is evaluated here"
            yield at(CHECK.id, item, ("Transform",), message, mend)


def _symbols(value: Any, path: Path) -> Iterator[tuple[Path, Symbol]]:
    if isinstance(value, Symbol):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _symbols(part, (*path, key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _symbols(part, (*path, index))


def _kinds(symbol: Symbol) -> Iterator[str]:
    yield symbol.kind
    for part in symbol.args:
        if isinstance(part, Symbol):
            yield from _kinds(part)


def _is_secret(symbol: Symbol) -> bool:
    """Tell whether a value is a secret, which has to be read at deployment."""
    return symbol.text.startswith(("resolve:secretsmanager:", "resolve:ssm-secure:"))


CHECK = Check(
    id="opaque-values",
    severity=Severity.ERROR,
    summary="No macro, and no choice that only a deployment decides, hides what a resource is made of",
    remediation="Choose by a setting of the environment, and write out what a macro would make.",
    source="REQ-V2",
    why="A statement whose Effect is looked up by another stack's output is Deny in every review and Allow in prod.",
    before='Effect: !FindInMap [ByAccount, !Select [4, !Split [":", !Ref TableArn]], Effect]',
    after="Effect: Deny",
    run=run,
)
