"""What every template states for protection (REQ-V5, REQ-P8, REQ-C6, REQ-C7), one check a resource or rule of AWS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from .template_facts import Check, Template, wrong

POLICY_LIMIT = 6144
TRUST_LIMIT = 2048
"""Characters of a managed policy and of a role's trust policy, white space not counted.

Nothing else of a role has a size: `roles_are_bounded` refuses inline policies.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

ATTACHED_LIMIT = 10
"""Managed policies that a role may have."""

MARGIN = 400
"""Characters that have to be left: about ten more actions, which a change in need must not first make room for."""

LONGEST = {
    "AWS::AccountId": 12,
    "AWS::Partition": 10,
    "AWS::Region": 14,
    "NamePrefix": 30,
    "NameSuffix": 21,
    "ParameterRoot": 42,
}
WITHOUT_RESOURCE = re.compile(
    r"(ec2:(\w+NetworkInterfaces?|\w+PrivateIpAddresses|DescribeSubnets)|xray:(Get|Put)\w+"
    r"|logs:(DescribeLogGroups|DescribeResourcePolicies|PutResourcePolicy|\w+LogDelivery|ListLogDeliveries)"
    r"|cloudformation:(BatchDescribeTypeConfigurations|DescribeStackDriftDetectionStatus))"
)
"""Actions that AWS, or Lambda on the function's behalf, accepts on no narrower resource."""


def listed(value: Any) -> list[Any]:
    """Return a value that policies may give alone or in a list as a list."""
    return value if isinstance(value, list) else [value]


def denies_without_tls(statements: list[dict[str, Any]]) -> bool:
    """Tell whether a resource policy refuses every request that is not over TLS."""
    return any(
        (statement["Effect"], statement["Principal"]) == ("Deny", "*")
        and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in statements
    )


def guarded(template: Template, policy_type: str, target: str) -> set[str]:
    """Return the resources that a policy of the type covers with its refusal of plain text."""
    found = set()
    for _, policy in template.resources(policy_type):
        properties = policy["Properties"]
        if denies_without_tls(properties["PolicyDocument"]["Statement"]):
            found |= {reference["Ref"] for reference in listed(properties[target])}
    return found


def roles_are_bounded(template: Template) -> Iterator[str]:
    """REQ-P8: each role has the boundary; its policies are managed ones, which drift detection reads."""
    own = {name for name, _ in template.resources("AWS::IAM::ManagedPolicy")}
    for role in template.resources("AWS::IAM::Role"):
        yield from wrong(role, PermissionsBoundary=..., ManagedPolicyArns=...)
        boundary = role[1]["Properties"].get("PermissionsBoundary", {}).get("Ref")
        if boundary != "PermissionsBoundaryArn" and boundary not in own:
            yield f"{role[0]} has the boundary {boundary}"
        if "Policies" in role[1]["Properties"]:
            yield f"{role[0]} has inline policies"


JUDGED_BY_API_GATEWAY = {"Boundary.Logs", "LogPolicy.WriteApiLogs"}
"""API Gateway takes a logging role only if it may write to every log group, as AWS's own policy for it says."""


def through_cloudformation(statement: dict[str, Any]) -> bool:
    """Tell whether CloudFormation alone may use what a statement allows, on the caller's behalf."""
    held = statement.get("Condition", {}).get("StringEquals", {})
    return bool(held.get("aws:CalledViaFirst") == "cloudformation.amazonaws.com")


def allowed_is_narrow(template: Template) -> Iterator[str]:
    """REQ-P8: no wildcard among allowed actions; every resource is named where AWS can tell resources apart."""
    for name, policy in template.resources("AWS::IAM::ManagedPolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            actions = listed(statement["Action"])
            if statement["Effect"] == "Allow" and any("*" in action for action in actions):
                yield f"{name}.{statement['Sid']} allows a wildcard"
            anywhere = statement["Effect"] == "Allow" and statement["Resource"] == "*"
            if f"{name}.{statement['Sid']}" in JUDGED_BY_API_GATEWAY or through_cloudformation(statement):
                continue
            if anywhere and not all(WITHOUT_RESOURCE.fullmatch(action) for action in actions):
                yield f"{name}.{statement['Sid']} allows on everything"


def policies_fit(template: Template) -> Iterator[str]:
    """Policies with the longest names possible stay well within IAM's limits."""
    documents = [
        (name, policy["Properties"]["PolicyDocument"], POLICY_LIMIT)
        for name, policy in template.resources("AWS::IAM::ManagedPolicy")
    ]
    for name, role in template.resources("AWS::IAM::Role"):
        documents.append((name, role["Properties"]["AssumeRolePolicyDocument"], TRUST_LIMIT))
        if len(role["Properties"].get("ManagedPolicyArns", [])) > ATTACHED_LIMIT:
            yield f"{name} has more than {ATTACHED_LIMIT} policies"
    for name, document, limit in documents:
        text = json.dumps(document, separators=(",", ":"), default=str)
        size = len(re.sub(r"\$\{([^}]+)\}", lambda match: "x" * LONGEST.get(match[1], 100), text))
        if size > limit - MARGIN:
            yield f"{name} may take {size} characters of {limit}"


def functions_are_sound(template: Template) -> Iterator[str]:
    """REQ-C6: arm64, private subnets, tracing, reserved concurrency, dead letter queue, key, a log group of its own."""
    for function in template.resources("AWS::Lambda::Function"):
        yield from wrong(
            function,
            Architectures=["arm64"],
            TracingConfig={"Mode": "Active"},
            ReservedConcurrentExecutions=...,
            DeadLetterConfig={"TargetArn": {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}},
            KmsKeyArn={"Ref": "DataKeyArn"},
        )
        if function[1]["Properties"].get("VpcConfig", {}).get("SubnetIds") != {"Ref": "PrivateSubnetIds"}:
            yield f"{function[0]} is not in the private subnets"
        groups = [{"Ref": name} for name, _ in template.resources("AWS::Logs::LogGroup")]
        if function[1]["Properties"].get("LoggingConfig", {}).get("LogGroup") not in groups:
            yield f"{function[0]} logs into a group that the template does not govern"


def mappings_report_single_failures(template: Template) -> Iterator[str]:
    """aws-facts: one bad message must not take its batch along; the source never outruns its limit."""
    for mapping in template.resources("AWS::Lambda::EventSourceMapping"):
        bounded = "StartingPosition" if "StartingPosition" in mapping[1]["Properties"] else "ScalingConfig"
        yield from wrong(mapping, FunctionResponseTypes=["ReportBatchItemFailures"], **{bounded: ...})


def log_groups_are_kept_and_encrypted(template: Template) -> Iterator[str]:
    """Every log group has the operations key and the environment's retention."""
    for group in template.resources("AWS::Logs::LogGroup"):
        yield from wrong(
            group, KmsKeyId={"Ref": "OperationsKeyArn"}, RetentionInDays={"Ref": "LogRetentionDays"}
        )


def queues_are_encrypted_and_tls_only(template: Template) -> Iterator[str]:
    """Every queue has the data key and a policy that refuses plain text."""
    over_tls = guarded(template, "AWS::SQS::QueuePolicy", "Queues")
    for queue in template.resources("AWS::SQS::Queue"):
        yield from wrong(queue, KmsMasterKeyId={"Ref": "DataKeyArn"})
        if queue[0] not in over_tls:
            yield f"{queue[0]} takes plain text"


def dead_letters_come_from_their_queue(template: Template) -> Iterator[str]:
    """aws-facts: a queue redrives into a queue that allows it by name; cfn-lint accepts any RedriveAllowPolicy."""
    queues = dict(template.resources("AWS::SQS::Queue"))
    for name, queue in queues.items():
        if "DeadLetter" in name:
            continue
        target = (
            queue["Properties"]
            .get("RedrivePolicy", {})
            .get("deadLetterTargetArn", {})
            .get("Fn::GetAtt", [""])[0]
        )
        if target not in queues:
            yield f"{name} has no dead letter queue here"
            continue
        allowed = queues[target]["Properties"].get("RedriveAllowPolicy", {})
        source = ":" + queue["Properties"]["QueueName"]["Fn::Sub"]
        arns = [arn["Fn::Sub"] for arn in allowed.get("sourceQueueArns", [])]
        if allowed.get("redrivePermission") != "byQueue" or len(arns) != 1 or not arns[0].endswith(source):
            yield f"{target} does not take from {name} alone"


def buckets_are_private_and_versioned(template: Template) -> Iterator[str]:
    """Encryption with the data key, versions, no public way in, no access lists, TLS and that key alone."""
    over_tls = guarded(template, "AWS::S3::BucketPolicy", "Bucket")
    closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    for bucket in template.resources("AWS::S3::Bucket"):
        yield from wrong(
            bucket,
            PublicAccessBlockConfiguration=dict.fromkeys(closed, True),
            VersioningConfiguration={"Status": "Enabled"},
            OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        )
        text = json.dumps(bucket[1]["Properties"].get("BucketEncryption"), default=str)
        if '"aws:kms"' not in text or '{"Ref": "DataKeyArn"}' not in text:
            yield f"{bucket[0]} is not encrypted with the data key"
        if bucket[0] not in over_tls:
            yield f"{bucket[0]} takes plain text"


def tables_are_encrypted_and_protected(template: Template) -> Iterator[str]:
    """The data key, and deletion protection by lifecycle class."""
    for table in template.resources("AWS::DynamoDB::Table"):
        yield from wrong(
            table,
            SSESpecification={"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "DataKeyArn"}},
            DeletionProtectionEnabled={"Fn::If": ["IsProtected", True, False]},
            PointInTimeRecoverySpecification=...,
        )


def keys_rotate_and_stay_open(template: Template) -> Iterator[str]:
    """Rotation; the account can always mend the policy; nobody uses a key but through a service or by its context.

    A key that signs cannot rotate; who signs is named.
    """
    direct = {"kms:Decrypt", "kms:Encrypt", "kms:CreateGrant", "kms:Sign", "kms:*"}
    for key in template.resources("AWS::KMS::Key"):
        yield from wrong(key, EnableKeyRotation=key[1]["Properties"]["KeyUsage"] == "ENCRYPT_DECRYPT")
        statements = key[1]["Properties"]["KeyPolicy"]["Statement"]
        if not any(
            "kms:PutKeyPolicy" in listed(each["Action"]) for each in statements if "Condition" not in each
        ):
            yield f"{key[0]} can be locked away"
        yield from (
            f"{key[0]}.{each['Sid']} lets use the key directly"
            for each in statements
            if direct & set(listed(each["Action"])) and "Condition" not in each
        )


def topics_are_encrypted_and_tls_only(template: Template) -> Iterator[str]:
    """aws-facts: alias/aws/sns shuts CloudWatch and EventBridge out; every grant to a service names its source."""
    over_tls = guarded(template, "AWS::SNS::TopicPolicy", "Topics")
    for topic in template.resources("AWS::SNS::Topic"):
        yield from wrong(topic, KmsMasterKeyId={"Ref": "OperationsKeyArn"})
        if topic[0] not in over_tls:
            yield f"{topic[0]} takes plain text"
    for name, policy in template.resources("AWS::SNS::TopicPolicy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            sources = statement.get("Condition", {}).get("ArnLike", {})
            if statement["Effect"] == "Allow" and "aws:SourceArn" not in sources:
                yield f"{name}.{statement['Sid']} names no source"


def endpoints_serve_this_account(template: Template) -> Iterator[str]:
    """REQ-C7: every endpoint policy holds principals and resources to this account."""
    account = {"Ref": "AWS::AccountId"}
    both = {"StringEquals": {"aws:PrincipalAccount": account, "aws:ResourceAccount": account}}
    for endpoint in template.resources("AWS::EC2::VPCEndpoint"):
        properties = endpoint[1]["Properties"]
        for statement in properties.get("PolicyDocument", {}).get("Statement", [{}]):
            if all(WITHOUT_RESOURCE.fullmatch(action) for action in listed(statement.get("Action", ""))):
                # No resource, and so no account of one.
                if statement.get("Condition") != {"StringEquals": {"aws:PrincipalAccount": account}}:
                    yield f"{endpoint[0]} serves principals of other accounts"
                continue
            if statement.get("Condition") != both or statement.get("Resource", "*") == "*":
                yield f"{endpoint[0]} serves other accounts"
        if properties["VpcEndpointType"] == "Interface":
            yield from wrong(endpoint, PrivateDnsEnabled=True, SecurityGroupIds=...)


def security_groups_are_narrow(template: Template) -> Iterator[str]:
    """Port 443 alone, never from everywhere; egress is stated, since EC2 otherwise allows all of it.

    To everywhere only under a condition that says so.
    """
    for name, group in template.resources("AWS::EC2::SecurityGroup"):
        egress = group["Properties"].get("SecurityGroupEgress")
        if not egress:
            yield f"{name} states no egress"
        for stated in [*group["Properties"].get("SecurityGroupIngress", []), *(egress or [])]:
            condition, rule, otherwise = stated.get("Fn::If", ("", stated, {}))
            if condition and (condition, otherwise) != ("HasInternet", {"Ref": "AWS::NoValue"}):
                yield f"{name} is open under {condition}"
            if not condition and rule.get("CidrIp") == "0.0.0.0/0":
                yield f"{name} is open: {rule}"
            nowhere = rule.get("CidrIp") == "255.255.255.255/32"
            if not nowhere and (rule["FromPort"], rule["ToPort"]) != (443, 443):
                yield f"{name} is open: {rule}"


def subnets_give_no_public_address(template: Template) -> Iterator[str]:
    """EC2.15; zones are ids by region, since a zone's name means another place in another account."""
    for subnet in template.resources("AWS::EC2::Subnet"):
        yield from wrong(subnet, MapPublicIpOnLaunch=False)
        zone = subnet[1]["Properties"].get("AvailabilityZoneId", {})
        if zone.get("Fn::FindInMap", [None, None])[:2] != ["Zones", {"Ref": "AWS::Region"}]:
            yield f"{subnet[0]} does not take its zone from the region's"


def stages_are_logged_and_throttled(template: Template) -> Iterator[str]:
    """REQ-O3: throttles for every method, tracing, access and execution logs, bodies never in them."""
    for stage in template.resources("AWS::ApiGateway::Stage"):
        yield from wrong(stage, TracingEnabled=True, AccessLogSetting=...)
        settings = stage[1]["Properties"].get("MethodSettings", [{}])[0]
        wanted = {"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "ERROR", "DataTraceEnabled": False}
        if not wanted.items() <= settings.items() or "ThrottlingRateLimit" not in settings:
            yield f"{stage[0]} has the settings {settings}"
        json.loads(re.sub(r"\$[\w.]+", "x", stage[1]["Properties"]["AccessLogSetting"]["Format"]))
    for api in template.resources("AWS::ApiGateway::RestApi"):
        yield from wrong(api, SecurityPolicy="SecurityPolicy_TLS13_1_2_2021_06", EndpointAccessMode="STRICT")


def deployments_hold_everything(template: Template) -> Iterator[str]:
    """A deployment is made after all that it pictures, under an id that follows the template."""
    pictured = {"AWS::ApiGateway::Method", "AWS::ApiGateway::GatewayResponse"}
    needed = {name for name, _ in template.resources(*pictured)}
    for name, deployment in template.resources("AWS::ApiGateway::Deployment"):
        if set(deployment.get("DependsOn", ())) != needed:
            yield f"{name} does not wait for {sorted(needed - set(deployment.get('DependsOn', ())))}"
        if "${Digest}" not in name:
            yield f"{name} keeps its id when the API changes"
    for name, response in template.resources("AWS::ApiGateway::GatewayResponse"):
        body = response["Properties"]["ResponseTemplates"]["application/json"]
        document = json.loads(body.replace("$context.error.messageString", '"x"'))
        content_type = response["Properties"]["ResponseParameters"].get("gatewayresponse.header.Content-Type")
        if not {"type", "title", "detail"} <= document.keys() or content_type != "'application/problem+json'":
            yield f"{name} is no problem document"


def methods_are_authorised(template: Template) -> Iterator[str]:
    """Only /health answers to anybody, and /github to whoever sends a signature, which the function verifies."""
    for name, method in template.resources("AWS::ApiGateway::Method"):
        properties = method["Properties"]
        path = properties["ResourceId"]["Ref"]
        open_to_all = path in ("HealthResource", "GitHubResource")
        if properties["AuthorizationType"] != ("NONE" if open_to_all else "AWS_IAM"):
            yield f"{name} answers to {properties['AuthorizationType']}"
        signature = properties.get("RequestParameters", {}).get("method.request.header.X-Hub-Signature-256")
        if path == "GitHubResource" and not (signature and "RequestValidatorId" in properties):
            yield f"{name} takes what nobody signed"


def _is_taken(alarm: dict[str, Any], template: Template) -> bool:
    """Tell whether a rule takes an alarm's changes elsewhere, by its name; in a loop by one that the loop makes."""
    name = re.escape(alarm["Properties"]["AlarmName"]["Fn::Sub"])
    name = re.sub(r"\\\$\\{(Queue|Function)\\}", "[a-z-]+", name)
    rules = [rule["Properties"] for _, rule in template.resources("AWS::Events::Rule")]
    details = [rule.get("EventPattern", {}).get("detail", {}) for rule in rules]
    return any(re.fullmatch(name, each["Fn::Sub"]) for one in details for each in one.get("alarmName", []))


def alarms_reach_somebody(template: Template) -> Iterator[str]:
    """Every alarm tells the topic both ways and says what missing data means; the dashboard is JSON and shows all.

    An alarm that a rule of the template takes elsewhere has no action.
    """
    alarms = dict(template.resources("AWS::CloudWatch::Alarm"))
    for alarm in alarms.items():
        if _is_taken(alarm[1], template):
            yield from wrong(alarm, TreatMissingData=..., ActionsEnabled=True)
            continue
        told = alarm[1]["Properties"].get("AlarmActions", [])
        if len(told) != 1 or not str(told[0].get("Ref")).endswith("TopicArn"):
            yield f"{alarm[0]} tells {told}"
        yield from wrong(alarm, OKActions=told, TreatMissingData=..., ActionsEnabled=True)
    for name, dashboard in template.resources("AWS::CloudWatch::Dashboard"):
        body = dashboard["Properties"]["DashboardBody"]["Fn::Sub"]
        text = re.sub(r"(?<!\")\$\{\w+\}(?!\")", "0", body if isinstance(body, str) else body[0])
        shown = json.loads(text)["widgets"][0]["properties"]["alarms"]
        loops = {alarm.replace("${Environment}", "s"): alarm for alarm in alarms if "${" in alarm}
        single = [f"${{{alarm}.Arn}}" for alarm in alarms if alarm not in loops.values()]
        if sorted(shown) != sorted([*single, *(f"${{{loop}}}" for loop in loops)]):
            yield f"{name} does not show every alarm"


PROTECTION: tuple[Check, ...] = (
    roles_are_bounded,
    allowed_is_narrow,
    policies_fit,
    functions_are_sound,
    mappings_report_single_failures,
    log_groups_are_kept_and_encrypted,
    queues_are_encrypted_and_tls_only,
    dead_letters_come_from_their_queue,
    buckets_are_private_and_versioned,
    tables_are_encrypted_and_protected,
    keys_rotate_and_stay_open,
    topics_are_encrypted_and_tls_only,
    endpoints_serve_this_account,
    security_groups_are_narrow,
    subnets_give_no_public_address,
    stages_are_logged_and_throttled,
    deployments_hold_everything,
    methods_are_authorised,
    alarms_reach_somebody,
)
