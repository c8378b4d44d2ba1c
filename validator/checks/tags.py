"""Everything carries the tags that say whose it is (REQ-P6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..effective import Symbol
from ..findings import Finding, Severity
from ..model import Stack
from ..rendering import RenderedStack
from .check import Check
from .subject import Subject, at

REPLICATED = "AWS::DynamoDB::GlobalTable"
"""Takes tags for each replica, and none from its stack (aws-facts)."""

ROOT = "sceptre/config/config.yaml"


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each stack without a required tag or with a wrong one, and each resource that overrides one."""
    for stack in subject.project.stacks:
        yield from _of_stack(subject, stack)
    for item in subject.rendered:
        yield from _of_resources(subject, item)


def _of_stack(subject: Subject, stack: Stack) -> Iterator[Finding]:
    missing = [tag for tag in subject.required_tags if stack.tags.get(tag, "") == ""]
    if missing:
        yield _without(subject, stack, missing)
    for tag, expected in {"Environment": stack.environment, "Workload": stack.workload}.items():
        value = stack.tags.get(tag, "")
        # What does not resolve is said already, where it stands.
        if subject.house and tag in subject.required_tags and value not in ("", expected):
            if isinstance(value, Symbol):
                continue
            message = f"{stack.name}: the tag {tag} is {value}, not {expected}"
            file, line = subject.hierarchy.written(stack.name, stack.file, ("stack_tags", tag))
            key, mend = f"stack_tags.{tag}", f"write {expected}"
            yield Finding(CHECK.id, Severity.ERROR, file, key, line, message, mend, (stack.environment,))


def _without(subject: Subject, stack: Stack, missing: list[str]) -> Finding:
    """Return the finding for the tags that a stack lacks, at the lowest block of tags that it has: it may drop some."""
    file, line = stack.file, None
    for name, content in subject.hierarchy.levels(stack.name, stack.file):
        if isinstance(content.get("stack_tags"), Mapping) and name != ROOT:
            file = name
    _, line = subject.hierarchy.written(stack.name, file, ("stack_tags",))
    called = f"the tag{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    message = f"{stack.path} lacks {called}"
    mend = "give what is missing in `stack_tags` of the root's config.yaml, and merge where a file below gives tags too"
    return Finding(CHECK.id, Severity.ERROR, file, "stack_tags", line, message, mend, (stack.environment,))


def _of_resources(subject: Subject, item: RenderedStack) -> Iterator[Finding]:
    required = set(subject.required_tags)
    for name, resource in item.effective.resources.items():
        path = ("Resources", name, "Properties")
        for tag in sorted(_keys(resource.properties.get("Tags")) & required):
            message = f"{name} has a tag {tag} of its own, which hides the stack's"
            yield at(
                CHECK.id,
                item,
                (*path, "Tags"),
                message,
                f"remove {tag}; the stack gives it to every resource",
            )
        if resource.type == REPLICATED and required:
            for index, replica in enumerate(resource.properties.get("Replicas", ())):
                missing = required - _keys(replica.get("Tags") if isinstance(replica, Mapping) else None)
                if missing:
                    message = f"a replica of {name} lacks the tags {', '.join(sorted(missing))}"
                    mend = "give them in the replica's Tags: a global table takes none from its stack"
                    yield at(CHECK.id, item, (*path, "Replicas", index), message, mend)


def _keys(tags: Any) -> set[str]:
    if isinstance(tags, Mapping):
        return {str(key) for key in tags}
    if isinstance(tags, list | tuple):
        return {str(tag.get("Key")) for tag in tags if isinstance(tag, Mapping)}
    return set()


CHECK = Check(
    id="tags",
    severity=Severity.ERROR,
    summary="Every stack has the required tags, and no resource hides one",
    remediation="Give the tag in `stack_tags`; CloudFormation hands it to every resource that takes tags.",
    source="REQ-P6",
    why="Costs, audits and whoever is on call find a resource's owner, release and environment by its tags.",
    before="stack_tags_inheritance: override\nstack_tags:\n  Team: trading",
    after="stack_tags:\n  Team: trading   # merged with the root's",
    run=run,
)
