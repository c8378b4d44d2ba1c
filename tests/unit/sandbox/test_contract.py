"""The contract with ministack: every name that the extension rests on exists and takes what it took.

These tests import ministack as it is and never install the extension into it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ministack.services.cloudformation import provisioners

from sandbox import bootstrap
from sandbox.extension import EXTENSIONS, claims
from sandbox.extension.names import ChangedError, Name, replace

SOURCES = Path(claims.__file__).parent
NAMES = sorted({name for extension in EXTENSIONS for name in extension.names} | {*bootstrap.NAMES}, key=str)
HELPERS = {
    "__init__",
    "claims",
    "ec2",
    "event_dead_letters",
    "names",
    "policies",
    "resources",
    "service_access",
    "stubs",
}
NEW_TYPES = (
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::Events::Archive",
    "AWS::Events::EventBusPolicy",
    "AWS::IAM::OIDCProvider",
)


@pytest.mark.parametrize("name", NAMES, ids=str)
def test_the_name_is_as_the_extension_was_written_for(name: Name) -> None:
    """A renamed function or another parameter fails here, by name."""
    name.check()


def test_a_name_that_is_gone_is_told() -> None:
    """The message says which name and that the version is the reason."""
    with pytest.raises(
        ChangedError, match=r"services\.sqs\._no_such does not exist in this version of ministack"
    ):
        Name("services.sqs", "_no_such").check()


def test_other_parameters_are_told() -> None:
    """The message says what the function takes now."""
    with pytest.raises(ChangedError, match=r"_update_table\(table\) takes \(data\)"):
        Name.function("services.dynamodb", "_update_table", "table").check()


@pytest.mark.parametrize("resource_type", NEW_TYPES)
def test_ministack_still_lacks_the_type(resource_type: str) -> None:
    """A type that ministack has learned no longer needs an extension."""
    assert resource_type not in provisioners._RESOURCE_HANDLERS


def test_every_file_is_registered_under_its_name() -> None:
    """One file a gap, one line a file: nothing is left out, nothing is listed twice."""
    files = {path.stem for path in SOURCES.glob("*.py")} - HELPERS
    assert sorted(files) == [extension.name for extension in EXTENSIONS]


def test_every_extension_says_what_it_rests_on_and_claims() -> None:
    """An extension without names is held by nothing, one without claims is on no page."""
    for extension in EXTENSIONS:
        assert extension.names, extension.name
        assert extension.claims, extension.name


def test_everything_installs_into_this_ministack() -> None:
    """In a process of its own, since it cannot be undone; a second time is refused."""
    code = (
        "from sandbox import extension\n"
        "from sandbox.extension.names import ChangedError\n"
        "extension.install()\n"
        "try:\n    extension.install()\nexcept ChangedError:\n    print('refused')\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.strip()) == (0, "refused"), ran.stderr


def test_replacing_reaches_every_module_that_imported_the_name() -> None:
    """ministack's modules import functions by name; all of them get the replacement."""
    code = (
        "import ministack.app\n"
        "from ministack.services.cloudformation import changesets, engine, handlers, stacks\n"
        "from sandbox.extension.conditions import EVALUATE\n"
        "from sandbox.extension.names import replace\n"
        "replace(EVALUATE, lambda original: lambda template, params: 'mine')\n"
        "print({module._evaluate_conditions({}, {}) for module in (changesets, engine, handlers, stacks)})\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "{'mine'}", ran.stderr


def test_replacing_a_name_that_is_gone_changes_nothing() -> None:
    """A misspelt name is an error, not a silent no-op."""
    with pytest.raises(ChangedError):
        replace(Name("services.sqs", "_no_such"), lambda original: original)
