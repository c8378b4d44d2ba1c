"""What `lockstep verify` says of what it cannot judge, and how it says it (REQ-V10, REQ-C4)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines import cli, verification
from pipelines.commands import verify as command
from pipelines.configuration import ObjectChangedError
from pipelines.consistency import unfit
from pipelines.standing import Stands
from pipelines.state.records import EnvironmentRelease
from pipelines.verification import Verified, _drift
from tests.unit.consistency.releases import manifest
from tests.unit.pipelines.test_status import state, summary
from validator.errors import FailureError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Recorded:
    """Home with a release of each workload but one, and a store in which every manifest was changed."""

    aws: Any = None

    def table(self) -> Any:
        return self

    def store(self, by: str) -> Any:
        return self

    def environment_releases(self, workload: str, environment: str) -> Any:
        if workload == "new":
            return
        yield EnvironmentRelease(
            workload, environment, 1, "v1", "sha256:1", "succeeded", NOW, NOW, "somebody"
        )

    def release(self, *named: str) -> None:
        return None

    def manifest(self, workload: str, *_: str) -> Any:
        raise ObjectChangedError(f"releases/{workload}", "sha256:1", "sha256:2")


def test_a_spoilt_object_is_a_finding_of_its_workload_and_hides_no_other() -> None:
    home: Any = Recorded()
    found = verification.verify(home, "dev", ["orders", "control"], None, NOW)
    assert [one.workload for one in found] == ["orders", "control"]
    for one in found:
        (finding,) = one.findings
        assert finding.message.startswith(f"releases/{one.workload} was changed after it was written")
        assert finding.remediation.startswith("restore the object's earlier version")


def test_a_workload_without_a_release_is_pending_and_hides_no_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 4 where all else is right, 1 where something is wrong: what is known to be wrong counts more."""
    home: Any = Recorded()
    found = verification.verify(home, "dev", ["new", "orders"], None, NOW)
    assert [(one.workload, one.release, len(one.findings)) for one in found] == [
        ("new", "", 0),
        ("orders", "v1", 1),
    ]
    monkeypatch.setattr(command, "verify_environment", lambda *_: found)
    assert cli.run(["verify", "dev"]) == cli.FAILURE
    out = capsys.readouterr().out
    assert "dev/new: no release recorded\n    mend: run `lockstep deploy dev`, which records it\n" in out
    assert "dev/orders: release v1" in out
    assert cli.run(["verify", "dev", "--format", "json"]) == cli.FAILURE
    document = json.loads(capsys.readouterr().out)
    assert [one["release"] for one in document["workloads"]] == ["", "v1"]
    found[1] = replace(found[1], findings=())
    assert cli.run(["verify", "dev"]) == cli.PENDING
    found[0] = replace(found[0], release="v1")
    assert cli.run(["verify", "dev"]) == cli.SUCCESS


def test_a_release_that_no_workload_has_is_a_mistake_of_the_call() -> None:
    home: Any = Recorded()
    with pytest.raises(FailureError, match="there is no release v9 for dev"):
        verification.verify(home, "dev", ["new", "orders"], "v9", NOW)


@pytest.mark.parametrize("tag", ["a#b", "", "v1\x1b[2J", "v" * 257])
def test_what_can_name_no_release_is_a_mistake_of_the_call(
    tag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home: Any = Recorded()
    monkeypatch.setattr(
        command, "verify_environment", lambda *_: verification.verify(home, "dev", ["orders"], tag, NOW)
    )
    assert cli.run(["verify", "dev", "--release", tag]) == cli.USAGE
    said = capsys.readouterr().err
    assert "names no release" in said
    assert "a name has 1 to 256 characters" in said
    assert "lockstep itself failed" not in said


def _stands(name: str, recorded: Any) -> Stands:
    live: Any = type("Live", (), {"name": recorded.key.stack})()
    return Stands(name, f"{name}.yaml", recorded.key.account, recorded.key.region, "", live)


def test_drift_that_nobody_knows_is_one_finding_with_the_names() -> None:
    recorded = [
        replace(state(drift=drift), key=replace(state().key, stack=name))
        for name, drift in (
            ("a", summary("drifted")),
            ("b", None),
            ("c", summary("unknown")),
            ("d", summary("in_sync", 0)),
            ("e", summary("started", 0)),
            ("f", replace(summary("in_sync", 0), detected_at=NOW - timedelta(days=3))),
        )
    ]
    states = {one.key: one for one in recorded}
    those = [_stands(one.key.stack, one) for one in recorded]
    assert [finding.message for finding in _drift(manifest("dev"), those, states, NOW)] == [
        "a: it drifted",
        "nobody looked for drift since the last change, or within two days: b, f",
        "drift is not known: c",
        "drift detection is under way: e",
    ]
    unwatched = [finding.message for finding in _drift(manifest("dev"), those, states, NOW, False)]
    assert unwatched == ["a: it drifted", "drift is not known: c", "drift detection is under way: e"]


def test_one_mend_stands_once_under_what_it_mends(capsys: pytest.CaptureFixture[str]) -> None:
    findings = tuple(unfit("dev", text, mend) for text, mend in (("a", "x"), ("b", "y"), ("c", "x")))
    command._print("dev", [Verified("orders", "v1", "", 2, (), findings)])
    out = capsys.readouterr().out.splitlines()
    assert out[0].endswith("2 stacks, 0 of 0 smoke tests passed, 3 findings")
    assert [line.strip() for line in out[1:]] == ["error: a", "error: c", "mend: x", "error: b", "mend: y"]
    command._print("dev", [Verified("orders", "v1", "", 1, (), findings[:1])])
    assert "1 stack, 0 of 0 smoke tests passed, 1 finding\n" in capsys.readouterr().out
