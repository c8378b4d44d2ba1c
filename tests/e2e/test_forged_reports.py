"""Who may speak for an agent (REQ-C2): home's bus, and the buses, rules and roles of agents, from their own templates.

The agents' functions are left out: what acts here with their roles, or with another one that may put events
everywhere, is the test.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox.place import Record
from tests.e2e import clients
from tests.e2e.conftest import Client
from tests.e2e.sandbox.events import messages, received
from tests.e2e.sandbox.stacks import Stack
from tests.unit.template_facts import ROOT, Template

HOME = "us-west-2"
WAYS = [f"{way}{part}" for way in ("Report", "Forward") for part in ("Policy", "Role", "Rule")]
OF_AGENT = ("Bus", "BusPolicy", *WAYS)
PARAMETERS = ("NamePrefix", "NameSuffix", "HomeBusArn")
OTHER = "everything"
"""A role beside those of the agent; its policy allows every bus."""


def _template(name: str) -> dict[str, Any]:
    text = (ROOT / "templates" / f"{name}.yaml").read_text(encoding="utf-8")
    return json.loads(json.dumps(Template.of(name, text).body))


def _policy(action: str, **further: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **further}]}


def _role(name: Any) -> dict[str, Any]:
    """Return a role that the account's root may assume, and that may put events on every bus."""
    trust = _policy("sts:AssumeRole", Principal={"AWS": {"Ref": "AWS::AccountId"}})
    everywhere = {"PolicyName": "own", "PolicyDocument": _policy("events:PutEvents", Resource="*")}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"RoleName": name, "AssumeRolePolicyDocument": trust, "Policies": [everywhere]},
    }


def _agent() -> str:
    """Return what of the agent's template its events pass, with roles that the test may take."""
    whole = _template("agent")
    kept = {name: whole["Resources"][name] for name in OF_AGENT}
    for role in ("ReportRole", "ForwardRole"):
        del kept[role]["Properties"]["PermissionsBoundary"]
    for name in ("Observer", "Drift"):
        kept[f"{name}Role"] = _role(whole["Resources"][f"{name}Role"]["Properties"]["RoleName"])
    kept["OtherRole"] = _role(OTHER)
    kept["DeadLetterQueue"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "letters"}}
    sender = {"Principal": {"Service": "events.amazonaws.com"}, "Resource": "*"}
    kept["LettersPolicy"] = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": "DeadLetterQueue"}],
            "PolicyDocument": _policy("sqs:SendMessage", **sender),
        },
    }
    given = {name: whole["Parameters"][name] for name in PARAMETERS}
    return json.dumps({"Parameters": given, "Resources": kept})


@dataclass(frozen=True, slots=True)
class Place:
    """An account and region with an agent, and the bus and queue of home."""

    client: Client
    endpoint: str
    account: str
    region: str
    home_bus: str
    home_queue: str
    letters: str

    @property
    def role(self) -> str:
        """Name of the observer's role."""
        return f"dev-control-observer-{self.region}"

    def put(self, role: str, bus: str, name: str) -> None:
        """Put an observation of a stack on a bus with a role of the account; ClientError where it is refused."""
        arn = f"arn:aws:iam::{self.account}:role/{role}"
        given = self.client("sts", account=self.account).assume_role(RoleArn=arn, RoleSessionName="tests")
        region = HOME if bus == self.home_bus else self.region
        events = clients.assumed(self.endpoint, "events", region, given["Credentials"])
        entry = {
            "EventBusName": bus,
            "Source": "lockstep.agent",
            "DetailType": "Stack Observed",
            "Detail": json.dumps({"name": name}),
        }
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def heard(self, count: int = 1, seconds: float = 10.0) -> list[str]:
        """Return the stacks that home heard of."""
        sqs = self.client("sqs", account=self.home_bus.split(":")[4], region=HOME)
        found: list[str] = []
        deadline = time.monotonic() + seconds
        while len(found) < count and time.monotonic() < deadline:
            events = received(sqs, self.home_queue, 1, 0.1)
            found += [each["detail"]["name"] for each in events if each["source"] == "lockstep.agent"]
        return found


@pytest.fixture(scope="module", params=["another account", "home's own account"])
def agent(request: pytest.FixtureRequest, client: Client, sandbox: Record) -> Iterator[Place]:
    """Deploy home's bus, and an agent in an account and region of its own, or beside home, as prod's is."""
    number = f"{random.SystemRandom().randrange(10**10):010d}"
    home, dev, nobody = f"81{number}", f"91{number}", f"71{number}"
    account, region = (dev, "us-east-1") if request.param == "another account" else (home, HOME)
    at_home = {"account": home, "region": HOME}
    sqs, ssm = client("sqs", **at_home), client("ssm", **at_home)
    arn = f"arn:aws:sqs:{HOME}:{home}:tracker"
    allowed = _policy("sqs:SendMessage", Principal={"Service": "events.amazonaws.com"}, Resource=arn)
    url = sqs.create_queue(QueueName="tracker", Attributes={"Policy": json.dumps(allowed)})["QueueUrl"]
    ssm.put_parameter(Name="/queue", Type="String", Value=arn)
    ssm.put_parameter(Name="/topic", Type="String", Value=f"arn:aws:sns:{HOME}:{home}:validation")
    bus = Stack(client("cloudformation", **at_home), "bus")
    of_bus = {
        "NamePrefix": "shared-control-",
        "NameSuffix": "",
        "ParameterPath": "/control/shared/bus",
        "DevAccounts": account,
        "StagingAccounts": nobody,
        "ProdAccounts": nobody,
        "QueueArn": "/queue",
        "DeadLetterQueueArn": "/queue",
        "TopicArn": "/topic",
        "ArchiveRetentionDays": "1",
    }
    assert bus.create(json.dumps(_template("home-bus")), of_bus) == "CREATE_COMPLETE", bus.reasons()
    home_bus = bus.outputs()["BusArn"]
    there = Stack(client("cloudformation", account=account, region=region), "agent")
    of_agent = {"NamePrefix": "dev-control-", "NameSuffix": "", "HomeBusArn": home_bus}
    assert there.create(_agent(), of_agent) == "CREATE_COMPLETE", there.reasons()
    letters = client("sqs", account=account, region=region).get_queue_url(QueueName="letters")["QueueUrl"]
    yield Place(client, sandbox.endpoint, account, region, home_bus, url, letters)


def test_what_an_agent_found_out_reaches_home(agent: Place) -> None:
    """One hop: from the agent's bus to home's, with the role of the rule between them."""
    agent.put(agent.role, "dev-control-agent", "true")
    assert agent.heard() == ["true"]


def test_nobody_else_speaks_on_the_agents_bus(agent: Place) -> None:
    """Not even a role of the account whose own policy allows every bus."""
    with pytest.raises(ClientError, match="AccessDenied"):
        agent.put(OTHER, "dev-control-agent", "forged")


def test_what_is_put_on_the_default_bus_stays_there(agent: Place) -> None:
    agent.put(OTHER, "default", "forged")
    agent.put(agent.role, "dev-control-agent", "true")
    assert agent.heard() == ["true"]
    assert agent.heard(seconds=0.3) == []


def test_nobody_speaks_on_homes_bus_himself(agent: Place) -> None:
    """Neither a role of another account nor one of home's own, where no Allow of the bus is needed."""
    for role in (OTHER, agent.role):
        with pytest.raises(ClientError, match="AccessDenied"):
            agent.put(role, agent.home_bus, "forged")


def test_a_rule_that_somebody_widens_sends_no_report_home(agent: Place) -> None:
    """Its role is admitted for CloudFormation's events alone, so the event ends as a dead letter."""
    events = agent.client("events", account=agent.account, region=agent.region)
    pattern = events.describe_rule(Name="dev-control-forward")["EventPattern"]
    events.put_rule(Name="dev-control-forward", EventPattern=json.dumps({"source": ["lockstep.agent"]}))
    try:
        agent.put(OTHER, "default", "forged")
        sqs = agent.client("sqs", account=agent.account, region=agent.region)
        (letter,) = messages(sqs, agent.letters)
    finally:
        events.put_rule(Name="dev-control-forward", EventPattern=pattern)
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert agent.heard(seconds=0.3) == []
