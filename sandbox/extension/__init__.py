"""What ministack 1.5.33 lacks for the templates of this repository: one file a gap, one line a file."""

from __future__ import annotations

from sandbox.extension import conditions, describe_stacks, ec2_addresses
from sandbox.extension.registry import Extension

EXTENSIONS: tuple[Extension, ...] = (
    conditions.EXTENSION,
    describe_stacks.EXTENSION,
    ec2_addresses.EXTENSION,
)


def install() -> None:
    """Check every name first, then fill every gap; `Changed` when ministack is not the version it was written for.

    Call it once, in the process that serves, before the first request.
    """
    for extension in EXTENSIONS:
        for name in extension.names:
            name.check()
    for extension in EXTENSIONS:
        extension.install()
