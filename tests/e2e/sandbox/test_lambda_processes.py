"""A function's process is as if an interpreter had been started for it, wherever it was forked from."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from importlib.metadata import files
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Client

SOURCE = """
import os, sys
import boto3, jmespath
calls = []
def handler(event, context):
    if event.get("end"):
        os._exit(3)
    calls.append(event)
    return {
        "calls": len(calls), "begun": sys.orig_argv, "modules": sorted({name.split(".")[0] for name in sys.modules}),
        "boto3": getattr(boto3, "OWN", "Lambda's"), "jmespath": jmespath.__file__, "code": __file__,
        "variables": dict(os.environ), "utf8": sys.flags.utf8_mode, "argv": sys.argv, "path": sys.path,
    }
"""
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ITS_JMESPATH = {
    str(file): file.read_text() for file in files("jmespath") or () if file.match("jmespath/*.py")
}
"""A package holds it too (REQ-C6)."""

Call = Callable[..., Any]


@pytest.fixture
def make(client: Client, account: str) -> Callable[..., Call]:
    """Return a maker of functions; each is called with the entries of its event."""
    role = client("iam", account=account).create_role(
        RoleName="any", AssumeRolePolicyDocument=json.dumps(TRUST)
    )
    aws = client("lambda", account=account)

    def function(name: str, files: Mapping[str, str] | None = None, **variables: str) -> Call:
        written = io.BytesIO()
        with zipfile.ZipFile(written, "w") as archive:
            for path, text in {"code.py": SOURCE, **(files or {})}.items():
                archive.writestr(path, text)
        aws.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="code.handler",
            Role=role["Role"]["Arn"],
            Code={"ZipFile": written.getvalue()},
            Timeout=20,
            Environment={"Variables": variables},
        )

        def call(**event: Any) -> Any:
            return json.loads(aws.invoke(FunctionName=name, Payload=json.dumps(event))["Payload"].read())

        return call

    return function


def _forked(found: Mapping[str, Any]) -> bool:
    return str(found["begun"][-1]).endswith("nursery.py")


def test_a_process_has_nothing_of_another_one(make: Callable[..., Call]) -> None:
    """Neither of the one that it was forked from, nor of the last one of its function."""
    one, other = make("one", ITS_JMESPATH, OWN="one"), make("other", OTHER="other")
    found, beside = one(), other()
    assert _forked(found)
    assert _forked(beside)
    assert not {"sandbox", "ministack", "pipelines", "validator"} & set(found["modules"])
    assert (found["variables"]["OWN"], found["variables"]["AWS_LAMBDA_FUNCTION_NAME"]) == ("one", "one")
    assert (found["variables"].get("OTHER"), beside["variables"].get("OWN")) == (None, None)
    assert found["code"] == f"{found['path'][0]}/code.py"
    assert [Path(each).parent for each in found["argv"]] == [Path(found["path"][1])]
    assert one()["calls"] == 2
    assert "died" in one(end=True)["errorMessage"]
    assert one()["calls"] == 1


def test_what_a_package_brings_itself_is_what_it_gets(make: Callable[..., Call]) -> None:
    """Also where Lambda's runtime has something of that name, or where it is another edition of it."""
    own = make("own", {"boto3/__init__.py": "OWN = 'its own'"})()
    assert own["boto3"] == "its own"
    changed = make("changed", ITS_JMESPATH | {"jmespath/further.py": "pass"})()
    assert changed["jmespath"].startswith(changed["path"][0])


def test_what_an_interpreter_reads_when_it_starts_holds(make: Callable[..., Call]) -> None:
    """Such variables of a function are not too late."""
    assert make("plain")()["utf8"] == 0
    assert make("utf8", PYTHONUTF8="1")()["utf8"] == 1
