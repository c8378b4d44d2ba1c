"""What the sandbox does, records and lacks: the claims of ministack itself and of every extension, as one page.

`python -m sandbox.coverage` writes the tables of `docs/sandbox.md` anew; a test holds that page and claims agree, and
that every resource type of the templates is named.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sandbox.extension.claims import Claim, Level, absent, emulated, recorded

PAGE = Path("docs") / "sandbox.md"
BEGIN = "<!-- begin: written by `python -m sandbox.coverage` -->"
END = "<!-- end -->"

OWN: tuple[Claim, ...] = (
    emulated("AWS::ApiGateway::Account", "the role is kept; nothing is logged with it"),
    emulated("AWS::ApiGateway::GatewayResponse", "status, headers and the `application/json` template"),
    emulated(
        "AWS::ApiGateway::Method", "proxy to Lambda; AWS_IAM verifies the signature and the caller's policy"
    ),
    emulated("AWS::ApiGateway::Model", "checked by the request validator"),
    emulated("AWS::ApiGateway::Resource", "paths and path parameters"),
    emulated("AWS::ApiGateway::RestApi", "served over HTTP"),
    emulated("AWS::ApiGateway::Stage", "throttling by its method settings, answered with 429"),
    recorded("AWS::ApiGateway::Deployment", "a stage serves the API as it is now, not as it was deployed"),
    emulated(
        "AWS::CloudWatch::Alarm", "over one metric that is published; the services publish none by themselves"
    ),
    recorded("AWS::CloudWatch::Dashboard", "kept and shown"),
    recorded(
        "AWS::CodeBuild::Project", "kept and shown; no test starts a build, whose commands run as they are"
    ),
    emulated("AWS::DynamoDB::Table", "items, conditions, transactions, streams"),
    recorded(
        "AWS::EC2::InternetGateway, AWS::EC2::VPCGatewayAttachment", "kept and shown; there is no traffic"
    ),
    recorded("AWS::EC2::Route, AWS::EC2::RouteTable", "kept and shown; there is no traffic"),
    recorded("AWS::EC2::SecurityGroup", "kept and shown; no traffic is filtered"),
    recorded(
        "AWS::EC2::Subnet, AWS::EC2::SubnetRouteTableAssociation", "kept and shown; no address is taken"
    ),
    recorded("AWS::EC2::VPC", "kept and shown, with its default group, table and list"),
    recorded(
        "AWS::EC2::VPCEndpoint",
        "kept and shown; functions reach every service without one, policies deny nothing",
    ),
    emulated("AWS::IAM::ManagedPolicy", "as a policy and as a boundary, evaluated at every call"),
    emulated(
        "AWS::IAM::Role", "trust policy, policies and boundary are evaluated; a function acts as its role"
    ),
    emulated(
        "AWS::KMS::Alias, AWS::KMS::Key", "encrypts and decrypts; services do not use keys by themselves"
    ),
    emulated("AWS::Lambda::Function", "runs in a process of its own, cold and warm, with its timeout"),
    emulated("AWS::Lambda::Permission", "a rule needs one; other services invoke without"),
    emulated("AWS::Logs::LogGroup", "functions write to it; retention is kept and deletes nothing"),
    emulated("AWS::S3::Bucket", "objects, versions, conditional writes"),
    emulated("AWS::S3::BucketPolicy", "evaluated at every call"),
    emulated("AWS::SecretsManager::Secret", "a generated value, later ones, and who may read them"),
    emulated("AWS::SNS::Topic", "publishes to queues and functions"),
    emulated("AWS::SNS::Subscription", "filter policy and raw delivery; no mail is sent"),
    emulated("AWS::SNS::TopicPolicy", "evaluated at every call"),
    emulated("AWS::SQS::Queue", "visibility, retention, delay, redrive to the dead letter queue"),
    emulated("AWS::SQS::QueuePolicy", "evaluated at every call"),
    emulated("AWS::SSM::Parameter", "versions, lists"),
    emulated(
        "AWS::StepFunctions::StateMachine",
        "runs its definition, with waits that `_SFN_WAIT_SCALE` scales; no log, no trace",
    ),
    emulated(
        "Stacks",
        "create, update, delete, change sets, rollback with the reason in the events, drift of 17 types",
    ),
    emulated("Accounts and regions", "12-digit accounts, apart from one another, regions by the signature"),
    emulated(
        "IAM enforcement",
        "policies of roles and resources, boundaries, trust policies; signatures of sessions",
    ),
    absent("IAM: the root of an account", "its 12-digit key is believed without its signature"),
    absent(
        "IAM: what CloudFormation and the services do",
        "made in process, as nobody; asked are only the roles of event source mappings, rules, schedules and StackSets",
    ),
    absent("IAM: organisation policies, kms:ViaService", "there are none; services use no keys"),
    absent("TLS", "loopback is HTTP, and every request counts as TLS for aws:SecureTransport"),
    absent("Metrics that AWS services publish", "only what is put by PutMetricData is there"),
    absent("X-Ray", "no daemon and no service; a traced function says so in its settings only"),
    absent("Networks", "no packet flows: subnets, routes, gateways, endpoints and groups decide nothing"),
)
"""What ministack does without an extension, of what this repository rests on."""

_TITLES = {
    Level.EMULATED: ("Emulated", "The service's own calls do and show what the template says."),
    Level.RECORDED: (
        "Recorded only",
        "Kept and shown; nothing acts on it, and no claim of the product rests on it.",
    ),
    Level.ABSENT: ("Not there", "Ignored, or refused with a message, as the note says."),
}


def claims() -> tuple[Claim, ...]:
    """Return every claim, ministack's own first."""
    from sandbox.extension import EXTENSIONS

    return OWN + tuple(claim for extension in EXTENSIONS for claim in extension.claims)


def tables(found: Iterable[Claim]) -> str:
    """Return the claims as Markdown, a table for each level."""
    ordered = sorted(found, key=lambda claim: claim.subject)
    parts = []
    for level, (title, meaning) in _TITLES.items():
        rows = [f"| {claim.subject} | {claim.note} |" for claim in ordered if claim.level is level]
        parts.append("\n".join([f"### {title}", "", meaning, "", "| what | note |", "|---|---|", *rows]))
    return "\n\n".join(parts)


def written(page: str, block: str) -> str:
    """Return the page with its generated part replaced; ValueError when it has no such part."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{PAGE} has no generated part")
    return f"{before}{BEGIN}\n{block}\n{END}{after}"


def main() -> None:
    """Write the tables of the page in the current project."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), tables(claims())), encoding="utf-8")


if __name__ == "__main__":
    main()
