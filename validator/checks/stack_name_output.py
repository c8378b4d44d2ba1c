"""`stack_name` and `!stack_output` are not combined (toolchain facts)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..findings import Finding, Severity
from .check import Check
from .subject import Subject

OUTPUT = re.compile(r"!stack_output ([^\s:\"']+?)(?:\.yaml)?::")


def run(subject: Subject) -> Iterator[Finding]:
    """Yield each stack that has a `stack_name` of its own and whose outputs another stack reads by `!stack_output`."""
    readers: dict[str, list[str]] = {}
    for stack in subject.project.stacks:
        for text in stack.resolvers.values():
            for producer in OUTPUT.findall(text):
                readers.setdefault(producer, []).append(stack.name)
    for stack in subject.project.stacks:
        if stack.name not in readers:
            continue
        named = [
            file
            for file, content in subject.hierarchy.levels(stack.name, stack.file)
            if "stack_name" in content
        ]
        for file in named[-1:]:
            _, line = subject.hierarchy.written(stack.name, file, ("stack_name",))
            names = ", ".join(sorted(set(readers[stack.name])))
            message = f"{names} reads outputs of {stack.name} by `!stack_output`, which ignores `stack_name`"
            mend = "remove `stack_name` here, or read by `!stack_output_external` with the stack's name"
            yield Finding(
                CHECK.id, Severity.ERROR, file, "stack_name", line, message, mend, (stack.environment,)
            )


CHECK = Check(
    id="stack-name-output",
    severity=Severity.ERROR,
    summary="No stack whose outputs are read by `!stack_output` has a `stack_name` of its own",
    remediation="Remove `stack_name`, or read by `!stack_output_external`.",
    source="https://docs.sceptre-project.org/latest/docs/resolvers.html",
    why="`!stack_output` works the stack's name out of the path, so that it asks a stack that does not exist.",
    before="# dev/network.yaml\nstack_name: the-network\n# dev/app.yaml\nVpcId: !stack_output dev/network.yaml::VpcId",
    after="# dev/network.yaml without `stack_name`",
    run=run,
)
