"""One template through cfn-lint: what is found, where, and how sure (REQ-V6)."""

from __future__ import annotations

from pathlib import Path

import pytest
from cfnlint.rules import CloudFormationLintRule

from pipelines.linting.engine import rules
from pipelines.linting.matches import PROMOTED
from validator.findings import Finding, Severity

from .samples import BAD, FINISHED, GOOD, outcome, rules_of

TYPED = """\
Parameters:
  Given: {{Type: {type}}}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: example
      VpcId: {use}
"""


def test_a_good_template_has_no_findings() -> None:
    found = outcome(GOOD, FINISHED)
    assert (found.findings, found.whole) == ((), True)


def test_a_finding_says_rule_key_line_and_mend() -> None:
    """The key and line are those of the property."""
    found = outcome(BAD.replace("      KmsMasterKeyId: alias/aws/sqs\n", ""), FINISHED)
    (finding,) = [finding for finding in found.findings if finding.message.startswith("E3012")]
    assert (finding.check, finding.severity, finding.line) == ("cfn-lint", Severity.ERROR, 8)
    assert finding.key == "Resources.Queue.Properties.DelaySeconds"
    assert finding.message == "E3012 'many' is not of type 'integer'"
    assert "; see https://" in finding.remediation


@pytest.mark.parametrize(
    ("rule", "use"), [("W1030", "!Ref Given"), ("W1031", '!Sub "${Given}"')], ids=["Ref", "Sub"]
)
def test_a_bad_resolved_value_is_an_error(rule: str, use: str) -> None:
    """cfn-lint warns; the deployment would fail (REQ-V6). The key is the property's, not the function's."""
    assert rule in PROMOTED
    (finding,) = outcome(TYPED.format(type="String", use=use), {"Given": "vpc-nine"}).findings
    assert finding.message.startswith(f"{rule} ")
    assert (finding.severity, finding.line) == (Severity.ERROR, 8)
    assert finding.key == "Resources.Group.Properties.VpcId"


def test_warnings_and_informational_findings_stay_warnings() -> None:
    """W2001, a parameter that nothing uses; I3011, a stateful resource without a deletion policy."""
    text = GOOD.replace("!Ref Delay", "1")
    found = {
        f.message.split()[0]: f for f in outcome(text, FINISHED, settings={"include_checks": ["I"]}).findings
    }
    assert found.keys() >= {"W2001", "I3011"}
    assert {finding.severity for finding in found.values()} == {Severity.WARNING}
    assert found["W2001"].key == "Parameters.Delay"


@pytest.mark.parametrize(
    "transform", ["", "Transform: AWS::LanguageExtensions\n"], ids=["plain", "transformed"]
)
def test_values_of_the_environment_decide(transform: str) -> None:
    """Also in a transformed template, where cfn-lint 1.58 by itself loses them."""
    assert not outcome(transform + GOOD, {"Delay": "900"}).findings
    assert rules_of(outcome(transform + GOOD, {"Delay": "901"})) == {"W1030"}
    assert rules_of(outcome(transform + GOOD, {})) == {"E2900"}


def test_the_region_decides() -> None:
    text = "Resources:\n  Channel:\n    Type: AWS::GameLift::GameServerGroup\n"
    assert "E3006" not in rules_of(outcome(text))
    assert "E3006" in rules_of(outcome(text, region="eu-south-2"))


@pytest.mark.parametrize("inner", ["String", "AWS::EC2::VPC::Id"])
def test_the_name_of_an_ssm_parameter_is_not_taken_for_its_value(inner: str) -> None:
    """cfn-lint itself would: the contract that makes us leave the value out, and be silent of its absence."""
    text = TYPED.format(type=f"AWS::SSM::Parameter::Value<{inner}>", use="!Ref Given")
    assert not outcome(text, {"Given": "/orders/dev/network/VpcId"}).findings


def test_the_name_of_a_list_in_ssm_is_no_list() -> None:
    text = TYPED.format(type="AWS::SSM::Parameter::Value<List<String>>", use="!Select [0, !Ref Given]")
    assert not outcome(text, {"Given": "/orders/dev/network/Ids"}).findings


def test_what_is_known_only_at_deployment_is_left_out() -> None:
    """It is supplied, so E2900 does not miss it; one that nobody supplies is missed."""
    text = TYPED.format(type="String", use="!Ref Given")
    assert not outcome(text, deferred=frozenset({"Given"})).findings
    (missing,) = outcome(text).findings
    assert missing.message == "E2900 'Given' is a required property"
    assert rules_of(outcome(text, {"Other": "1"}, deferred=frozenset({"Given"}))) == {"E2900"}


def test_a_secret_is_in_no_message() -> None:
    """cfn-lint would repeat it (REQ-P7)."""
    text = TYPED.format(type="String, NoEcho: true", use="!Ref Given")
    assert not [
        finding for finding in outcome(text, {"Given": "hunter2"}).findings if "hunter2" in repr(finding)
    ]


@pytest.mark.parametrize(
    "value", ["vpc-12345678 , vpc-nine", ["vpc-12345678", "vpc-nine"]], ids=["text", "list"]
)
def test_a_list_is_split_as_cloudformation_splits_it(value: str | list[str]) -> None:
    """Spaces around its members do not count."""
    text = TYPED.format(type="CommaDelimitedList", use="!Select [{}, !Ref Given]")
    assert not outcome(text.replace("{}", "0"), {"Given": value}).findings
    assert outcome(text.replace("{}", "1"), {"Given": value}).findings


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        (GOOD + "  Queue:\n    Type: AWS::SNS::Topic\n", "E0000 Duplicate found 'Queue'", 5),
        ("Resources:\n  Queue: [\n", "E0000 did not find expected node content", 3),
        ("[a]", "E0000 Template needs to be an object", 1),
        ("\x00\x01", "E0000 Template could not be parsed", 1),
        ("Resources: \ud800", "E0000 Template could not be parsed", 1),
        ("Resources: " + "[" * 10_000 + "]" * 10_000, "E0000 Template could not be parsed", 1),
    ],
    ids=["duplicate", "syntax", "no-mapping", "binary", "half-character", "deep"],
)
def test_text_that_is_no_template_is_an_error(text: str, message: str, line: int) -> None:
    """Even where the configuration would turn such rules off."""
    found = outcome(text, settings={"ignore_checks": ["E"]})
    assert {finding.severity for finding in found.findings} == {Severity.ERROR}
    assert (found.findings[0].line, found.findings[0].message[: len(message)]) == (line, message)


def test_a_rule_that_raises_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a warning's rule, and even where E0002 is turned off; such an outcome is not kept."""

    def broken(*_: object) -> list[object]:
        raise RuntimeError("out of order")

    monkeypatch.setattr(type(rules()["W2001"]), "match", broken)
    for settings in ({}, {"ignore_checks": ["E0002"]}):
        found = outcome(GOOD, FINISHED, settings=settings)
        (finding,) = found.findings
        assert finding.severity is Severity.ERROR
        assert "E0002" in finding.message
        assert "out of order" in finding.message
        assert not found.whole


def test_a_warning_that_stands_for_a_crash_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """cfn-lint reports an exception inside a schema as a message of whichever rule ran it."""
    from cfnlint.rules import RuleMatch

    def nested(*_: object) -> list[RuleMatch]:
        return [RuleMatch(["Resources"], "Exception 'x' raised while validating 'cfnLint'")]

    monkeypatch.setattr(type(rules()["W2001"]), "match", nested)
    found = outcome(GOOD, FINISHED)
    assert ([finding.severity for finding in found.findings], found.whole) == ([Severity.ERROR], False)


def test_an_unknown_region_is_an_error() -> None:
    found = outcome(GOOD, FINISHED, region="mars-north-1")
    (finding,) = found.findings
    assert (finding.severity, found.whole) == (Severity.ERROR, False)
    assert "mars-north-1" in finding.message


def test_settings_choose_rules() -> None:
    assert "E3012" in rules_of(outcome(BAD, FINISHED))
    assert "E3012" not in rules_of(outcome(BAD, FINISHED, settings={"ignore_checks": ["E3012"]}))
    strict = {"configure_rules": {"E3012": {"strict": True}}}
    text = GOOD.replace("!Ref Delay", '"1"')
    assert "E3012" not in rules_of(outcome(text, FINISHED))
    assert "E3012" in rules_of(outcome(text, FINISHED, settings=strict))
    assert "E3012" not in rules_of(outcome(text, FINISHED)), "the option stayed on for the next template"


def test_suppressions_in_the_template_work() -> None:
    """In the Metadata of one resource, and of the template."""
    quiet = "    Metadata: {cfn-lint: {config: {ignore_checks: [E3012]}}}\n"
    kept = BAD.replace("    Properties:\n", quiet + "    Properties:\n")
    assert "E3012" not in rules_of(outcome(kept, FINISHED))
    whole = "Metadata: {cfn-lint: {config: {ignore_checks: [E3012]}}}\n" + BAD
    assert "E3012" not in rules_of(outcome(whole, FINISHED, settings={"ignore_checks": ["E3099"]}))


def test_configuration_outside_the_project_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cfn-lint reads its file in the home and in the working folder: findings would depend on who runs it where."""
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E3012]\nno_such_key: 1\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert "E3012" in rules_of(outcome(BAD, FINISHED))


def test_rules_are_loaded_once() -> None:
    assert rules() is rules()
    assert len(rules()) > 300


def test_every_finding_has_a_mend() -> None:
    """The description of the rule where nothing better is known."""
    for rule in rules().values():
        assert isinstance(rule, CloudFormationLintRule)
        assert rule.description or rule.shortdesc or rule.source_url, rule.id
    findings: tuple[Finding, ...] = outcome(BAD, {}).findings
    assert findings
    assert all(finding.remediation for finding in findings)
