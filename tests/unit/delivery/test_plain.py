"""What is deployed where no gate stands, without a release: its data is kept, and so is how it ended (REQ-R3, G6)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines import cli
from pipelines.attestation.trail import Trail, verify
from pipelines.commands.deploy import Terminal, refuse_options
from pipelines.delivery.data import Data
from pipelines.delivery.plain import NOTE, Plain
from pipelines.delivery.policy import stateful_here
from pipelines.deploy import Outcome, Result
from pipelines.recording import Recording
from pipelines.state.records import EnvironmentRelease, Lock
from validator.environments import ENVIRONMENTS
from validator.errors import ConfigurationError, FailureError

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NOTHING: Any = None
QUEUE = frozenset({"AWS::SQS::Queue"})


def held_by(role: str) -> Any:
    owner = f"arn:aws:sts::111111111111:assumed-role/{role}/session"
    return SimpleNamespace(locks={"orders": Lock("orders", "dev", owner, 1, NOW, NOW)})


def test_who_takes_back_brings_nothing_in() -> None:
    terms = Plain("dev", "v1", Data())
    assert terms.admit(NOTHING, held_by("dev-control-github")) == ""
    with pytest.raises(FailureError, match="brings nothing in"):
        terms.admit(NOTHING, held_by("dev-control-github-rollback"))


@pytest.mark.parametrize(("outcome", "state"), [("updated", "succeeded"), ("failed", "failed")])
@pytest.mark.parametrize("environment", ["dev", "shared"])
def test_how_it_ended_is_kept_and_verified(environment: str, outcome: Outcome, state: Any) -> None:
    """REQ-G6: a statement that hangs together with the record which names it, and says why there is no decision."""
    texts: dict[str, bytes] = {}

    def put(text: bytes) -> str:
        from pipelines.configuration.encoding import digest_of

        texts[digest_of(text)] = text
        return digest_of(text)

    home: Any = SimpleNamespace(
        store=lambda by: SimpleNamespace(put_evidence=put) if by == environment else None
    )
    one = EnvironmentRelease(
        "orders", environment, 3, "v1", "sha256:" + "1" * 64, "deploying", NOW, None, "alex"
    )
    recording = Recording(home, NOTHING, (one,), lambda: NOW, NOTHING)
    terms = Plain(environment, "v1", Data(QUEUE), "sha256:" + "2" * 64)
    kept = terms.keep(recording, [Result("orders/queue", outcome)], succeeded=outcome != "failed")
    ended = EnvironmentRelease(
        "orders", environment, 3, "v1", one.manifest_digest, state, NOW, NOW, "alex", evidence=kept
    )
    found = verify(Trail("v1", (ended,), (), ()), lambda by, digest: texts.get(digest))
    assert found.flaws == ()
    ((statement),) = found.kept
    said = statement.statement.said
    assert (said["note"], said["decision"], said["outcome"], said["policy"]) == (
        NOTE,
        None,
        state,
        terms.policy,
    )
    assert (terms.confirm(recording), terms.back_to(recording, failed=True)) == ((), "")


def test_what_holds_data_is_what_the_folder_says(tmp_path: Path) -> None:
    """REQ-R3: without a policy nothing is known to, and that is told; by a wrong one nothing is deployed."""
    said: list[str] = []
    assert stateful_here(ROOT, ENVIRONMENTS, said.append) > QUEUE
    assert said == []
    assert stateful_here(tmp_path, ENVIRONMENTS, said.append) == frozenset()
    assert "nothing says what holds data" in said[0]
    (tmp_path / "pipelines").mkdir()
    policy = tmp_path / "pipelines" / "promotion.yaml"
    policy.symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="is a link"):
        stateful_here(tmp_path, ENVIRONMENTS, said.append)
    policy.unlink()
    policy.write_text("stateful: []\n", encoding="utf-8")
    with pytest.raises(ConfigurationError):
        stateful_here(tmp_path, ENVIRONMENTS, said.append)


def test_a_name_of_which_nothing_would_go_is_passed_over_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("dev/orders/first/Queue", "dev/orders/first/Quue")
    data = Data(QUEUE, frozenset(names))
    change = {"Action": "Remove", "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue"}
    assert data.objection("dev/orders/first", [{"Type": "Resource", "ResourceChange": change}]) == ""
    assert data.passed_over == names[1:]
    Terminal(quiet=True).passed_over(data.passed_over)
    said = capsys.readouterr().err
    assert said == f"warning: --accept-loss {names[1]}: nothing of that name would have been lost\n"


@pytest.mark.parametrize("environment", ["dev", "shared"])
def test_data_is_accepted_without_a_release_and_a_plan_is_not(environment: str) -> None:
    refuse_options(environment, None, False, None)
    with pytest.raises(ConfigurationError, match="a plan and drift are accepted of a release"):
        refuse_options(environment, None, True, None)


@pytest.mark.parametrize(
    "given", ["nonsense", "", "sha256:1", "sha256:" + "A" * 64, "sha256:" + "a" * 64 + "\n"]
)
def test_what_can_be_no_plan_is_told_before_anything_is_asked(
    given: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-G7: before a decision is kept. Empty, as by a variable that is not set, it would hold to no plan at all."""
    code = cli.run(["deploy", "dev", "--release", "v1", "--expect", given, "--project", str(tmp_path)])
    assert code == cli.USAGE
    assert "is no digest of a plan: write sha256: and 64 hexadecimal digits" in capsys.readouterr().err
