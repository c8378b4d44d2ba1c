"""A home where a release stood in staging for ninety minutes, with a double of GitHub (REQ-G9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.awsrequest import AWSResponse

from pipelines.configuration import ConfigurationStore, Manifest, digest_of
from pipelines.configuration.manifest import ManifestStack
from pipelines.deployment_rule.answering import Answering, Done
from pipelines.deployment_rule.app import App
from pipelines.deployment_rule.evidence import Places, gather
from pipelines.promotion.evidence import Evidence
from pipelines.state.records import Check, Release, RuleRequest, StackKey
from pipelines.state.store import StateStore
from tests.state_table import state, summary
from tests.unit.functions.test_consistency_checking import LocalS3
from tests.unit.promotion.good import POLICY
from tests.unit.tracking.local import TABLE, LocalDynamoDB, answered

from .asked import NOW, request
from .double import RELEASED, TAG, Double

AGO = timedelta(minutes=90)
DEPLOYED = NOW - AGO
STACK = StackKey("orders", "staging", "222222222222", "us-east-1", "lockstep-staging-orders-queue")
BUCKET = "shared-control-configuration"
POLICY_TEXT = b"variances: []\n"


class Objects(LocalS3):
    """Objects in memory; what is not there is 404."""

    def _send(self, request: Any, **kwargs: Any) -> AWSResponse:
        try:
            return super()._send(request, **kwargs)
        except KeyError:
            return answered(request, 404, b"<Error><Code>NoSuchKey</Code></Error>")


def manifest(environment: str, workload: str = "orders") -> Manifest:
    """Return the release in an environment: one stack."""
    stack = ManifestStack(
        name=f"{environment}/{workload}/queue",
        external_name=f"lockstep-{environment}-{workload}-queue",
        account=STACK.account,
        region=STACK.region,
        role_arn="",
        file="queue.yaml",
        template="queue.yaml",
        template_digest="sha256:" + "1" * 64,
        digest="sha256:" + "2" * 64,
        parameters={},
        tags={},
    )
    found = Manifest(
        workload=workload,
        environment=environment,
        tag=TAG,
        commit=RELEASED,
        time="2026-03-01T12:00:00+00:00",
        environments=("dev", "staging", "prod"),
        stacks=(stack,),
        settings={},
        policy_file="pipelines/variance.yaml",
        policy_digest=digest_of(POLICY_TEXT),
        parameters_digest="",
    )
    return replace(found, parameters_digest=digest_of(found.parameters))


class Home:
    """The home, at `now`, in memory unless clients of another AWS are given, which has table and bucket."""

    def __init__(
        self,
        double: Double,
        dynamodb: Any = None,
        s3: Any = None,
        bucket: str = BUCKET,
        *,
        now: datetime = NOW,
        table: str = TABLE,
        workload: str = "orders",
    ) -> None:
        self.detections, self.workload = 0, workload
        self.stack = replace(STACK, workload=workload, stack=f"lockstep-staging-{workload}-queue")
        self.now, self.double, self.s3, self.db = now, double, Objects(), LocalDynamoDB(attempts=1)
        if dynamodb is None:
            self.db.create()
        self.table = StateStore(dynamodb or self.db.client, table, lambda _seconds: None)
        self.store = partial(ConfigurationStore, s3 or self.s3.client, bucket)
        manifests = [manifest(name, workload) for name in POLICY.order]
        self.store("staging").put_release(manifests, {}, POLICY_TEXT)
        self.digests = {one.environment: one.digest for one in manifests}
        self.deploy(now - AGO)
        self.report(now - timedelta(minutes=20), "in_sync")
        self.wait(0)

    def wait(self, minutes: float) -> None:
        """Let time go by, in which the agent reports that all is well."""
        self.now += timedelta(minutes=minutes)
        before = self.now - timedelta(minutes=1)
        self.table.put_check(Check(self.workload, "staging", before, TAG, "consistent", ()))

    def deploy(self, at: datetime, tag: str = TAG, **given: Any) -> None:
        """Deploy a release into staging, and check it."""
        made = Release(self.workload, "staging", tag, RELEASED, at, self.digests)
        found = replace(made, **given)
        self.table.put_release(found)
        begun = self.table.begin_environment_release(
            found, at - timedelta(minutes=5), "deployer", decision="sha256:let-in"
        )
        assert begun is not None
        self.table.end_environment_release(self.workload, "staging", begun.number, "succeeded", at)
        self.table.put_check(
            Check(self.workload, "staging", at + timedelta(minutes=1), tag, "consistent", ())
        )

    def report(self, at: datetime, drift: str) -> None:
        """Let the agent report the stack, and what a detection found."""
        operation = at + timedelta(minutes=20) - AGO
        self.table.record_state(state(operation_at=operation, key=self.stack, stack_id=self.stack.stack))
        self.detections += 1
        self.table.record_drift(self.stack, summary(self.detections, drift, at, f"sha256:{drift}"))

    def evidence(self, asked: RuleRequest, github: Any, now: datetime) -> Evidence:
        places = Places(self.table, self.store, github, POLICY, (self.workload,))
        return gather(asked, places, now)

    def desk(self) -> Answering:
        app = App(302, lambda _message: b"signature", self.double.url)
        return Answering(
            table=self.table,
            policy=POLICY,
            github=lambda asked, at: app.github(asked.repository, asked.installation, at),
            gather=self.evidence,
            clock=lambda: self.now,
        )

    def ask(self, **given: Any) -> None:
        """Take a question of GitHub's."""
        assert self.table.take_rule_request(request(**given))

    def run(self) -> list[Done]:
        """Do one pass."""
        return list(self.desk().run())
