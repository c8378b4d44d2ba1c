"""The command group: lazy, complete, helpful."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from sandbox import accounts
from sandbox.cli import LazyGroup, sandbox


def test_help_lists_every_command() -> None:
    """Commands that are imported later are listed too."""
    result = CliRunner().invoke(sandbox, ["--help"])
    assert result.exit_code == 0
    assert all(f"  {name} " in result.stdout for name in ("demo", "env", "start", "status", "stop"))


@pytest.mark.parametrize("name", ["", "demo", "env", "start", "status", "stop"])
def test_help_is_short_and_long(name: str) -> None:
    """Whoever asks first: called by itself, a command takes `-h` as it does below `lockstep`."""
    texts = [CliRunner().invoke(sandbox, [*name.split(), option]).stdout for option in ("--help", "-h")]
    assert texts[0] == texts[1]
    assert texts[0].startswith(f"Usage: sandbox {name}")


def test_an_unknown_command_is_a_usage_error() -> None:
    """Exit code 2, and the name is in the message."""
    result = CliRunner().invoke(sandbox, ["begin"])
    assert (result.exit_code, "No such command 'begin'" in result.output) == (2, True)


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_a_port_that_is_none_is_a_usage_error(port: str) -> None:
    """The range is in the message."""
    result = CliRunner().invoke(sandbox, ["start", "--port", port])
    assert result.exit_code == 2
    assert "--port" in result.output


def test_help_imports_nothing_heavy() -> None:
    """The command line stays fast: no emulator, no AWS client before one is needed."""
    code = (
        "import sys\nfrom sandbox.cli import sandbox\n"
        "print([name for name in ('boto3', 'ministack', 'hypercorn', 'sandbox.process') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_lazy_command_is_imported_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table's `module:attribute` leads to the command."""
    monkeypatch.setattr(LazyGroup, "lazy", {"later": "sandbox.cli:status"})
    found = sandbox.get_command(click.Context(sandbox), "later")
    assert found is sandbox.commands["status"]


def test_the_accounts_are_three_of_twelve_digits() -> None:
    """The emulator takes exactly such an access key for an account."""
    assert list(accounts.ACCOUNTS) == ["dev", "staging", "prod"]
    assert all(len(account) == 12 and account.isdigit() for account in accounts.ACCOUNTS.values())
    assert accounts.role_arn("prod") == "arn:aws:iam::333333333333:role/prod-lockstep-deploy"
