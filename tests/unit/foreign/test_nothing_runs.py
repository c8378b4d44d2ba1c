"""Nothing of a foreign project runs while it is read: no hook, resolver, template or Jinja outside the sandbox."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from sceptre.hooks import Hook
from sceptre.resolvers import CustomYamlTagBase

from validator.foreign.survey import survey

from .projects import CORPUS

WATCHED = """
import sys
from pathlib import Path
from validator.foreign.survey import survey
import sceptre.resolvers, cfnlint

root = Path(sys.argv[1])
said = []
NEVER = ("subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "socket.", "ctypes.", "os.putenv")

def watch(event, arguments):
    if event.startswith(NEVER):
        said.append(event)
    if event == "open" and isinstance(arguments[0], str):
        path = Path(arguments[0])
        if path.name == "secret.txt" or (path.suffix == ".py" and "corpus" in path.parts):
            said.append(f"open {path.name}")
    if event == "import" and arguments[0] == "code":
        said.append("import code")

sys.addaudithook(watch)
survey(root)
print(said)
"""


def test_no_process_no_connection_no_secret(tmp_path: Path) -> None:
    """Seen from the interpreter itself, whose audit events nothing can take back."""
    (CORPUS / "hostile").relative_to(CORPUS)
    command = [sys.executable, "-c", WATCHED, str(CORPUS / "hostile")]
    repository = Path(__file__).parents[3]
    done = subprocess.run(
        command,
        cwd=repository,
        env={"SECRET": "s3cret", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
    assert "s3cret" not in done.stdout + done.stderr
    assert not list(repository.glob("ran-*")) + list(CORPUS.rglob("ran-*")) + list(tmp_path.glob("ran-*"))


def test_no_resolver_and_no_hook_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even an object of their classes, the installed ones included."""

    def refuse(self: object, *args: object, **kwargs: object) -> None:
        raise AssertionError(f"{type(self).__name__} was made")

    monkeypatch.setattr(CustomYamlTagBase, "__init__", refuse)
    monkeypatch.setattr(Hook, "__init__", refuse)
    loaded = survey(CORPUS / "hostile")
    stack = loaded.project["dev/resolvers"]
    assert {str(value) for value in stack.parameters.values()} == {
        "rcmd:touch ran-a-resolver",
        "file:../secret.txt",
        "environment_variable:SECRET",
        "file_contents:../secret.txt",
        "unheard_of:{a: [1, !rcmd touch ran-a-resolver]}",
    }


def test_the_watch_can_see(tmp_path: Path) -> None:
    """The audit of the first test reports what it is there for."""
    spoiled = WATCHED.replace(
        "survey(root)", "import subprocess; subprocess.run(['/bin/true']); survey(root)"
    )
    done = subprocess.run(
        [sys.executable, "-c", spoiled, str(CORPUS / "hostile")],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "subprocess.Popen" in done.stdout
