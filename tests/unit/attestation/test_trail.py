"""What is kept of a release, whole, and spoilt in every place: each is named, and the exit code says so (REQ-G6)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipelines import cli
from pipelines.attestation import Ended, StackEnd, Statement, decided, deployed, reasoned
from pipelines.attestation.trail import Trail, Verified, verify
from pipelines.commands.evidence import document
from pipelines.commands.evidence_text import show
from pipelines.configuration.encoding import digest_of
from pipelines.gathering.trail import save
from pipelines.promotion.decide import decide
from pipelines.state.records import Approval, EnvironmentRelease, KeptDecision, Promotion
from tests.unit.promotion import good

SCHEMA = json.loads((good.ROOT / "tests" / "schemas" / "evidence.json").read_text(encoding="utf-8"))
TOOLS = {"lockstep": "0.1.0"}
ARN = "arn:aws:cloudformation:us-east-1:333333333333:stack"
CHANGE_SET = "arn:aws:cloudformation:us-east-1:333333333333:changeSet/lockstep-plan-0a"
POLICY = "sha256:" + "a" * 64
APPROVAL = Approval("prod", good.TAG, "AROA:grace@example.com", "sha256:plan", good.NOW, "arn")


@dataclass(frozen=True, slots=True)
class Case:
    """A release that entered prod, with its statements as they lie in the store."""

    trail: Trail
    texts: dict[str, bytes]

    def verified(self) -> Verified:
        return verify(self.trail, lambda _environment, digest: self.texts.get(digest))

    @property
    def messages(self) -> str:
        return "\n".join(f"{one.message} -> {one.mend}" for one in self.verified().flaws)

    def ending(self, **given: Any) -> Case:
        """Return the case with another statement of how it ended in the place of its own."""
        (one,) = self.trail.deployments
        old = json.loads(self.texts[one.evidence])
        values = {**old["predicate"], **given}
        return self.holding(Statement(old["predicateType"], _ended(one, "").subjects, values))

    def holding(self, end: Statement) -> Case:
        (one,) = self.trail.deployments
        trail = replace(self.trail, deployments=(replace(one, evidence=end.digest),))
        return Case(trail, {**self.texts, end.digest: end.text})

    def recorded(self, **given: Any) -> Case:
        """Return the case with other records."""
        return Case(replace(self.trail, **given), self.texts)

    def deciding(self, other: Statement) -> Case:
        """Return the case with another statement in the place of what the promotion names."""
        (one,) = self.trail.promotions
        texts = {**self.texts, other.digest: other.text}
        return Case(replace(self.trail, promotions=(replace(one, evidence_digest=other.digest),)), texts)

    def of(self, **given: Any) -> Case:
        """Return the case with another record of the deployment."""
        (one,) = self.trail.deployments
        return Case(replace(self.trail, deployments=(replace(one, **given),)), self.texts)


def _ended(one: EnvironmentRelease, decision: str, note: str = "") -> Statement:
    stacks = (
        StackEnd("prod/orders/table", "updated", f"{ARN}/table/1", "lockstep-0a1b", f"{CHANGE_SET}/2"),
        StackEnd("prod/orders/queue", "unchanged", f"{ARN}/queue/2"),
    )
    ended = Ended(good.NOW, True, stacks, POLICY)
    return deployed("prod", good.TAG, [one], decision, ended, TOOLS, note)


def _decision(**given: Any) -> Statement:
    plan = replace(good.plan(), change_sets={"prod/orders/table": f"{CHANGE_SET}/1"})
    evidence = good.evidence(**{"plan": plan, **given})
    return decided(evidence, decide(evidence, good.PROD), TOOLS, POLICY)


def _elsewhere() -> Statement:
    """Return a decision about another environment."""
    own = _decision()
    evidence = {**own.said["evidence"], "environment": "staging"}
    return replace(own, said={**own.said, "evidence": evidence})


def _whole(decision: Statement) -> Case:
    begun = good.deployment("prod", decision=decision.digest)
    end = _ended(begun, decision.digest)
    promotion = Promotion(
        "orders", good.TAG, "staging", "prod", good.NOW, "grace@example.com", decision.digest
    )
    trail = Trail(good.TAG, (replace(begun, evidence=end.digest),), (promotion,), (APPROVAL,))
    return Case(trail, {decision.digest: decision.text, end.digest: end.text})


@pytest.fixture
def case() -> Case:
    return _whole(_decision())


def test_what_is_whole_has_no_flaw(case: Case) -> None:
    verified = case.verified()
    assert verified.flaws == ()
    assert {one.digest for one in verified.kept} == set(case.texts)
    shown = {"schema": "lockstep/evidence/v1", **document(verified)}
    jsonschema.validate(shown, SCHEMA)
    decision, ended = shown["statements"]
    assert [one["gate"] for one in decision["gates"]] == list(good.PROD.gates)
    assert decision["policy"] == ended["policy"] == POLICY
    assert (decision["change_sets"], ended["change_sets"]) == ({"prod/orders/table": f"{CHANGE_SET}/1"}, {})
    assert decision["tools"] == ended["tools"] == TOOLS
    assert [(one["stack_id"], one["request"]) for one in ended["stacks"]] == [
        (f"{ARN}/table/1", "lockstep-0a1b"),
        (f"{ARN}/queue/2", None),
    ]


def test_each_statement_that_is_changed_or_gone_is_named(case: Case) -> None:
    """REQ-G6: with the digest under which it was kept, and the one that it has."""
    for digest, text in case.texts.items():
        changed = text.replace(b"orders", b"orderz")
        found = Case(case.trail, {**case.texts, digest: changed}).messages
        assert digest in found and digest_of(changed) in found and "restore" in found
        gone = Case(case.trail, {key: value for key, value in case.texts.items() if key != digest}).messages
        assert f"{digest} of prod is not there" in gone and "restore" in gone


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda case: case.of(manifest_digest="sha256:other"), "the table recorded sha256:other"),
        (lambda case: case.of(state="failed"), "it failed, and"),
        (lambda case: case.of(evidence=""), "nothing is kept of how it ended"),
        (lambda case: case.of(decision=case.trail.deployments[0].evidence), "is no decision"),
        (lambda case: case.of(evidence=case.trail.deployments[0].decision), "says nothing of a deployment"),
        (lambda case: case.ending(release="v9.9.9"), "is about v9.9.9 in prod"),
        (lambda case: case.ending(environment="dev"), f"is about {good.TAG} in dev"),
        (lambda case: case.ending(outcome="failed"), "it succeeded, and"),
        (lambda case: case.ending(stacks=[{"stack": "a", "outcome": "failed"}]), "says otherwise of a"),
        (lambda case: case.ending(decision=None), "no decision let it begin"),
        (lambda case: case.ending(decision=f"sha256:{'0' * 64}"), f"{'0' * 64} of prod is not there"),
        (lambda case: case.ending(decision="../release"), "../release of prod is not there"),
        (lambda case: _whole(_decision(approvals=())), "is pending"),
        (lambda case: _whole(_decision(tag="v9.9.9")), "is about v9.9.9 in prod"),
        (lambda case: case.of(number=9), "number is 9 in the record"),
        (lambda case: case.of(by="mallory"), "by is mallory in the record"),
        (lambda case: case.ending(deployments=[]), "and None in"),
        (lambda case: case.recorded(promotions=()), "no promotion is recorded"),
        (lambda case: case.recorded(approvals=()), "and no record does"),
        (
            lambda case: case.recorded(approvals=(replace(APPROVAL, plan="sha256:other"),)),
            "knows an approval by grace@example.com",
        ),
        (
            lambda case: case.recorded(promotions=(replace(case.trail.promotions[0], approver="mallory"),)),
            "approved by mallory, and the decision",
        ),
        (lambda case: case.deciding(_ended(case.trail.deployments[0], "")), "is no decision"),
        (lambda case: case.deciding(_decision(tag="v9.9.9")), "promotion of orders from staging to prod"),
        (lambda case: case.deciding(_elsewhere()), f"is about {good.TAG} in staging"),
    ],
)
def test_what_does_not_hang_together_is_found(case: Case, spoil: Callable[[Case], Case], says: str) -> None:
    assert says in spoil(case).messages


def test_a_reason_stands_in_the_place_of_a_decision(case: Case) -> None:
    """What was deployed in an emergency, or came back, has no decision, and says why."""
    bare = case.of(decision="")
    (one,) = bare.trail.deployments
    assert (
        replace(bare, trail=replace(bare.trail, promotions=()))
        .holding(_ended(one, "", "without gates: a fire"))
        .verified()
        .flaws
        == ()
    )


@pytest.fixture
def refused(case: Case) -> Case:
    """Return the case with a decision before it that kept the release out for a while."""
    return _kept_out(case, _decision(approvals=()))


def _kept_out(case: Case, statement: Statement, **given: Any) -> Case:
    record = KeptDecision("orders", "prod", good.TAG, good.ago(30), "pending", statement.digest)
    texts = {**case.texts, statement.digest: statement.text}
    return Case(replace(case.trail, decisions=(replace(record, **given),)), texts)


def test_a_decision_that_kept_the_release_out_is_shown_with_its_reasons(
    refused: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-G6: from AWS as from a saved folder, and its statement is no stray there."""
    assert refused.verified().flaws == ()
    folder = tmp_path / "kept"
    save(refused.verified(), folder)
    assert _offline(folder, "--format", "json") == cli.SUCCESS
    shown = json.loads(capsys.readouterr().out)
    jsonschema.validate(shown, SCHEMA)
    (one,) = shown["decisions"]
    (statement,) = (each for each in shown["statements"] if each["digest"] == one["evidence_digest"])
    assert one["decision"] == statement["says"] == "pending"
    assert _offline(folder) == cli.SUCCESS
    said = capsys.readouterr().out
    assert (
        f"prod/orders decision of 2026-03-02T11:30:00.000000Z: pending\n  decision  {one['evidence_digest']}"
        in said
    )
    assert "\n    pending  approval: 0 of 1 approvals for prod" in said or "of 2 approvals for prod" in said
    assert "3 statements verified, 0 findings" in said


def test_a_release_of_which_nothing_is_recorded_but_a_refusal_is_shown(
    refused: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    only = refused.recorded(deployments=(), promotions=(), approvals=())
    save(only.verified(), tmp_path)
    assert _offline(tmp_path) == cli.SUCCESS
    assert "1 statements verified" in capsys.readouterr().out


def test_the_decision_that_let_it_begin_is_shown_once(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the deployment, though the table names it by itself too."""
    record = KeptDecision("orders", "prod", good.TAG, good.NOW, "success", case.trail.deployments[0].decision)
    named = case.recorded(decisions=(record,))
    assert named.verified().flaws == ()
    save(named.verified(), tmp_path)
    assert _offline(tmp_path) == cli.SUCCESS
    assert capsys.readouterr().out.count("success  release-known: ") == 1


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            lambda case: _kept_out(case, _decision(approvals=()), decision="failure"),
            "decision is failure in the",
        ),
        (lambda case: _kept_out(case, _decision(), tag="v9.9.9"), "release is v9.9.9 in the record"),
        (lambda case: _kept_out(case, _elsewhere()), "environment is prod in the record, and staging"),
        (lambda case: _kept_out(case, _ended(case.trail.deployments[0], "")), "it is no decision"),
        (
            lambda case: _kept_out(case, _decision(), evidence_digest=f"sha256:{'0' * 64}"),
            "of prod is not there",
        ),
    ],
)
def test_a_decision_and_its_record_say_the_same(case: Case, spoil: Callable[[Case], Case], says: str) -> None:
    assert says in spoil(case).messages


def test_a_refusal_that_was_changed_is_named(refused: Case) -> None:
    (one,) = refused.trail.decisions
    text = refused.texts[one.evidence_digest].replace(b"pending", b"success")
    found = Case(refused.trail, {**refused.texts, one.evidence_digest: text}).messages
    assert one.evidence_digest in found and digest_of(text) in found


def test_a_folder_of_an_earlier_version_has_no_decisions(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(case.verified(), tmp_path)
    file = tmp_path / "release.json"
    records = json.loads(file.read_text(encoding="utf-8"))
    del records["decisions"]
    file.write_text(json.dumps(records), encoding="utf-8")
    assert _offline(tmp_path) == cli.SUCCESS
    assert "2 statements verified, 0 findings" in capsys.readouterr().out


def _begun(case: Case, note: str = "without gates: a fire", **given: Any) -> Case:
    """Return the case as a run leaves it that no gate was asked for, and that died."""
    (one,) = case.trail.deployments
    begun = reasoned("prod", good.TAG, {"orders": one.manifest_digest}, note, POLICY)
    died = replace(case, trail=replace(case.trail, promotions=(), decisions=())).of(
        decision="", state="deploying"
    )
    return died.holding(begun).of(**given) if given else died.holding(begun)


@pytest.mark.parametrize("state", ["deploying", "failed", "rolled_back"])
def test_a_run_that_died_without_gates_has_its_reason(
    case: Case, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """REQ-G6: named from its beginning; where neither that nor a decision is kept, it is told, whatever came of it."""
    verified = _begun(case, state=state).verified()
    assert verified.flaws == ()
    shown = {"schema": "lockstep/evidence/v1", **document(verified)}
    jsonschema.validate(shown, SCHEMA)
    assert [one["says"] for one in shown["statements"]] == ["begun"]
    show(verified)
    begun = f"begun     {verified.trail.deployments[0].evidence}\n    without gates: a fire\n"
    assert f"\n  {begun}" in capsys.readouterr().out
    bare = _begun(case, state=state).of(evidence="")
    assert f"it is {state}, and no decision and no reason is kept of it" in bare.messages
    assert bare.of(decision=case.trail.deployments[0].decision).messages.count("no reason") == 0
    assert bare.of(environment="dev").verified().flaws == ()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda case: _begun(case, state="succeeded"), "says only why it began"),
        (lambda case: _begun(case, ""), "gives no reason"),
        (lambda case: _begun(case, manifest_digest="sha256:other"), "the table recorded sha256:other"),
    ],
)
def test_why_it_began_is_no_more_than_that(case: Case, spoil: Callable[[Case], Case], says: str) -> None:
    assert says in spoil(case).messages


def _offline(folder: Path, *arguments: str, release: str = good.TAG) -> int:
    return cli.run(["evidence", release, "--offline", str(folder), *arguments])


def test_a_saved_folder_is_verified_without_aws(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """REQ-G6: every digest, every link, every file."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    folder = tmp_path / "kept"
    save(case.verified(), folder)
    assert _offline(folder, "--format", "json") == cli.SUCCESS
    shown = json.loads(capsys.readouterr().out)
    jsonschema.validate(shown, SCHEMA)
    assert len(shown["statements"]) == 2
    assert _offline(folder) == cli.SUCCESS
    said = capsys.readouterr().out
    assert "2 statements verified, 0 findings" in said
    assert f"\n    updated   prod/orders/table: request lockstep-0a1b, {ARN}/table/1\n" in said
    assert f"\n    executed  prod/orders/table: {CHANGE_SET}/2\n" in said
    assert f"deployment 7: succeeded\n  by        deployer\n  manifest  {good.DIGESTS['prod']}\n" in said
    assert f"\n  decision  {case.trail.deployments[0].decision}\n    success  release-known: " in said
    assert f"unchanged prod/orders/queue: nothing was asked, {ARN}/queue/2" in said
    assert f"planned   prod/orders/table: {CHANGE_SET}/1" in said
    assert f"policy {POLICY}" in said
    assert "by lockstep 0.1.0" in said
    digest = case.trail.deployments[0].decision
    file = folder / f"{digest[7:]}.json"
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b"success", b"failure"))
    assert _offline(folder) == cli.FAILURE
    said = capsys.readouterr().out
    assert digest in said and digest_of(file.read_bytes()) in said and "mend:" in said
    file.write_bytes(whole)
    (folder / f"{'0' * 64}.json").write_bytes(whole)
    assert _offline(folder) == cli.FAILURE
    assert "no record names it" in capsys.readouterr().out


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": "x"}',
        "[" * 100_000,
        '{"schema": "lockstep/evidence-folder/v1", "release": "v1"}',
    ],
)
def test_a_folder_without_records_is_refused(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "release.json").write_text(text, encoding="utf-8")
    assert _offline(tmp_path) == cli.USAGE
    assert "holds no records of evidence" in capsys.readouterr().err


def test_a_folder_of_another_release_or_none_is_refused(
    case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(case.verified(), tmp_path)
    assert _offline(tmp_path, release="v9.9.9") == cli.USAGE
    assert f"is of {good.TAG}, not of v9.9.9" in capsys.readouterr().err
    assert _offline(tmp_path / "none") == cli.USAGE
    assert _offline(tmp_path, "--output", "x") == cli.USAGE
