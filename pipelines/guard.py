"""Find and run the official cfn-guard over rendered stacks. I/O (REQ-V7).

One call for all documents: sixty calls over sixty documents took 32 s, one call 6 s. Whatever keeps the engine
from judging every rule on every document is a TechnicalError: a check that could not run is never a pass.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache as remembered
from pathlib import Path
from typing import Any

from pipelines.kept import Store
from validator.errors import TechnicalError
from validator.guard import GuardRule, Result, RuleSet, document, parse_rule, parse_rule_set, results
from validator.guard.reference import reference

VERSION = "3.1.1"
"""The pinned version of the engine; another one is not run."""
PACKAGE = "node_modules/@cdklabs/cdk-validator-cfnguard/bin"
"""Where the npm package that `make` installs carries the engine."""
SCHEMA = "lockstep/guard/v1"
TOOL = Path(__file__).parents[1]
RULES = TOOL / "guard_rules"
STARTING_SECONDS = 10.0
PASSED, BROKEN_RULES, FAILED, BROKEN_INPUT = 0, 5, 19, 255
_SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


@dataclass(frozen=True, slots=True)
class Output:
    """What a run of the engine gave; `code` is negative where a signal ended it."""

    code: int
    out: str
    err: str


def find_engine(root: Path = TOOL, path: str | None = None) -> Path:
    """Return the engine: `cfn-guard` on `path` (by default PATH) if it is the pinned version, or the npm package's.

    Raises TechnicalError where neither is there, with what was found instead.
    """
    found = shutil.which("cfn-guard", path=path)
    other = ""
    if found:
        version = run([found, "--version"], STARTING_SECONDS)
        if (version.code, version.out.strip()) == (0, f"cfn-guard {VERSION}"):
            return Path(found)
        said = (version.out or version.err).strip()[:80] or "nothing"
        other = f"; {found} is not it: it says {said!r}"
    packaged = root / PACKAGE / _folder() / "cfn-guard"
    if os.access(packaged, os.X_OK):
        return packaged
    raise TechnicalError(
        f"cfn-guard {VERSION} is not installed{other}\n"
        f"  mend: run `make .venv/guard`, which needs npm, or put cfn-guard {VERSION} on the PATH"
    )


def _folder() -> str:
    """Return the package's folder for this machine; a machine it does not serve gets a folder that is not there."""
    system, machine = platform.system(), platform.machine().lower()
    return f"{_SYSTEMS.get(system, system)}/{_MACHINES.get(machine, machine)}"


def load_rules(folder: Path = RULES) -> tuple[GuardRule, ...]:
    """Return every rule below `folder`; raises ConfigurationError for a file that is not as the others are."""
    files = sorted(folder.rglob("*.guard"))
    return tuple(parse_rule(file.read_text(encoding="utf-8"), _name(file, folder)) for file in files)


def load_rule_sets(folder: Path = RULES) -> tuple[RuleSet, ...]:
    """Return the rule sets in `folder`/rule_sets; raises ConfigurationError for one that is not well formed."""
    files = sorted((folder / "rule_sets").glob("*.yaml"))
    return tuple(parse_rule_set(file.read_text(encoding="utf-8"), _name(file, folder)) for file in files)


def _name(file: Path, folder: Path) -> str:
    return file.relative_to(folder.parent).as_posix()


def check_stacks(
    stacks: Sequence[Mapping[str, Any]],
    *,
    rules: Path = RULES,
    engine: Path | None = None,
    seconds: float | None = None,
    cache: Path | None = None,
) -> tuple[Result, ...]:
    """Return what the rules below `rules` say against the `stacks` of `lockstep/render/v1`.

    `cache` is the folder of kept results (`.lockstep/cache/guard` of a project), None for none: only stacks that
    changed are judged again. `seconds` bounds the run, by default one minute and half a second a stack. Raises
    TechnicalError where the engine is missing, hangs, crashes, refuses a rule file, or leaves anything out, and
    ConfigurationError where a rule file is not as the others are.
    """
    known = load_rules(rules)
    if not known:
        raise TechnicalError(f"cfn-guard: {rules} holds no rules\n  mend: restore the folder")
    if not stacks:
        return ()
    store = Store(cache, SCHEMA)
    named = {_digest(stack, rules): stack for stack in stacks}
    kept = {name: found for name in named if (found := _kept(store, name)) is not None}
    todo = {name: stack for name, stack in named.items() if name not in kept}
    if todo:
        for name, found in _judge(todo, rules, known, engine, seconds).items():
            kept[name] = found
            store.put(name, [asdict(result) for result in found])
        store.prune()
    return tuple(result for name in named for result in kept[name])


def _digest(stack: Mapping[str, Any], rules: Path) -> str:
    """Return the name of a stack's results: of its document, the rules, and the engine's version."""
    content = json.dumps([SCHEMA, VERSION, _rules_digest(rules), document(stack)], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:32]


@remembered
def _rules_digest(rules: Path) -> str:
    whole = hashlib.sha256()
    for file in sorted(rules.rglob("*.guard")):
        content = file.read_bytes()
        whole.update(f"{file.relative_to(rules)}\0{len(content)}\0".encode() + content)
    for source in sorted((TOOL / "validator" / "guard").glob("*.py")):
        whole.update(source.read_bytes())
    return whole.hexdigest()


def _kept(store: Store, name: str) -> tuple[Result, ...] | None:
    """Return kept results; None where there are none, or they are of another shape."""
    with suppress(TypeError, KeyError):
        found = store.get(name)
        return (
            None if found is None else tuple(Result(**{**one, "path": tuple(one["path"])}) for one in found)
        )
    return None


def _judge(
    stacks: Mapping[str, Mapping[str, Any]],
    rules: Path,
    known: Sequence[GuardRule],
    engine: Path | None,
    seconds: float | None,
) -> dict[str, tuple[Result, ...]]:
    """Return the results of each stack by its digest: two stacks of one name, as of two commits, stay apart.

    Rules for resources that no stack has are run over an empty document alone, which still shows that they can be.
    """
    engine = engine or find_engine()
    seconds = seconds or 60 + 0.5 * len(stacks)
    types = {body["Type"] for stack in stacks.values() for body in stack["resources"].values()}
    needed = [rule for rule in known if rule.concerns(types)]
    others = [rule for rule in known if not rule.concerns(types)]
    if others:
        empty = {"": {**next(iter(stacks.values())), "resources": {}}}
        _asked(empty, rules, others, engine, seconds)
    return _asked(stacks, rules, needed, engine, seconds)


def _asked(
    stacks: Mapping[str, Mapping[str, Any]],
    rules: Path,
    asked: Sequence[GuardRule],
    engine: Path,
    seconds: float,
) -> dict[str, tuple[Result, ...]]:
    """Return what some rules say of stacks, in one call of the engine."""
    if not asked:
        return dict.fromkeys(stacks, ())
    files = {name: f"{number:06}.json" for number, name in enumerate(stacks)}
    by_file = {files[name]: stack for name, stack in stacks.items()}
    with tempfile.TemporaryDirectory(prefix="lockstep-guard-") as folder:
        for name, stack in by_file.items():
            Path(folder, name).write_text(json.dumps(document(stack)), encoding="utf-8")
        places = {file.stem: str(file) for file in rules.rglob("*.guard")}
        command = [str(engine), "validate", "-r", *(places[rule.name] for rule in asked), "-d", folder]
        command += ["--structured", "-o", "json", "-S", "none"]
        output = run(command, seconds)
    _refuse_failure(output)
    found = results(output.out, by_file, [rule.name for rule in asked])
    violations = sum(map(len, found.values()))
    if bool(violations) != (output.code == FAILED):
        raise TechnicalError(
            f"cfn-guard: exit code {output.code} with {violations} violations is a contradiction"
        )
    return {name: found[file] for name, file in files.items()}


def _refuse_failure(output: Output) -> None:
    """Raise TechnicalError for everything but a verdict. A broken rule file may hide behind any exit code."""
    said = output.err.strip()[-2000:]
    if output.code in (PASSED, FAILED) and not said:
        return
    reasons = {
        PASSED: ("complained", "correct the rule file that it names"),
        FAILED: ("complained", "correct the rule file that it names"),
        BROKEN_RULES: ("refused the rules", "correct the rule file that it names"),
        BROKEN_INPUT: ("refused its input", "see that the rule files can be read, and report it if they can"),
    }
    crash = (f"ended with {output.code}", "run it again, and report it if it stays so")
    what, mend = reasons.get(output.code, crash)
    raise TechnicalError(f"cfn-guard {what}: {said or 'without a word'}\n  mend: {mend}")


_RUNNING: set[subprocess.Popen[bytes]] = set()


def end_engines() -> None:
    """End every run of the engine, whoever waits for it: nobody wants its answer any more."""
    for process in tuple(_RUNNING):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def run(command: Sequence[str], seconds: float) -> Output:
    """Run the engine in a process group of its own and return what it gave.

    Output goes to files, since a pipe that a surviving grandchild holds open would outlast the bound. Raises
    TechnicalError where it cannot be started or does not end within `seconds`; then the whole group is ended.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
            )
        except OSError as error:
            raise TechnicalError(
                f"cfn-guard: {command[0]} cannot be started: {error.strerror}\n  mend: run `make .venv/guard` again"
            ) from None
        _RUNNING.add(process)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TechnicalError(
                f"cfn-guard did not end within {seconds:g} seconds\n"
                "  mend: look for a rule that does not end, or give fewer environments at a time"
            ) from None
        finally:
            _RUNNING.discard(process)
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        out.seek(0)
        err.seek(0)
        return Output(code, *(stream.read().decode("utf-8", "replace") for stream in (out, err)))


if __name__ == "__main__":
    page = reference(load_rules(), load_rule_sets())
    (TOOL / "docs" / "guard-rules.md").write_text(page, encoding="utf-8")
