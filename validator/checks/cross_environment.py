"""No environment reads, names or assumes what belongs to another (REQ-P8)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..effective import Path, Symbol
from ..findings import Finding, Severity
from ..model import Stack
from ..rendering import RenderedStack
from .check import Check
from .subject import Subject, at

DEVICE = re.compile(r"/dev/(?:sd|xvd|nvme|shm|null|zero|u?random|std|tty|fuse|mapper|log|disk)\w*")
"""Files of Linux that an environment named dev has nothing to do with."""
PROSE = frozenset({"AlarmDescription", "Comment", "Description", "GroupDescription", "Sid"})
"""Properties that a person reads and AWS does not follow."""


@dataclass(frozen=True, slots=True)
class _Others:
    """What belongs to the other environments: their names and accounts, none of which is this one's too."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, environment: str, subject: Subject) -> _Others:
        names = set(subject.project.environments) - {environment}
        accounts: dict[str, set[str]] = {}
        for stack in subject.project.stacks:
            if not stack.environment:
                continue  # What belongs to no environment is for all of them.
            accounts.setdefault(stack.environment, set()).add(stack.account)
        own = accounts.pop(environment, set())
        foreign = set().union(*accounts.values()) - own - {""}
        tokens = "|".join(map(re.escape, sorted(names | foreign, key=len, reverse=True)))
        return cls(re.compile(rf"(?<![A-Za-z0-9])(?:{tokens})(?![A-Za-z0-9])") if tokens else None)

    def in_text(self, text: str) -> str:
        """Return the first name or account of another environment in a text; empty where there is none."""
        found = self.pattern.search(DEVICE.sub("", text)) if self.pattern else None
        return found[0] if found else ""


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each parameter, tag, role, dependency and property that names another environment or its account."""
    others = {name: _Others.of(name, subject) for name in subject.project.environments}
    rendered = {item.stack.name: item for item in subject.rendered}
    for stack in subject.project.stacks:
        if stack.environment not in others:
            continue
        found = list(_written(subject, stack, others[stack.environment]))
        yield from found
        if stack.name in rendered:
            known = {finding.key.removeprefix("parameters.") for finding in found}
            known |= {key.removeprefix("parameters.") for key in stack.resolvers if _is_home(stack, key)}
            yield from _evaluated(rendered[stack.name], others[stack.environment], known)


def _written(subject: Subject, stack: Stack, others: _Others) -> Iterator[Finding]:
    values = {f"parameters.{key}": value for key, value in stack.parameters.items()}
    values |= {f"stack_tags.{key}": value for key, value in stack.tags.items()}
    values |= {"sceptre_role": stack.role_arn}
    values |= {f"{place}": text for place, text in stack.resolvers.items() if text and place not in values}
    for key, value in values.items():
        if _is_home(stack, key):
            continue
        for text in (*_texts(value), stack.resolvers.get(key, "")):
            name = others.in_text(text)
            if name:
                yield _finding(subject, stack, key, f"{key} is {text}, which names {name}")
                break
    for dependency in stack.dependencies:
        owner = _environment_of(dependency, subject)
        if owner and owner != stack.environment:
            yield _finding(subject, stack, "dependencies", f"depends on {dependency}, a stack of {owner}")


def _is_home(stack: Stack, key: str) -> bool:
    """Tell whether a value is what belongs to no environment and is for all of them: the account of the home may be
    that of an environment too.
    """
    return re.fullmatch(r"!home [\w.]+", stack.resolvers.get(key, "")) is not None


def _environment_of(dependency: str, subject: Subject) -> str:
    return next((one.environment for one in subject.project.stacks if one.name == dependency), "")


def _finding(subject: Subject, stack: Stack, key: str, message: str) -> Finding:
    file, line = subject.hierarchy.written(stack.name, stack.file, tuple(key.split(".", 1)))
    whole = f"{stack.name}: {message}"
    mend = f"name what belongs to {stack.environment}, through its own settings and outputs"
    return Finding(CHECK.id, Severity.ERROR, file, key, line, whole, mend, (stack.environment,))


def _evaluated(item: RenderedStack, others: _Others, known: set[str]) -> Iterator[Finding]:
    """Yield what the template itself says; a value that came from a parameter named already is not named again."""
    for name, resource in item.effective.resources.items():
        for path, text in _strings(resource.properties, ("Resources", name, "Properties")):
            other = others.in_text(text)
            if not other or known & {origin.name for origin in item.effective.because(path)}:
                continue
            message = (
                f"{item.stack.name}: {'.'.join(map(str, path[3:]))} of {name} is {text}, which names {other}"
            )
            mend = "build it from the parameters of the environment"
            yield at(CHECK.id, item, path, message, mend)


def _strings(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str | Symbol):
        yield path, str(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            if key not in PROSE:
                yield from _strings(item, (*path, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))


def _texts(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        yield str(item)


CHECK = Check(
    id="cross-environment",
    severity=Severity.ERROR,
    summary="No stack names, reads, assumes or depends on what belongs to another environment",
    remediation="Name what belongs to the stack's own environment, through its settings and outputs.",
    source="REQ-P8",
    why="A prod function that reads dev's queue works until somebody cleans dev up, and mixes their data before.",
    before="QueueUrl: /orders/dev/queue/QueueUrl   # in prod",
    after="QueueUrl: !output queue.QueueUrl",
    run=run,
)
