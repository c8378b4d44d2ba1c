"""Where the processes come from that run `lockstep` for the tiny project: this one has read everything before.

The code, and botocore's descriptions of services: reading them costs more than most of what a run does, and botocore
reads them again for each session, unless one loader keeps what it read. A server of its own, since Python's is one for
all that a test process does, and begins with what comes first.

Each line of standard input is a JSON value: the arguments of a run, which begins, or the number of a process, whose end
is waited for. Each answer is a line: the number, or the exit code, negative for a signal.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import sys

import botocore.session

from tests.e2e import tiny_run

MODULES = (
    *("pipelines.deploy", "pipelines.launcher", "pipelines.verification", "pipelines.detection"),
    *(
        "pipelines.plan.planning",
        "pipelines.plan.losses",
        "pipelines.plan.asking",
        "pipelines.packages.upload",
    ),
    *("pipelines.delivery.deliver", "pipelines.delivery.rollback", "pipelines.delivery.promoting"),
    *("pipelines.delivery.break_glass", "pipelines.promotion.policy_file", "pipelines.github.pulls"),
    *("pipelines.commands.delivered", "pipelines.commands.rollback_text", "pipelines.commands.promote"),
    *("pipelines.sceptre_plugins.hooks", "pipelines.sceptre_plugins.resolvers", "sceptre.plan.plan"),
    *("pipelines.sceptre_plugins.file_resolvers", "sceptre.context", "sceptre.hooks.cmd"),
    *("sceptre.template_handlers.file", "sceptre.resolvers.stack_output", "sceptre.resolvers.file_contents"),
    *("rich.console", "rich.live", "rich.progress", "rich.table", "jsonschema", "boto3", "resolver.file"),
)
SERVICES = ("cloudformation", "dynamodb", "lambda", "s3", "ssm", "sts")


def read_all() -> None:
    """Read what runs read."""
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)
    for name in MODULES:
        importlib.import_module(name)
    none = {"aws_access_key_id": "none", "aws_secret_access_key": "none"}
    for name in SERVICES:
        botocore.session.Session().create_client(name, region_name="us-east-1", **none)
    gc.collect()
    gc.freeze()


def serve() -> None:
    """Begin processes and wait for them, as asked, until nobody asks any more."""
    for line in sys.stdin:
        asked = json.loads(line)
        if isinstance(asked, int):
            said = os.waitstatus_to_exitcode(os.waitpid(asked, 0)[1])
        elif not (said := os.fork()):
            gc.disable()  # They live for a second.
            sys.exit(tiny_run.run(**asked))
        sys.stdout.write(f"{said}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    read_all()
    serve()
