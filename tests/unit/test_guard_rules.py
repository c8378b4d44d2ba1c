"""Every guard rule is tested, its cases really ran, and the repository's own stacks keep it (REQ-V7).

`cfn-guard test` passes when a rule has no cases, and a query over several resources can skip in silence. So these
tests count what ran, and run the cases in company.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.guard import RULES, check_stacks, find_engine, load_rule_sets, load_rules
from validator.guard.document import FACTS, document, facts, shaped
from validator.guard.reference import reference

from .small_project import rendered

ROOT = Path(__file__).parents[2]
VERDICTS = ("SKIP", "PASS", "FAIL")
NAMES = [rule.name for rule in load_rules()]


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a rule's test file."""

    rule: str
    name: str
    verdict: str
    resources: dict[str, Any]
    stack: dict[str, Any] | None


@cache
def cases() -> tuple[Case, ...]:
    """Read every test file below the rules."""
    found = []
    for file in sorted(RULES.rglob("*_tests.yml")):
        rule = file.name.removesuffix("_tests.yml")
        for each in yaml.safe_load(file.read_text(encoding="utf-8")):
            verdict = each["expectations"]["rules"][rule]
            given = each["input"]
            found.append(Case(rule, each["name"], verdict, given["Resources"], given.get("Stack")))
    assert found
    return tuple(found)


def run_cases(folder: Path) -> tuple[int, dict[str, list[str]]]:
    """Run `cfn-guard test` over a folder: its exit code, and the verdicts that were reached for each rule."""
    command = [str(find_engine()), "test", "-d", str(folder), "-o", "json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    reached: dict[str, list[str]] = {}
    for report in json.loads(run.stdout):
        for case in report.get("test_cases", ()):
            for rule in case["passed_rules"]:
                reached.setdefault(rule["name"], []).append(rule["evaluated"])
    return run.returncode, reached


def untested(folder: Path) -> dict[str, list[str]]:
    """Return the verdicts that no case of a rule reached, for each rule below a folder that lacks one."""
    code, reached = run_cases(folder)
    lacking = {
        file.stem: [each for each in VERDICTS if each not in reached.get(file.stem, ())]
        for file in folder.rglob("*.guard")
    }
    assert lacking, "no rules: the test looks in the wrong place"
    return {**({"cfn-guard test": [str(code)]} if code else {}), **{k: v for k, v in lacking.items() if v}}


def judged(inputs: dict[str, dict[str, Any]], folder: Path, rules: Path = RULES) -> dict[str, dict[str, Any]]:
    """Run rules, of one file or below a folder, over documents; return the engine's report for each."""
    folder.mkdir(parents=True)
    for name, body in inputs.items():
        (folder / f"{name}.json").write_text(json.dumps(body), encoding="utf-8")
    command = [str(find_engine()), "validate", "-r", str(rules), "-d", str(folder)]
    command += ["--structured", "-o", "json", "-S", "none"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert run.stderr == ""
    reports = {Path(report["name"]).stem: report for report in json.loads(run.stdout)}
    assert reports.keys() == inputs.keys()
    return reports


def judged_by_their_own(inputs: dict[str, dict[str, dict[str, Any]]], folder: Path) -> dict[str, Any]:
    """Run each rule over the documents that are about it alone; return the engine's report for each.

    That is a hundredth of all rules over all documents, and what is asked is what a rule says of its own.
    """
    files = {file.stem: file for file in RULES.rglob("*.guard")}
    reports: dict[str, Any] = {}
    for rule, documents in inputs.items():
        reports |= judged(documents, folder / rule, files[rule])
    assert len(reports) == sum(map(len, inputs.values()))
    return reports


def verdict(report: dict[str, Any], rule: str) -> str:
    """Return what a report says of one rule."""
    if any(each["Rule"]["name"] == rule for each in report["not_compliant"]):
        return "FAIL"
    return "PASS" if rule in report["compliant"] else "SKIP"


def test_every_rule_has_cases_that_ran() -> None:
    """SKIP, PASS and FAIL, each reached by the engine itself."""
    assert untested(RULES) == {}


def test_a_rule_without_cases_is_noticed(tmp_path: Path) -> None:
    """The engine itself passes when the file of cases is missing, is named for another rule, or lacks a verdict."""
    folder = tmp_path / "s3"
    shutil.copytree(RULES / "s3", folder)
    (folder / "tests/s3_bucket_versioned_tests.yml").unlink()
    file = folder / "tests/s3_bucket_tls_only_tests.yml"
    file.rename(file.with_name("s3_bucket_tls_tests.yml"))
    passes = folder / "tests/s3_bucket_lifecycle_tests.yml"
    kept = [
        each
        for each in yaml.safe_load(passes.read_text())
        if "FAIL" not in each["expectations"]["rules"].values()
    ]
    passes.write_text(yaml.safe_dump(kept))
    assert run_cases(tmp_path)[0] == 0
    assert untested(tmp_path) == {
        "s3_bucket_versioned": list(VERDICTS),
        "s3_bucket_tls_only": list(VERDICTS),
        "s3_bucket_lifecycle": ["FAIL"],
    }


@pytest.mark.parametrize(
    ("rule", "right", "wrong"),
    [
        ("s3/s3_bucket_versioned", "== 'Enabled'", "!= 'Enabled'"),
        ("sqs/sqs_queue_tls_only", "Effect == 'Deny'", "Effect == 'Allow'"),
        ("kms/kms_key_rotation", "in [true, 'true']", "exists"),
        ("lambda/lambda_function_arm64", "== 'arm64'", "exists"),
        ("iam/iam_policy_named_actions", "Effect != 'Deny'", "Effect == 'Deny'"),
        ("rds/rds_cluster_restore_type", "'copy-on-write'", "'copy_on_write'"),
    ],
)
def test_a_broken_rule_fails_its_cases(rule: str, right: str, wrong: str, tmp_path: Path) -> None:
    """Rules broken on purpose."""
    file = RULES / f"{rule}.guard"
    text = file.read_text(encoding="utf-8")
    assert right in text
    (tmp_path / file.name).write_text(text.replace(right, wrong), encoding="utf-8")
    (tmp_path / "tests").mkdir()
    shutil.copy(file.parent / "tests" / f"{file.stem}_tests.yml", tmp_path / "tests")
    assert untested(tmp_path).get("cfn-guard test") == ["7"]


def test_every_message_is_said_by_a_failing_case(tmp_path: Path) -> None:
    """So each clause has a case that needs it."""
    failing = {f"{n:04}": case for n, case in enumerate(cases()) if case.verdict == "FAIL"}
    own: dict[str, dict[str, Any]] = {}
    for name, case in failing.items():
        own.setdefault(case.rule, {})[name] = given(case)
    reports = judged_by_their_own(own, tmp_path)
    unsaid = []
    for rule in load_rules():
        said = " ".join(
            " ".join(json.dumps(each).replace("\\n", " ").replace(";", " ").split())
            for name, case in failing.items()
            if case.rule == rule.name
            for each in reports[name]["not_compliant"]
            if each["Rule"]["name"] == rule.name
        )
        assert len(set(rule.messages)) == len(rule.messages), f"{rule.name} says the same of two clauses"
        unsaid += [(rule.name, wrong) for wrong, _ in rule.messages if json.dumps(wrong)[1:-1] not in said]
    assert unsaid == []


def given(case: Case) -> dict[str, Any]:
    """Return the document of a case."""
    return {"Resources": case.resources, **({} if case.stack is None else {"Stack": case.stack})}


def renamed(resources: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Return resources under other logical ids, with what refers to them."""
    text = json.dumps(resources)
    for name in resources:
        for before, after in (('"', '"'), (":", "}"), (":", ".")):
            text = text.replace(f"{before}{name}{after}", f"{before}{prefix}{name}{after}")
    renamed_resources: dict[str, Any] = json.loads(text)
    return renamed_resources


def in_company() -> Iterator[tuple[Case, Case, dict[str, Any]]]:
    """Yield each failing or passing case beside the resources of each that does not fail, before and after them."""
    for rule in NAMES:
        own = [case for case in cases() if case.rule == rule]
        others = [case for case in own if case.verdict != "FAIL"]
        for case, other in itertools.product(own, others):
            if str(case.name).endswith("beside no topic"):
                continue  # It is about its company.
            if case.verdict == "SKIP" or (case.stack and other.stack and case.stack != other.stack):
                continue
            if other.stack and not case.stack:
                continue
            mine, theirs = renamed(case.resources, "M"), renamed(other.resources, "A")
            yield case, other, given(case) | {"Resources": {**theirs, **mine}}
            yield case, other, given(case) | {"Resources": {**mine, **theirs}}


def test_a_verdict_stands_beside_other_resources(tmp_path: Path) -> None:
    """A failing resource is not hidden by a sound one, nor a sound one blamed for nothing, in whatever order."""
    company = {f"{n:05}": each for n, each in enumerate(in_company())}
    own: dict[str, dict[str, Any]] = {}
    for name, (case, _, body) in company.items():
        own.setdefault(case.rule, {})[name] = body
    reports = judged_by_their_own(own, tmp_path)
    wrong = [
        (case.rule, case.name, other.name)
        for name, (case, other, _) in company.items()
        if verdict(reports[name], case.rule) != case.verdict
    ]
    assert len(company) > 1000
    assert wrong == []


def test_cases_have_the_shape_that_the_rules_are_given() -> None:
    """Or they would prove something about documents that never come."""
    for case in cases():
        for name, body in case.resources.items():
            place = f"{case.rule}: {case.name}: {name}"
            assert shaped(body) == body, place
            assert body.get(FACTS, facts(name)) == facts(name), place


def test_the_repository_keeps_every_rule(kept: Path) -> None:
    """Every stack of every environment, as it is rendered."""
    assert check_stacks(rendered(), cache=kept / "guard") == ()


def test_rules_have_something_to_judge_here(tmp_path: Path) -> None:
    """A rule that skips every stack of the repository is one for the workloads to come; prod and the home have all."""
    stacks = [stack for stack in rendered() if stack["environment"] in ("prod", "shared")]
    reports = judged({f"{n:03}": document(stack) for n, stack in enumerate(stacks)}, tmp_path / "documents")
    idle = {rule for rule in NAMES if all(verdict(report, rule) == "SKIP" for report in reports.values())}
    assert idle <= set(LATER)


LATER = (
    "apigateway_domain_tls",
    "apigateway_usage_plan_throttle",
    "cloudformation_disposable_is_deleted",
    "cloudtrail_trail_customer_key",
    "cloudtrail_trail_every_region",
    "cloudtrail_trail_validated",
    "codebuild_project_sound",
    "codepipeline_artifacts_customer_key",
    "codepipeline_known_rules",
    "dynamodb_global_table_customer_keys",
    "dynamodb_global_table_recovery",
    "dynamodb_global_table_streams",
    "dynamodb_table_recovery_on",
    "ec2_launch_template_sound",
    "ecr_repository_customer_key",
    "ecr_repository_sound",
    "ecs_cluster_insights",
    "ecs_service_private",
    "ecs_task_arm64",
    "ecs_task_image_digest",
    "ecs_task_logs",
    "ecs_task_read_only",
    "ecs_task_unprivileged",
    "elb_balancer_headers",
    "elb_balancer_logs",
    "elb_listener_tls",
    "events_bus_policy",
    "events_target_dead_letter",
    "lambda_url_signed",
    "rds_cluster_backups_stated",
    "rds_cluster_customer_key",
    "rds_cluster_deletion_protection",
    "rds_cluster_logs_exported",
    "rds_cluster_no_replication_source",
    "rds_cluster_own_parameters",
    "rds_cluster_private",
    "rds_cluster_restore_type",
    "rds_cluster_tls_forced",
    "rds_global_encrypted",
    "rds_global_primary_password",
    "rds_global_secondary",
    "rds_instance_customer_key",
    "rds_instance_private",
    "s3_policy_sources",
    "s3_replication_encrypted",
    "s3_replication_time",
    "s3_replication_versioned",
    "scheduler_schedule_customer_key",
    "scheduler_target_dead_letter",
    "secretsmanager_secret_customer_key",
    "secretsmanager_secret_generated",
    "secretsmanager_secret_replicas",
    "sns_subscription_dead_letter",  # nobody is subscribed until somebody is written down
    "sns_subscription_tls",
    "sqs_policy_sources",
    "stepfunctions_machine_logs",
    "stepfunctions_machine_tracing",
)
"""Rules for types, lifecycles and grants that the workloads of today do not have."""


def test_names_follow_the_folder_and_are_no_prefix_of_another() -> None:
    """`cfn-guard test` finds the cases of a rule by the beginning of their file's name."""
    rules = load_rules()
    assert all(rule.name.startswith(f"{rule.service}_") for rule in rules)
    for one, other in itertools.permutations(NAMES, 2):
        assert not other.startswith(one), f"{one} begins {other}"


def test_rule_sets_and_headers_agree() -> None:
    """Each rule of a set exists and names the control in its header, and each header's control leads back."""
    rules = {rule.name: rule for rule in load_rules()}
    sets = load_rule_sets()
    assert {each.name for each in sets} == {
        "aws-foundational-security-best-practices",
        "cis-aws-foundations",
        "pci-dss",
    }
    for each in sets:
        assert len({(control.id, control.security_hub) for control in each.controls}) == len(each.controls)
        for control in each.controls:
            serving = {name for name, rule in rules.items() if control.security_hub in rule.controls}
            assert set(control.rules) == serving, f"{each.name}: {control.id}"


def test_the_reference_is_up_to_date() -> None:
    """`python -m pipelines.guard` writes it."""
    page = (ROOT / "docs/guard-rules.md").read_text(encoding="utf-8")
    assert page == reference(load_rules(), load_rule_sets()), "run: python -m pipelines.guard"


def test_a_rule_that_names_no_type_of_a_document_is_not_applicable_to_it() -> None:
    """So that it need not run there. Every case of every rule says whether this holds."""
    kept_out = 0
    rules = {rule.name: rule for rule in load_rules()}
    for case in cases():
        if not rules[case.rule].concerns({body["Type"] for body in case.resources.values()}):
            kept_out += 1
            assert case.verdict == "SKIP", (case.rule, case.name)
    assert kept_out > len(rules) / 2
    assert sum(bool(rule.types) for rule in rules.values()) > 0.9 * len(rules)
