"""The templates of the home: boundary and endpoints fit its functions, nothing in them is wider than what is meant."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pipelines.deployment_rule.signature import checked
from pipelines.plan.asking import PREFIX
from validator.settings.control import Configuration

from .template_facts import ROOT, read
from .template_protection import listed

HOME = ROOT / "sceptre" / "config" / "shared" / "control"
FUNCTIONS = ("tracker", "reconciler", "announcer", "consistency", "receiver", "answerer", "pipeline-gate")
REACHES_OUT = "answerer"
"""The one function with a way to the internet, in subnets of its own (REQ-G9)."""
GATEWAYS = ("dynamodb:", "s3:")
"""What is reached by endpoints of route tables, and not of the VPC."""
POLLED = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
}
"""What Lambda's pollers do with a function's role, outside the VPC."""
OTHER_BOUNDARY = {"stack-set-roles", "promotion-gate", "promotion-pipeline"}
"""Templates whose roles have a boundary of their own: they deploy, or do what no other role of the home does."""


def named_by(folder: Path) -> set[str]:
    """Return the names of the templates of the stacks in a folder."""
    texts = (path.read_text(encoding="utf-8") for path in folder.glob("*.yaml") if path.name != "config.yaml")
    return {Path(name).stem for text in texts for name in re.findall(r"^  path: (\S+)$", text, re.MULTILINE)}


def statements(name: str, policy_type: str) -> list[dict[str, Any]]:
    return [
        statement
        for _, policy in read(name).resources(policy_type)
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def allowed(name: str, policy_type: str = "AWS::IAM::ManagedPolicy") -> set[str]:
    return {
        action
        for statement in statements(name, policy_type)
        if statement["Effect"] == "Allow"
        for action in listed(statement["Action"])
    }


def test_the_boundary_allows_what_the_roles_need_and_no_more() -> None:
    """REQ-P8: a policy beyond the boundary would be cut in silence; a boundary beyond them holds nothing."""
    policies = named_by(HOME) - {"control-boundary"} - OTHER_BOUNDARY
    assert allowed("control-boundary") == set().union(*map(allowed, policies))


def test_the_endpoints_pass_what_the_functions_call_and_no_more() -> None:
    """REQ-C7: the subnets with a way out have gateway endpoints of their own; interfaces serve the whole VPC."""
    called = {name: allowed(f"{name}-access") - POLLED for name in FUNCTIONS}
    by_network = {
        name: {action for action in actions if not action.startswith("kms:") or action == "kms:Sign"}
        for name, actions in called.items()
    }
    out = by_network.pop(REACHES_OUT)
    by_gateway = {action for action in out if action.startswith(GATEWAYS)}
    assert allowed("gate-network", "AWS::EC2::VPCEndpoint") == by_gateway
    passed = set().union(*by_network.values()) | (out - by_gateway)
    assert allowed("home-endpoints", "AWS::EC2::VPCEndpoint") == passed


def test_one_function_of_the_home_has_a_way_out() -> None:
    """REQ-G9, REQ-C7: its subnets and its security group alone; no other subnet has a route to a gateway."""
    out = {}
    for path in sorted(HOME.glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        if "  path: function.yaml\n" in text:
            found = re.search(r"^  Outbound: (\w+)$", text, re.MULTILINE)
            assert found, path.stem
            subnets = re.search(r"^  PrivateSubnetIds: !output (\S+)$", text, re.MULTILINE)
            assert subnets, path.stem
            out[path.stem] = (found[1], subnets[1])
    assert out.pop(REACHES_OUT) == ("internet", "gate-network.PrivateSubnetIds")
    assert set(out.values()) == {("vpc", "network.PrivateSubnetIds")}
    assert not list(read("agent-network").resources("AWS::EC2::Route"))
    routes = dict(read("gate-network").resources("AWS::EC2::Route"))
    assert {name: one["Properties"]["RouteTableId"]["Ref"] for name, one in routes.items()} == {
        "PublicInternetRoute": "PublicRouteTable",
        "PrivateInternetRoute": "PrivateRouteTable",
    }


def test_what_anybody_can_post_to_writes_questions_and_reads_nothing() -> None:
    """REQ-G9, REQ-P8: what is kept is of the partitions of questions alone."""
    found = {each["Sid"]: each for each in statements("receiver-access", "AWS::IAM::ManagedPolicy")}
    assert set(found) == {"KeepQuestions", "ReadSecret", "ReadSettings", "UseKeyThroughServices"}
    assert found["KeepQuestions"]["Action"] == "dynamodb:PutItem"
    assert found["KeepQuestions"]["Condition"] == QUESTIONS


def test_what_reaches_the_internet_writes_nothing_but_what_became_of_a_question() -> None:
    """REQ-G9, REQ-P8: it signs with one key, and publishes, deploys and approves nothing."""
    found = {each["Sid"]: each for each in statements("answerer-access", "AWS::IAM::ManagedPolicy")}
    writing = [one for one in allowed("answerer-access") if re.search(r":(Put|Update|Delete|Batch[DW])", one)]
    assert writing == ["dynamodb:UpdateItem"]
    assert found["EndQuestions"]["Condition"] == QUESTIONS
    assert found["SignAsApp"]["Resource"] == {"Ref": "AppKeyArn"}
    assert "secretsmanager:GetSecretValue" not in allowed("answerer-access")


QUESTIONS = {
    "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["RULE#*"]},
    "Null": {"dynamodb:LeadingKeys": "false"},
}


def test_the_app_signs_by_one_role_and_the_secret_is_none_until_it_is_put() -> None:
    """REQ-G9, REQ-P7: the key is imported, and what stands in its secret's place takes no delivery."""
    gate = read("gate")
    key = dict(gate.resources("AWS::KMS::Key"))["AppKey"]["Properties"]
    assert (key["Origin"], key["KeySpec"], key["KeyUsage"]) == ("EXTERNAL", "RSA_2048", "SIGN_VERIFY")
    signing = [each for each in key["KeyPolicy"]["Statement"] if "kms:Sign" in listed(each["Action"])]
    role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${NamePrefix}answerer-role${NameSuffix}"
    assert [each["Condition"] for each in signing] == [{"ArnEquals": {"aws:PrincipalArn": {"Fn::Sub": role}}}]
    secret = dict(gate.resources("AWS::SecretsManager::Secret"))["WebhookSecret"]["Properties"]
    held = json.loads(secret["GenerateSecretString"]["SecretStringTemplate"])
    with pytest.raises(ValueError, match="secret"):
        checked(held["secrets"])
    assert "SecretString" not in secret


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_reads_no_stack_and_reaches_no_other_account(name: str) -> None:
    """ADR 0014: agents read stacks; the home calls nothing outside its account and region."""
    services = {action.split(":")[0] for action in allowed(f"{name}-access")}
    assert not services & {"cloudformation", "events", "sts"}


def test_only_the_announcing_functions_publish() -> None:
    """REQ-C5: one place says what was found, and what repairs says what it could not."""
    publishing = {name for name in FUNCTIONS if "sns:Publish" in allowed(f"{name}-access")}
    assert publishing == {"announcer", "reconciler"}


ROLES = {"aws.cloudformation": "forward", "lockstep.agent": "report"}
"""Part of the names of the roles whose rules bring events of a source home, as `agent.yaml` names them."""


ALARMS = "CloudWatch Alarm State Change"
"""What an agent's alarms say, which another rule than the tracker's takes."""


def bus_statements(effect: str) -> list[dict[str, Any]]:
    found = read("home-bus").resources("AWS::Events::EventBusPolicy")
    return [
        policy["Properties"]["Statement"]
        for _, policy in found
        if policy["Properties"]["Statement"]["Effect"] == effect
    ]


def arns(*names: str) -> Any:
    """Return the pattern of the ARNs of such roles, a list if there are several."""
    found = [{"Fn::Sub": f"arn:${{AWS::Partition}}:iam::*:role/*-control-{name}-*"} for name in names]
    return found if len(found) > 1 else found[0]


def test_the_bus_takes_named_events_of_each_environment() -> None:
    """REQ-C2: each source from its own role alone; together what the rule behind them has."""
    rule = dict(read("home-bus").resources("AWS::Events::Rule"))["TrackerRule"]["Properties"]
    taken: dict[tuple[str, str], list[str]] = {}
    for statement in bus_statements("Allow"):
        source, *others = statement["Condition"]["StringEquals"]["events:source"]
        assert statement["Condition"]["ArnLike"] == {"aws:PrincipalArn": arns(ROLES[source])}
        types = statement["Condition"]["StringEquals"]["events:detail-type"]
        assert others == (["aws.cloudwatch"] if ALARMS in types else [])
        taken[(statement["Principal"]["AWS"]["Ref"], source)] = [kind for kind in types if kind != ALARMS]
    accounts = ("DevAccounts", "StagingAccounts", "ProdAccounts")
    pattern = rule["EventPattern"]
    assert list(taken) == [(each, source) for each in accounts for source in pattern["source"]]
    for each in accounts:
        assert [kind for source in ROLES for kind in taken[(each, source)]] == pattern["detail-type"]
    assert rule["Targets"][0]["DeadLetterConfig"]["Arn"] == {"Ref": "DeadLetterQueueArn"}


def test_the_bus_denies_whoever_is_not_a_rule_of_an_agent() -> None:
    """REQ-C2: in the bus's own account no Allow is needed; a replay from the archive has no principal."""
    others, speakers = bus_statements("Deny")
    for statement in (others, speakers):
        assert (statement["Principal"], statement["Action"]) == ("*", "events:PutEvents")
        assert statement["Condition"]["Null"] == {"aws:PrincipalArn": "false"}
    assert others["Condition"]["ArnNotLike"] == {"aws:PrincipalArn": arns("forward", "report")}
    assert speakers["Condition"]["ArnNotLike"] == {"aws:PrincipalArn": arns("report")}
    assert speakers["Condition"]["StringEquals"] == {"events:source": "lockstep.agent"}


def test_the_state_table_can_be_restored_and_followed() -> None:
    """REQ-C1: on demand, recovery, stream with both images, expiry; indexes hold keys only."""
    table = dict(read("state-table").resources("AWS::DynamoDB::Table"))["Table"]["Properties"]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    indexes = {each["IndexName"]: each for each in table["GlobalSecondaryIndexes"]}
    assert sorted(indexes) == ["GSI1", "GSI2", "GSI3", "GSI4"]
    for name, index in indexes.items():
        assert [key["AttributeName"] for key in index["KeySchema"]] == [
            f"{name.lower()}pk",
            f"{name.lower()}sk",
        ]
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


def test_the_store_replicates_all_within_the_time_and_only_deployments_write() -> None:
    """REQ-C8."""
    template = read("configuration")
    bucket = dict(template.resources("AWS::S3::Bucket"))["Bucket"]["Properties"]
    (rule,) = bucket["ReplicationConfiguration"]["Rules"]
    assert rule["Status"] == rule["DeleteMarkerReplication"]["Status"] == "Enabled"
    assert rule["Filter"] == {"Prefix": ""}
    assert rule["Destination"]["ReplicationTime"] == {"Status": "Enabled", "Time": {"Minutes": 15}}
    writers = [
        each for each in statements("configuration", "AWS::S3::BucketPolicy") if "Writers" in each["Sid"]
    ]
    assert [each["Condition"] for each in writers] == [
        {"ArnNotEquals": {"aws:PrincipalArn": [{"Ref": name} for name in WRITERS]}}
    ]
    assert "s3:PutObject" in writers[0]["Action"]


WRITERS = ("DeployRoleArn", "DevRecorderRoleArn", "StagingRecorderRoleArn", "ProdRecorderRoleArn")
"""Parameters of the configuration store that name who may write to it."""

STORE = "arn:${AWS::Partition}:s3:::${NamePrefix}configuration-${AWS::AccountId}${NameSuffix}"


def test_each_writer_of_the_store_is_the_recorder_of_its_environment() -> None:
    """REQ-C8: a parameter that takes another role's output would let it in."""
    text = (HOME / "configuration.yaml").read_text(encoding="utf-8")
    for name in WRITERS[1:]:
        environment = name.removesuffix("RecorderRoleArn").lower()
        assert f"  {name}: !output recorder-{environment}.RoleArn\n" in text


def test_a_reader_changes_nothing() -> None:
    """REQ-P8."""
    names = {action.split(":")[1] for action in allowed("home-reader")}
    assert not {
        name for name in names if not name.startswith(("BatchGet", "Get", "Query", "Scan", "Decrypt"))
    }


def test_a_recorder_writes_its_own_environment_and_releases() -> None:
    """REQ-P8, REQ-C1: no stack's state, no alert, nothing of another environment; and no object a second time."""
    found = {each["Sid"]: each for each in statements("home-recorder", "AWS::IAM::ManagedPolicy")}
    table, store = found["RecordDeployments"], found["WriteReleases"]
    assert set(found) == {
        "RecordDeployments",
        "CheckWhereReleasesComeFrom",
        "KeepOutOfIndexes",
        "WriteReleases",
        "SealThroughServices",
    }
    assert table["Action"] == [
        "dynamodb:ConditionCheckItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ]
    assert table["Condition"] == {
        "ForAllValues:StringLike": {
            "dynamodb:LeadingKeys": [
                {"Fn::Sub": "ENV#*#${EnvironmentName}"},
                {"Fn::Sub": "LOCK#*#${EnvironmentName}"},
                {"Fn::Sub": "PROMO#*#${EnvironmentName}"},
                {"Fn::Sub": "REL#*#${EnvironmentName}"},
            ]
        },
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    assert store["Action"] == "s3:PutObject"
    prefixes = ("evidence/sha256", "policies/sha256", "releases", "sources", "templates/sha256")
    assert store["Resource"] == [
        {"Fn::Sub": f"{STORE}/${{EnvironmentName}}/{prefix}/*"} for prefix in prefixes
    ]
    assert store["Condition"]["Null"] == {"s3:if-none-match": "false"}


def test_a_recorder_writes_no_attribute_by_which_an_index_lists_or_time_removes() -> None:
    """REQ-P8, REQ-C1: each that the table has; whose items they are LeadingKeys does not say."""
    found = {each["Sid"]: each for each in statements("home-recorder", "AWS::IAM::ManagedPolicy")}
    denied = found["KeepOutOfIndexes"]
    ((_, table),) = read("state-table").resources("AWS::DynamoDB::Table")
    properties = table["Properties"]
    keys = {each["AttributeName"] for each in properties["AttributeDefinitions"]} - {"pk", "sk"}
    wanted = sorted(keys | {properties["TimeToLiveSpecification"]["AttributeName"]})
    assert denied["Effect"] == "Deny"
    assert denied["Action"] == ["dynamodb:PutItem", "dynamodb:UpdateItem"]
    assert denied["Condition"] == {"ForAnyValue:StringEquals": {"dynamodb:Attributes": wanted}}


def test_an_approver_writes_approvals_in_their_own_name() -> None:
    """REQ-G2, REQ-P8: nothing else, and no attribute by which another index lists or time removes."""
    found = {each["Sid"]: each for each in statements("home-approver", "AWS::IAM::ManagedPolicy")}
    assert set(found) == {"ApproveInOwnName", "KeepOutOfIndexes", "ReadNames", "SealThroughTable"}
    own, denied = found["ApproveInOwnName"], found["KeepOutOfIndexes"]
    assert own["Action"] == denied["Action"] == "dynamodb:PutItem"
    assert own["Condition"] == {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["APPROVAL#*#${aws:userid}"]},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    recorders = {each["Sid"]: each for each in statements("home-recorder", "AWS::IAM::ManagedPolicy")}
    attributes = recorders["KeepOutOfIndexes"]["Condition"]["ForAnyValue:StringEquals"]["dynamodb:Attributes"]
    assert denied["Condition"]["ForAnyValue:StringEquals"]["dynamodb:Attributes"] == [
        each for each in attributes if not each.startswith("gsi2")
    ]


def test_an_approver_is_taken_under_ones_own_name() -> None:
    """REQ-G2: by an IAM user of the home, and by who logged in through Identity Center, from every account.

    Whoever controls the account of dev names users there as they like; nobody but Identity Center takes its roles.
    """
    (role,) = dict(read("home-approver").resources("AWS::IAM::Role")).values()
    user, center = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert user["Principal"] == {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
    assert center["Principal"] == {"AWS": {"Ref": "Accounts"}}
    assert user["Condition"] == {"StringEquals": {"sts:RoleSessionName": "${aws:username}"}}
    reserved = "arn:${AWS::Partition}:iam::*:role/aws-reserved/sso.amazonaws.com/*"
    assert center["Condition"] == {
        "ArnLike": {"aws:PrincipalArn": {"Fn::Sub": reserved}},
        "StringLike": {"aws:userid": "*:${sts:RoleSessionName}"},
    }
    text = (HOME / "approver.yaml").read_text(encoding="utf-8")
    assert "  Accounts: !accounts dev staging prod shared\n" in text


def test_a_recorder_is_taken_by_what_deploys_to_its_environment() -> None:
    """REQ-P9: the account is trusted only for the two roles that deploy."""
    roles = dict(read("home-recorder").resources("AWS::IAM::Role"))
    (statement,) = roles["RecorderRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": {"Ref": "Accounts"}}
    deploying = [
        {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::*:role/${{EnvironmentName}}-{name}"}
        for name in ("control-github", "lockstep-deploy")
    ]
    assert statement["Condition"] == {"ArnLike": {"aws:PrincipalArn": deploying}}
    for environment in ("dev", "staging", "prod"):
        text = (HOME / f"recorder-{environment}.yaml").read_text(encoding="utf-8")
        assert f"  EnvironmentName: {environment}\n  Accounts: !accounts {environment}\n" in text


def test_jobs_on_github_never_deploy_the_home() -> None:
    """REQ-P9: they deploy to their own environment, record it, and read."""
    at_home = "arn:${AWS::Partition}:iam::${HomeAccount}:role/${HomeNamePrefix}"
    policies = dict(read("oidc-roles").resources("AWS::IAM::ManagedPolicy"))
    taken = policies["DeployPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [listed(each["Resource"]) for each in taken] == [
        [{"Ref": "DeployRoleArn"}],
        [
            {"Fn::Sub": f"{at_home}{name}${{HomeNameSuffix}}"}
            for name in ("reader", "recorder-${EnvironmentName}")
        ],
    ]


def test_jobs_that_take_back_may_no_more_than_those_that_deploy() -> None:
    """REQ-P8, REQ-P9: they deploy by the same role, and record through that alone."""
    roles = dict(read("oidc-roles").resources("AWS::IAM::Role"))
    policies = dict(read("oidc-roles").resources("AWS::IAM::ManagedPolicy"))

    def taken(policy: str) -> list[str]:
        found = policies[policy]["Properties"]["PolicyDocument"]["Statement"]
        assert {each["Action"] for each in found} == {"sts:AssumeRole"}
        return [str(one) for each in found for one in listed(each["Resource"])]

    back, forward = taken("RollbackPolicy"), taken("DeployPolicy")
    assert [one for one in forward if one not in back] == [one for one in forward if "recorder-" in one]
    assert set(back) <= set(forward)
    assert roles["RollbackRole"]["Properties"]["PermissionsBoundary"] == {"Ref": "RollbackPolicy"}


def test_jobs_on_github_that_only_look_change_nothing() -> None:
    """REQ-P9, REQ-P8: anybody who may push a branch may take their role, under another subject than what deploys."""
    roles = dict(read("oidc-roles").resources("AWS::IAM::Role"))
    policies = dict(read("oidc-roles").resources("AWS::IAM::ManagedPolicy"))
    trusted = {
        name: role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"][
            "token.actions.githubusercontent.com:sub"
        ]["Fn::Sub"].rpartition(":")[2]
        for name, role in roles.items()
        if name != "PipelinePlanRole"
    }
    assert trusted == {
        "DeployRole": "${EnvironmentName}",
        "RollbackRole": "${EnvironmentName}-rollback",
        "PlanRole": "${EnvironmentName}-plan",
    }
    plan = {each["Sid"]: each for each in policies["PlanPolicy"]["Properties"]["PolicyDocument"]["Statement"]}
    actions = {action for each in plan.values() for action in listed(each["Action"])}
    kinds = ("Describe", "Get", "List")
    others = {each for each in actions if not each.partition(":")[2].startswith(kinds)}
    change_sets = {"cloudformation:CreateChangeSet", "cloudformation:DeleteChangeSet"}
    assert others == {*change_sets, "lambda:InvokeFunction", "sts:AssumeRole"}
    named = plan["AskByChangeSets"]["Condition"]["StringLike"]["cloudformation:ChangeSetName"]
    assert named == f"{PREFIX}*"
    (reader,) = listed(plan["TakeReaderAtHome"]["Resource"])
    assert reader["Fn::Sub"].endswith("role/${HomeNamePrefix}reader${HomeNameSuffix}")
    (looked,) = listed(plan["LookForDrift"]["Resource"])
    assert looked["Fn::Sub"].endswith(":function:${NamePrefix}drift${NameSuffix}")
    assert roles["PlanRole"]["Properties"]["PermissionsBoundary"] == {"Ref": "PlanPolicy"}


def test_what_plans_in_the_pipeline_may_no_more_than_jobs_that_only_look() -> None:
    """REQ-G2, REQ-P9: nobody approved the code that runs there; one role at home may take it, and nobody else."""
    roles = dict(read("oidc-roles").resources("AWS::IAM::Role"))
    plan, pipeline = (roles[name]["Properties"] for name in ("PlanRole", "PipelinePlanRole"))
    for name in ("ManagedPolicyArns", "PermissionsBoundary"):
        assert pipeline[name] == plan[name]
    (trust,) = pipeline["AssumeRolePolicyDocument"]["Statement"]
    home = "arn:${AWS::Partition}:iam::${HomeAccount}"
    assert trust["Principal"] == {"AWS": {"Fn::Sub": f"{home}:root"}}
    role = f"{home}:role/${{HomeNamePrefix}}plan-${{EnvironmentName}}-role${{HomeNameSuffix}}"
    assert trust["Condition"] == {"ArnEquals": {"aws:PrincipalArn": {"Fn::Sub": role}}}


def test_only_replication_writes_to_the_replica() -> None:
    """REQ-C8: in the account itself an identity's own policy would be enough."""
    (only,) = [
        each["Fn::If"]
        for each in statements("bucket", "AWS::S3::BucketPolicy")
        if each.get("Fn::If", [None])[0] == "IsReplica"
    ]
    (copied,) = dict(read("configuration").resources("AWS::IAM::Role")).values()
    role = copied["Properties"]["RoleName"]["Fn::Sub"]
    assert only[1]["Effect"] == "Deny" and only[1]["Principal"] == "*"
    assert only[1]["Condition"] == {
        "ArnNotEquals": {
            "aws:PrincipalArn": {"Fn::Sub": f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{role}"}
        }
    }
    assert {"s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObject", "s3:ReplicateObject"} <= set(
        only[1]["Action"]
    )


def test_the_statements_of_the_bus_are_put_one_after_another() -> None:
    """Each rewrites the policy of the whole bus, so that of two at once one can be lost."""
    resources = read("home-bus").body["Resources"]
    after = {
        name: body.get("DependsOn")
        for name, body in resources.items()
        if body["Type"] == "AWS::Events::EventBusPolicy"
    }
    (name,) = [name for name, before in after.items() if before is None]
    chain = [name]
    while following := [name for name, before in after.items() if before == chain[-1]]:
        (name,) = following
        chain.append(name)
    assert sorted(chain) == sorted(after)


def test_every_version_of_the_store_and_its_replica_is_locked_for_a_year_at_least() -> None:
    """REQ-G6: as the bucket's default, which nobody may bypass; S3 copies nothing of a locked bucket to one without."""
    days: Any = {"Ref": "LockDays"}
    rule = {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": days}},
    }
    store = dict(read("configuration").resources("AWS::S3::Bucket"))["Bucket"]["Properties"]
    replica = dict(read("bucket").resources("AWS::S3::Bucket"))["Bucket"]["Properties"]
    assert (store["ObjectLockEnabled"], store["ObjectLockConfiguration"]) == (True, rule)
    assert replica["ObjectLockEnabled"]["Fn::If"][:2] == ["IsLocked", True]
    assert replica["ObjectLockConfiguration"]["Fn::If"][:2] == ["IsLocked", rule]
    assert read("configuration").body["Parameters"]["LockDays"]["MinValue"] == 365
    both = [
        *statements("configuration", "AWS::S3::BucketPolicy"),
        *(each.get("Fn::If", [None, {}])[1] for each in statements("bucket", "AWS::S3::BucketPolicy")),
    ]
    denied = [each for each in both if each.get("Sid") == "DenyEarlyRemoval"]
    assert [(each["Effect"], each["Principal"], each["Action"]) for each in denied] == [
        ("Deny", "*", "s3:BypassGovernanceRetention")
    ] * 2
    assert not any("Condition" in each for each in denied)
    needed = {"s3:GetObjectLegalHold", "s3:GetObjectRetention"}
    assert needed <= allowed("configuration") and needed <= allowed("control-boundary")
    for stack in ("configuration", "regional-storage"):
        assert "  LockDays: !setting configuration.lock_days\n" in (HOME / f"{stack}.yaml").read_text(
            encoding="utf-8"
        )


@pytest.mark.parametrize("days", [0, 364, 3651])
def test_a_lock_of_less_than_a_year_is_no_setting(days: int) -> None:
    """REQ-G6."""
    with pytest.raises(ValueError, match="lock_days"):
        Configuration(replica_region="us-east-1", noncurrent_days=3650, lock_days=days)
