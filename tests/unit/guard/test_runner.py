"""The engine as a process: what it says, and everything that may go wrong with it (REQ-V7)."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from pipelines import guard
from pipelines.guard import RULES, VERSION, check_stacks, find_engine, load_rules, run
from validator.errors import ConfigurationError, TechnicalError

STACK: dict[str, Any] = {
    "name": "dev/orders/trades",
    "environment": "dev",
    "workload": "orders",
    "account": "111111111111",
    "region": "us-east-1",
    "parameters": {},
    "resources": {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"VersioningConfiguration": {"Status": "Suspended"}, "AccessControl": "PublicRead"},
        }
    },
}


def rules(folder: Path, *names: str) -> Path:
    """Copy a few rules into a folder of their own."""
    for name in names:
        service = folder / "guard_rules" / name.partition("_")[0]
        service.mkdir(parents=True, exist_ok=True)
        shutil.copy(RULES / service.name / f"{name}.guard", service)
    return folder / "guard_rules"


def script(folder: Path, text: str) -> Path:
    """Write an executable that stands in for the engine."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "cfn-guard"
    file.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    file.chmod(0o755)
    return file


def test_violations_have_their_place_and_their_mend(tmp_path: Path) -> None:
    """By the real engine: a wrong value, a property that should not be there, and one that is missing."""
    few = rules(tmp_path, "s3_bucket_versioned", "s3_bucket_owner_enforced", "s3_bucket_tls_only")
    found = {(each.rule, each.key): each for each in check_stacks([STACK], rules=few)}
    assert sorted(found) == [
        ("s3_bucket_owner_enforced", "Resources.Bucket.Properties.AccessControl"),
        ("s3_bucket_owner_enforced", "Resources.Bucket.Properties.OwnershipControls.Rules"),
        ("s3_bucket_tls_only", "Resources.Bucket"),
        ("s3_bucket_versioned", "Resources.Bucket.Properties.VersioningConfiguration.Status"),
    ]
    one = found["s3_bucket_versioned", "Resources.Bucket.Properties.VersioningConfiguration.Status"]
    assert one.message == "The bucket keeps no versions, so that an overwritten object is lost."
    assert one.fix == "Set VersioningConfiguration.Status to Enabled."
    assert (one.stack, one.resource) == ("dev/orders/trades", "Bucket")


def test_each_stack_has_its_own_results(tmp_path: Path) -> None:
    """Two stacks of one template, told apart by name; a sound one has none."""
    sound = STACK | {"name": "prod/orders/trades", "resources": {"Other": {"Type": "AWS::SNS::Topic"}}}
    again = STACK | {"name": "staging/orders/trades"}
    found = check_stacks([STACK, sound, again], rules=rules(tmp_path, "s3_bucket_versioned"))
    assert [each.stack for each in found] == ["dev/orders/trades", "staging/orders/trades"]


def test_stacks_of_one_name_stay_apart(tmp_path: Path) -> None:
    """As of two commits: what one of them breaks is not kept as the other's."""
    sound = STACK | {"resources": {"Other": {"Type": "AWS::SNS::Topic"}}}
    few, cache = rules(tmp_path, "s3_bucket_versioned"), tmp_path / "cache"
    assert len(check_stacks([STACK, sound], rules=few, cache=cache)) == 1
    assert check_stacks([sound], rules=few, cache=cache) == ()


def test_nothing_to_judge_is_a_pass_and_no_rules_are_an_error(tmp_path: Path) -> None:
    """No stacks, no call; no rules, no verdict."""
    assert check_stacks([], engine=Path("/does/not/exist")) == ()
    with pytest.raises(TechnicalError, match="holds no rules"):
        check_stacks([STACK], rules=tmp_path)


def test_a_broken_rule_file_is_an_error_beside_failing_rules(tmp_path: Path) -> None:
    """The engine skips it and exits 19, as if the other rules had been all."""
    few = rules(tmp_path, "s3_bucket_versioned", "s3_bucket_lifecycle")
    broken = few / "s3/s3_bucket_lifecycle.guard"
    broken.write_text(broken.read_text(encoding="utf-8").replace("!empty {", "!empty {{{"), encoding="utf-8")
    with pytest.raises(TechnicalError, match=r"(?s)s3_bucket_lifecycle.*mend: correct the rule file"):
        check_stacks([STACK], rules=few)
    (few / "s3/s3_bucket_versioned.guard").unlink()
    with pytest.raises(TechnicalError, match="s3_bucket_lifecycle"):
        check_stacks([STACK], rules=few)


def test_a_rule_file_without_a_rule_is_an_error(tmp_path: Path) -> None:
    """The engine passes over an empty file without a word."""
    few = rules(tmp_path, "s3_bucket_versioned")
    (few / "s3/s3_bucket_nothing.guard").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="s3_bucket_nothing"):
        check_stacks([STACK], rules=few)


def test_a_hanging_engine_is_ended_with_its_children(tmp_path: Path) -> None:
    """Within its bound, though a grandchild holds the output open."""
    engine = script(tmp_path / "bin", f"sleep 60 &\necho $! > {tmp_path}/pid\nwait")
    began = time.monotonic()
    with pytest.raises(TechnicalError, match=r"did not end within 0\.5 seconds\n  mend"):
        check_stacks([STACK], engine=engine, seconds=0.5)
    assert time.monotonic() - began < 10
    child = int((tmp_path / "pid").read_text())
    assert ended(child)


def ended(pid: int) -> bool:
    """Tell whether a process ends within two seconds; a zombie has ended."""
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("echo garbage", "output cannot be read"),
        ("echo '[]'", "leaves out"),
        ("exit 0", "output cannot be read"),
        ("exit 1", "ended with 1: without a word"),
        ("exit 5", "refused the rules: without a word"),
        ("echo 'no such path' >&2; exit 255", "refused its input: no such path"),
        ("kill -SEGV $$", "ended with -11"),
        ("printf '\\377\\376'; exit 19", "output cannot be read"),
        ("echo thread panicked >&2; exit 101", "ended with 101: thread panicked"),
        ("echo a warning >&2; echo '[]'", "complained: a warning"),
    ],
)
def test_everything_but_a_verdict_is_an_error(text: str, said: str, tmp_path: Path) -> None:
    """Crashes, refusals, garbage and silence."""
    with pytest.raises(TechnicalError, match=said) as error:
        check_stacks([STACK], engine=script(tmp_path, text))
    assert "Traceback" not in str(error.value)


@pytest.mark.parametrize(("code", "failing"), [(0, True), (19, False)])
def test_a_verdict_that_contradicts_itself_is_an_error(code: int, failing: bool, tmp_path: Path) -> None:
    """Exit code and output must agree."""
    rules = tmp_path / "rules"
    shutil.copytree(
        RULES / "s3", rules / "s3", ignore=lambda _, names: {n for n in names if "versioned" not in n}
    )
    (rules / "s3" / "s3_replication_versioned.guard").unlink()
    names = ", ".join(f'"{rule.name}"' for rule in load_rules(rules))
    failed = '{"Rule": {"name": "s3_bucket_versioned", "checks": []}}' if failing else ""
    report = f'[{{"name": "000000.json", "not_compliant": [{failed}], "not_applicable": [{names}], "compliant": []}}]'
    engine = script(tmp_path, f"echo '{report}'; exit {code}")
    with pytest.raises(TechnicalError, match="contradiction"):
        check_stacks([STACK], rules=rules, engine=engine)


def test_an_engine_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    """Missing, or made for another machine."""
    with pytest.raises(TechnicalError, match=r"cannot be started: No such file.*\n  mend"):
        check_stacks([STACK], engine=tmp_path / "cfn-guard")
    foreign = tmp_path / "cfn-guard"
    foreign.write_bytes(b"\x7fELF\0\0")
    foreign.chmod(0o755)
    with pytest.raises(TechnicalError, match="cannot be started: Exec format"):
        check_stacks([STACK], engine=foreign)


def test_the_engine_on_the_path_is_taken_if_it_is_the_pinned_version(tmp_path: Path) -> None:
    """And no other, which the message names."""
    right = script(tmp_path / "right", f"echo cfn-guard {VERSION}")
    assert find_engine(tmp_path, str(tmp_path / "right")) == right
    script(tmp_path / "old", "echo cfn-guard 3.1.0")
    with pytest.raises(
        TechnicalError, match=r"not installed; .*old/cfn-guard is not it: it says 'cfn-guard 3.1.0'"
    ):
        find_engine(tmp_path, str(tmp_path / "old"))
    script(tmp_path / "mute", "exit 1")
    with pytest.raises(TechnicalError, match="it says 'nothing'"):
        find_engine(tmp_path, str(tmp_path / "mute"))


def test_the_package_is_taken_where_the_path_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For this system and machine; with neither, the message says how to get one."""
    monkeypatch.setattr(guard.platform, "system", lambda: "Darwin")
    monkeypatch.setattr(guard.platform, "machine", lambda: "arm64")
    packaged = script(tmp_path / guard.PACKAGE / "macos/aarch64", "exit 0")
    assert find_engine(tmp_path, os.devnull) == packaged
    monkeypatch.setattr(guard.platform, "system", lambda: "Windows")
    with pytest.raises(TechnicalError, match=r"is not installed\n  mend: run `make \.venv/guard`"):
        find_engine(tmp_path, os.devnull)


def test_the_installed_engine_is_the_pinned_version() -> None:
    """The npm package's version and the engine's are two different numbers."""
    assert run([str(find_engine()), "--version"], 10).out.strip() == f"cfn-guard {VERSION}"


def test_the_lock_names_no_registry() -> None:
    """Exact versions with digests, from whichever registry npm is set to."""
    import json

    root = RULES.parent
    lock = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))
    manifest = json.loads((root / "package.json").read_text(encoding="utf-8"))
    packages = {name: body for name, body in lock["packages"].items() if name}
    locked = {name.removeprefix("node_modules/"): body for name, body in packages.items()}
    for part, dev in (("dependencies", False), ("devDependencies", True)):
        for name, version in manifest[part].items():
            assert (locked[name]["version"], locked[name].get("dev", False)) == (version, dev)
    production = {name for name, body in locked.items() if not body.get("dev")}
    assert production == set(manifest["dependencies"]), "a tool that is used brings nothing else along"
    assert all(
        body["integrity"].startswith("sha512-") and "resolved" not in body for body in packages.values()
    )
