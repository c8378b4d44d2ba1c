"""The templates: cfn-lint is silent, and what it does not see holds. Each check is shown to fail on a broken copy."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from validator.checks import template_style
from validator.effective import parse

from .template_facts import ROOT, TEMPLATES, Check, Template, names_follow_the_pattern, read
from .template_protection import (
    PROTECTION,
    alarms_reach_somebody,
    allowed_is_narrow,
    buckets_are_private_and_versioned,
    dead_letters_come_from_their_queue,
    deployments_hold_everything,
    endpoints_serve_this_account,
    functions_are_sound,
    keys_rotate_and_stay_open,
    listed,
    log_groups_are_kept_and_encrypted,
    mappings_report_single_failures,
    methods_are_authorised,
    policies_fit,
    queues_are_encrypted_and_tls_only,
    roles_are_bounded,
    security_groups_are_narrow,
    stages_are_logged_and_throttled,
    subnets_give_no_public_address,
    tables_are_encrypted_and_protected,
    topics_are_encrypted_and_tls_only,
)

CHECKS = (names_follow_the_pattern, *PROTECTION)

# A change to a template that the check `template-style` must notice, and what it says then.
OUT_OF_FORM: tuple[tuple[str, str, str, str], ...] = (
    (
        "boundary",
        "AWSTemplateFormatVersion",
        "Transform: AWS::LanguageExtensions\nAWSTemplateFormatVersion",
        "sections stand as Transform, ",
    ),
    (
        "queue",
        "    Properties:\n      QueueName: ",
        "    DependsOn: QueuePolicy\n    Properties:\n      QueueName: ",
        "the keys of Queue stand as Type, DeletionPolicy, UpdateReplacePolicy, DependsOn, ",
    ),
    ("queue", "MaxReceiveCount, Dead", "Dead", "MaxReceiveCount is in no group"),
    ("queue", "    MinValue: 1\n    MaxValue: 1000\n", "", "MaxReceiveCount has no constraint"),
    ("queue", "    ConstraintDescription: must be 1 to 1000\n", "", "MaxReceiveCount lacks Description or"),
    ("table", "    MinValue: 20\n", "    MinValue: 20\n    Default: 70\n", "has a default"),
    ("queue", "${ParameterPath}/QueueUrl", "${ParameterPath}/Url", "QueueUrl is not published"),
    ("queue", "${ParameterPath}/QueueUrl", "${ParameterPath}/Url", "Url is published and is no output"),
    (
        "queue",
        "of the queue\n    Value: !GetAtt Queue.QueueName",
        "of the queue\n    Value: !Ref Queue",
        "what is published as QueueName is not",
    ),
    ("table", "    Value: !Ref Table\n", "    Value: !Ref Table\n    Export: {Name: table}\n", "is exported"),
    ("queue", "a standard queue", "the prod queue", "holds the literal prod"),
    ("queue", "Seconds for which an unprocessed", "Seconds in dev for which an", "holds the literal dev"),
    ("queue", "${AWS::AccountId}", "123456789012", "holds the literal 123456789012"),
    ("queue", "${AWS::Region}", "eu-west-1", "holds the literal eu-west-1"),
    ("queue", "IsProtected:", "Protected:", "the condition is named Protected"),
    (
        "queue",
        "DeletionPolicy: !If [IsProtected, Retain, Delete]",
        "DeletionPolicy: Delete",
        "Queue does not follow the lifecycle class in its DeletionPolicy",
    ),
)

# A check, and the change to a template that it must notice: file, what stands there, what stands there instead.
BROKEN: tuple[tuple[Check, str, str, str], ...] = (
    (names_follow_the_pattern, "queue", "${NamePrefix}queue${NameSuffix}", "${NamePrefix}queue"),
    (roles_are_bounded, "function", "      PermissionsBoundary: !Ref PermissionsBoundaryArn\n", ""),
    (allowed_is_narrow, "order-api-access", "sqs:SendMessage", "sqs:*"),
    (allowed_is_narrow, "order-api-access", "Resource: !Ref TableArn", 'Resource: "*"'),
    (policies_fit, "boundary", "              - account:*\n", "              - account:*\n" * 250),
    (
        policies_fit,
        "function",
        "            Action: sts:AssumeRole\n",
        "            Action: [" + "sts:AssumeRole, " * 90 + "]\n",
    ),
    (policies_fit, "function", "        - !Ref BasePolicy\n", "        - !Ref BasePolicy\n" * 11),
    (functions_are_sound, "function", "- arm64", "- x86_64"),
    (functions_are_sound, "function", "        SubnetIds: !Ref PrivateSubnetIds\n", ""),
    (mappings_report_single_failures, "queue-consumer", "- ReportBatchItemFailures", "- None"),
    (log_groups_are_kept_and_encrypted, "network", "      KmsKeyId: !Ref OperationsKeyArn\n", ""),
    (
        queues_are_encrypted_and_tls_only,
        "queue",
        "KmsMasterKeyId: !Ref DataKeyArn",
        "KmsMasterKeyId: alias/aws/sqs",
    ),
    (
        queues_are_encrypted_and_tls_only,
        "function",
        'aws:SecureTransport: "false"',
        'aws:SecureTransport: "true"',
    ),
    (dead_letters_come_from_their_queue, "queue", "byQueue", "allowAll"),
    (
        dead_letters_come_from_their_queue,
        "queue",
        "${AWS::AccountId}:${NamePrefix}queue",
        "${AWS::AccountId}:other",
    ),
    (buckets_are_private_and_versioned, "bucket", "BlockPublicPolicy: true", "BlockPublicPolicy: false"),
    (buckets_are_private_and_versioned, "bucket", "SSEAlgorithm: aws:kms", "SSEAlgorithm: AES256"),
    (
        tables_are_encrypted_and_protected,
        "table",
        "[IsProtected, true, false]",
        "[IsProtected, false, false]",
    ),
    (keys_rotate_and_stay_open, "keys", "EnableKeyRotation: true", "EnableKeyRotation: false"),
    (keys_rotate_and_stay_open, "keys", "              - kms:PutKeyPolicy\n", ""),
    (
        keys_rotate_and_stay_open,
        "keys",
        "              - kms:CancelKeyDeletion\n",
        "              - kms:Decrypt\n",
    ),
    (keys_rotate_and_stay_open, "gate", "EnableKeyRotation: false", "EnableKeyRotation: true"),
    (
        keys_rotate_and_stay_open,
        "gate",
        "            Condition:\n              ArnEquals:\n                aws:PrincipalArn:",
        "            Nobody:",
    ),
    (topics_are_encrypted_and_tls_only, "notifications", "!Ref OperationsKeyArn", "alias/aws/sns"),
    (topics_are_encrypted_and_tls_only, "notifications", "ArnLike", "ArnNotLike"),
    (
        endpoints_serve_this_account,
        "endpoints",
        "                aws:ResourceAccount: !Ref AWS::AccountId\n",
        "",
    ),
    (security_groups_are_narrow, "function", "CidrIp: !Ref VpcCidr", "CidrIp: 0.0.0.0/0"),
    (security_groups_are_narrow, "function", "          - HasInternet\n", "          - IsProtected\n"),
    (security_groups_are_narrow, "endpoints", "ToPort: 443", "ToPort: 8443"),
    (subnets_give_no_public_address, "network", "MapPublicIpOnLaunch: false", "MapPublicIpOnLaunch: true"),
    (
        subnets_give_no_public_address,
        "network",
        "AvailabilityZoneId: !FindInMap [Zones, !Ref AWS::Region, First]",
        "AvailabilityZone: us-east-1a",
    ),
    (stages_are_logged_and_throttled, "orders-api", "ResourcePath: /*", "ResourcePath: /orders"),
    (
        stages_are_logged_and_throttled,
        "orders-api",
        "      SecurityPolicy: SecurityPolicy_TLS13_1_2_2021_06\n",
        "",
    ),
    (deployments_hold_everything, "orders-api", "          - PostOrder\n", ""),
    (deployments_hold_everything, "orders-api", "'application/problem+json'", "'application/json'"),
    (methods_are_authorised, "orders-api", "AuthorizationType: AWS_IAM", "AuthorizationType: NONE"),
    (methods_are_authorised, "gate-api", "        method.request.header.X-Hub-Signature-256: true\n", ""),
    (methods_are_authorised, "gate-api", "      RequestValidatorId: !Ref DeliveryValidator\n", ""),
    (alarms_reach_somebody, "orders-monitoring", "      TreatMissingData: notBreaching\n", ""),
    (alarms_reach_somebody, "orders-monitoring", '          "${ThrottlesAlarm.Arn}",\n', ""),
)


POLLED = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
"""What Lambda's poller does with the function's role, outside the VPC."""


def allowed(path: Path, policy_type: str) -> set[str]:
    """Return every action that the policies of a type in one template allow."""
    return {
        action
        for _, policy in read(path.stem).resources(policy_type)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }


def templates_of(workload: str) -> set[Path]:
    """Return the templates that the stack files of a workload name."""
    stacks = (ROOT / "sceptre" / "stacks" / workload).glob("*.yaml")
    named = (
        re.findall(r"^  path: (\S+)$", stack.read_text(encoding="utf-8"), re.MULTILINE) for stack in stacks
    )
    return {ROOT / "templates" / name for names in named for name in names}


def lint(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-c",
        "import sys; from cfnlint.runner import main; sys.exit(main())",
        *arguments,
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_each_run_of_ci_asks_cfn_lint_about_every_template_in_any_region_in_use() -> None:
    """`make lint` fails where it says anything, informational findings included: it need not be asked twice."""
    recipe = re.search(
        r"^lint:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert recipe is not None
    assert "\t$(BIN)/cfn-lint\n" in recipe[1]
    assert "\nmake lint\n" in (ROOT / ".ci/run").read_text(encoding="utf-8")


def test_cfn_lint_reads_the_templates(tmp_path: Path) -> None:
    """Its silence is not that of a tool with nothing to read."""
    broken = tmp_path / "queue.yaml"
    text = (ROOT / "templates" / "queue.yaml").read_text(encoding="utf-8")
    broken.write_text(text.replace("DelaySeconds: 0", "DelaySeconds: 901"), encoding="utf-8")
    assert lint("--list-templates").stdout.split() == [str(path.relative_to(ROOT)) for path in TEMPLATES]
    assert lint("--template", str(broken)).returncode != 0


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_template_holds(check: Check, path: Path) -> None:
    assert list(check(read(path.stem))) == []


@pytest.mark.parametrize(
    ("check", "name", "old", "new"), BROKEN, ids=[f"{check.__name__}-{name}" for check, name, *_ in BROKEN]
)
def test_a_broken_template_is_noticed(check: Check, name: str, old: str, new: str) -> None:
    text = (ROOT / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text, "the change no longer applies"
    assert list(check(Template.of(name, text.replace(old, new)))) != []


def form(name: str, text: str) -> list[str]:
    """Return what the check `template-style` says of a template."""
    return [message for _, message, _ in template_style.wrong(parse(text, f"templates/{name}.yaml"))]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_a_template_has_the_form(path: Path) -> None:
    """As `lockstep check` holds it, of templates too that no stack deploys yet."""
    assert form(path.stem, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("name", "old", "new", "said"), OUT_OF_FORM, ids=[case[3] for case in OUT_OF_FORM])
def test_a_template_out_of_form_is_noticed(name: str, old: str, new: str, said: str) -> None:
    text = (ROOT / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
    assert old in text, "the change no longer applies"
    found = form(name, text.replace(old, new))
    assert [message for message in found if said in message], found


def test_the_boundary_allows_what_the_roles_need_and_no_more() -> None:
    """A policy that goes beyond the boundary would be silently cut; a boundary beyond them holds nothing (REQ-P8)."""
    boundary = ROOT / "templates" / "boundary.yaml"
    policies = templates_of("orders") - {boundary}
    needed = set().union(*(allowed(path, "AWS::IAM::ManagedPolicy") for path in policies))
    assert allowed(boundary, "AWS::IAM::ManagedPolicy") == needed


def test_the_endpoints_pass_what_the_functions_call_and_no_more() -> None:
    """REQ-C7: what runs in the VPC reaches SQS, Systems Manager, DynamoDB and S3 by the endpoints."""
    access = [ROOT / "templates" / f"order-{name}-access.yaml" for name in ("api", "processor")]
    called = set().union(*(allowed(path, "AWS::IAM::ManagedPolicy") for path in access))
    by_network = {action for action in called - POLLED if not action.startswith("kms:")}
    passed = allowed(ROOT / "templates" / "endpoints.yaml", "AWS::EC2::VPCEndpoint")
    assert passed == by_network


def test_every_check_is_shown_to_fail() -> None:
    assert {check for check, *_ in BROKEN} == set(CHECKS)


def test_every_template_is_in_use() -> None:
    folders = (ROOT / "sceptre" / "stacks", ROOT / "sceptre" / "config" / "shared")
    stacks = [stack for folder in folders for stack in folder.rglob("*.yaml")]
    used = {
        path for stack in stacks for path in re.findall(r"^  path: (\S+)$", stack.read_text(), re.MULTILINE)
    }
    assert used == {path.name for path in TEMPLATES}
